//! A flow that goes by how a queue stands when the caller comes to the node.

use carrier::{CallHandle, Step};
use entity::{Availability, engine_input};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::queue_rules::ends_well;
use crate::support::Backend;
use crate::support::centre::{Centre, Ground, Nodes, Plan, heard, whole_calls};

/// Says how the queue stands, and waits in it.
fn plan(queue: &str) -> Plan {
    let when = |operand: &str, operator: &str, value: u32| json!({"operand": operand, "operator": operator, "value": value});
    let flow = json!({
        "version": 1, "name": "Front desk", "start": "look", "language": "en-US",
        "nodes": {
            "look": {"type": "figures", "queue": queue, "cases": [
                {"port": "nobody", "when": when("staffed", "lessThan", 1)},
                {"port": "free", "when": when("available", "greaterThan", 0)},
                {"port": "slow", "when": when("expectedWaitSeconds", "greaterThan", 5)},
                {"port": "old", "when": when("longestWaitSeconds", "greaterThan", 30)},
                {"port": "line", "when": when("waiting", "greaterThan", 0)},
            ], "next": {"nobody": "nobody", "free": "free", "slow": "slow", "old": "old", "line": "line", "else": "other"}},
            "nobody": {"type": "hangup", "prompt": "Nobody is here."},
            "free": {"type": "say", "text": "Somebody is free.", "next": {"next": "wait"}},
            "slow": {"type": "say", "text": "This will take a while.", "next": {"next": "wait"}},
            "old": {"type": "say", "text": "The first has waited for long.", "next": {"next": "wait"}},
            "line": {"type": "say", "text": "There is a line.", "next": {"next": "wait"}},
            "other": {"type": "say", "text": "You are the first.", "next": {"next": "wait"}},
            "wait": {"type": "enqueue", "queue": "support"},
        },
    });
    Plan { flow, wrap_up_seconds: 10, ..Plan::default() }
}

impl Centre {
    /// The figures that the engine was given for this caller.
    async fn given(&self, caller: &CallHandle) -> Value {
        let call = self.call_of(caller).await.id;
        let inputs = self
            .scope
            .find::<engine_input::Entity>()
            .filter(engine_input::Column::CallId.eq(call))
            .order_by_asc(engine_input::Column::Seq)
            .all(self.app.db.reader())
            .await
            .unwrap();
        let second = inputs.into_iter().nth(1).expect("the start, and then the figures").input;
        assert_eq!(second["type"], "figures", "{second}");
        second["value"].clone()
    }
}

whole_calls! {
    async fn each_figure_leads_where_the_flow_says_and_is_kept_for_the_replay(ground) {
        let centre = Centre::open(ground, plan("support")).await;
        let first = centre.ring_as(0, [Step::AfterConnected(400.0), Step::HangUp]);
        centre.pass(4).await;
        assert!(heard(&first, "somebody is free"), "{}", centre.all_stories().await);
        let given = centre.given(&first).await;
        assert_eq!((&given["waiting"], &given["staffed"], &given["available"]), (&json!(0), &json!(2), &json!(2)));
        assert_eq!((given.get("longestWaitSeconds"), given.get("expectedWaitSeconds")), (None, None), "without data");
        centre.accept(0).await;
        centre.pass(2).await;
        let second = centre.ring_as(1, [Step::AfterConnected(400.0), Step::HangUp]);
        centre.pass(4).await;
        centre.accept(1).await;
        centre.pass(2).await;
        let third = centre.ring_as(2, []);
        centre.pass(4).await;
        assert!(heard(&third, "you are the first"), "{}", centre.all_stories().await);
        let given = centre.given(&third).await;
        assert_eq!((&given["staffed"], &given["available"]), (&json!(2), &json!(0)), "who talks is there");
        let fourth = centre.ring_as(3, []);
        centre.pass(4).await;
        assert!(heard(&fourth, "there is a line"), "{}", centre.all_stories().await);
        centre.pass(60).await;
        let fifth = centre.ring_as(4, []);
        centre.pass(4).await;
        assert!(heard(&fifth, "the first has waited for long"), "{}", centre.all_stories().await);
        assert_eq!(centre.given(&fifth).await["waiting"], 2);
        for caller in [&first, &second, &third, &fourth, &fifth] {
            caller.hang_up();
        }
        centre.pass(60).await;
        // Calls have been handled by now.
        centre.set(1, Availability::Away).await;
        let sixth = centre.ring_as(5, [Step::AfterConnected(60.0), Step::HangUp]);
        centre.pass(4).await;
        centre.accept(0).await;
        centre.pass(2).await;
        let seventh = centre.ring_as(6, ends_well());
        centre.pass(4).await;
        assert!(heard(&seventh, "this will take a while"), "{}", centre.all_stories().await);
        centre.all_go(Availability::Away).await;
        sixth.hang_up();
        seventh.hang_up();
        centre.pass(60).await;
        let last = centre.ring_as(7, []);
        centre.pass(4).await;
        assert!(heard(&last, "nobody is here"), "{}", centre.all_stories().await);
        centre.finish().await;
    }

    async fn of_a_queue_that_is_gone_nothing_is_known(ground) {
        let centre = Centre::open(ground, plan("nobody's")).await;
        let caller = centre.ring([]);
        centre.pass(4).await;
        let stories = centre.all_stories().await;
        assert!(heard(&caller, "you are the first"), "{stories}");
        assert!(stories.contains("unknownQueue"), "{stories}");
        assert_eq!(centre.given(&caller).await.get("waiting"), None);
        caller.hang_up();
        centre.finish().await;
    }
}

/// The node that does not keep the index reads the same figures from rows.
#[tokio::test]
async fn either_node_gives_the_same_figures() {
    let Some(ground) = Ground::new(Backend::Postgres).await else { return };
    let centre = Centre::open(ground, Plan { nodes: Nodes::Two, ..plan("support") }).await;
    centre.all_go(Availability::Away).await;
    centre.set(0, Availability::Available).await;
    // The node that does not keep the index reads the rows again every five seconds.
    centre.pass(6).await;
    let talks = centre.ring_as(0, [Step::AfterConnected(400.0), Step::HangUp]);
    centre.pass(4).await;
    centre.accept(0).await;
    centre.pass(2).await;
    let waits = centre.ring_as(1, []);
    centre.pass(20).await;
    let callers: Vec<_> = (2..8).map(|caller| centre.ring_as(caller, [])).collect();
    centre.pass(4).await;
    for caller in &callers {
        let given = centre.given(caller).await;
        assert_eq!((&given["staffed"], &given["available"]), (&json!(1), &json!(0)), "{given}");
        assert!(given["longestWaitSeconds"].as_u64().is_some_and(|seconds| seconds >= 15), "{given}");
        caller.hang_up();
    }
    let connections = centre.balancer.as_ref().unwrap().connections();
    assert!(connections.iter().all(|count| *count > 0), "both nodes were asked: {connections:?}");
    for caller in [&talks, &waits] {
        caller.hang_up();
    }
    centre.finish().await;
}
