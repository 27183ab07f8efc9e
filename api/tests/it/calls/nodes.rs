//! Two servers on one PostgreSQL, behind a balancer: which of them gets a request, a job or the routing lease makes no
//! difference to a call.

use calldocker::bus::Delivery;
use carrier::{CallHandle, Step};
use entity::{CallOutcome, Reach};

use crate::support::Backend;
use crate::support::centre::{Centre, Ground, Nodes, Plan};

async fn two_nodes(delivery: Delivery) -> Option<Centre> {
    let ground = Ground::new(Backend::Postgres).await?;
    let plan = Plan { nodes: Nodes::Two, agents: vec![Reach::Client; 3], delivery, ..Plan::default() };
    Some(Centre::open(ground, plan).await)
}

/// Six callers, three agents: everybody is served, in turn.
async fn six_callers_are_served(centre: &Centre) {
    let callers: Vec<CallHandle> =
        (0..6).map(|caller| centre.ring_as(caller, [Step::AfterConnected(15.0), Step::HangUp])).collect();
    let mut answered = 0;
    for _ in 0..60 {
        for agent in 0..3 {
            if !centre.open_offers(agent).await.is_empty() {
                centre.accept(agent).await;
                answered += 1;
            }
        }
        centre.pass(5).await;
    }
    assert_eq!(answered, callers.len(), "{}", centre.all_stories().await);
    for call in centre.calls().await {
        assert_eq!(call.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
    }
    centre.assert_at_rest().await;
    let connections = centre.balancer.as_ref().expect("two nodes have a balancer").connections();
    assert!(connections.iter().all(|count| *count > 0), "both nodes were asked: {connections:?}");
}

#[tokio::test]
async fn six_callers_are_served_by_two_nodes() {
    let Some(centre) = two_nodes(Delivery::Deliver).await else { return };
    six_callers_are_served(&centre).await;
    centre.close().await;
}

#[tokio::test]
async fn two_nodes_that_never_hear_of_each_other_serve_them_too() {
    let Some(centre) = two_nodes(Delivery::DropEverything).await else { return };
    six_callers_are_served(&centre).await;
    centre.close().await;
}
