//! Several callers and agents: who is served first, and who holds how many.

use calldocker::bus::Delivery;
use carrier::Step;
use entity::{Availability, Reach, SegmentState};
use serde_json::json;

use crate::support::centre::{Centre, Plan, whole_calls};

whole_calls! {
    async fn who_has_waited_longest_is_served_first(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..Plan::default() }).await;
        centre.set(0, Availability::Away).await;
        let mut callers = Vec::new();
        for caller in 0..3 {
            callers.push(centre.ring_as(caller, [Step::AfterConnected(5.0), Step::HangUp]));
            centre.pass(7).await;
        }
        centre.set(0, Availability::Available).await;
        for caller in &callers {
            centre.pass(2).await;
            assert_eq!(centre.accept(0).await, centre.call_of(caller).await.id, "{}", centre.all_stories().await);
            centre.pass(50).await;
        }
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_more_important_is_served_first_and_age_counts_among_equals(ground) {
        let flow = json!({
            "version": 1, "name": "Menu", "start": "ask", "language": "en-US",
            "nodes": {
                "ask": {"type": "menu", "prompt": "Press.", "choices": [{"digits": "1"}, {"digits": "2"}],
                        "next": {"1": "usual", "2": "gold", "timeout": "usual", "noMatch": "usual"}},
                "usual": {"type": "enqueue", "queue": "support", "priority": 50},
                "gold": {"type": "enqueue", "queue": "support", "priority": 90},
            },
        });
        let plan = Plan { agents: vec![Reach::Client], flow, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        centre.set(0, Availability::Away).await;
        let mut callers = Vec::new();
        for (caller, key) in ["1", "2", "1", "2"].into_iter().enumerate() {
            let steps = [Step::Press(key.into()), Step::AfterConnected(5.0), Step::HangUp];
            callers.push(centre.ring_as(caller, steps));
            centre.pass(7).await;
        }
        centre.set(0, Availability::Available).await;
        for caller in [1, 3, 0, 2] {
            centre.pass(2).await;
            let expected = centre.call_of(&callers[caller]).await.id;
            assert_eq!(centre.accept(0).await, expected, "{}", centre.all_stories().await);
            centre.pass(50).await;
        }
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_for_two_calls_holds_two_and_never_three(ground) {
        let plan = Plan { agents: vec![Reach::Client], capacity: 2, ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        for caller in 0..3 {
            centre.ring_as(caller, [Step::AfterConnected(15.0), Step::HangUp]);
        }
        centre.pass(3).await;
        let offers = centre.open_offers(0).await;
        assert_eq!(offers.len(), 2, "{}", centre.all_stories().await);
        for offer in offers {
            centre.try_to_accept(0, offer).await.unwrap();
        }
        centre.pass(10).await;
        assert_eq!(centre.agent(0).await.held, 2);
        assert!(centre.open_offers(0).await.is_empty());
        centre.pass(40).await;
        centre.accept(0).await;
        centre.pass(120).await;
        assert_eq!(centre.agent(0).await.row.calls_handled, 3);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_bus_that_drops_every_message_only_makes_it_slower(ground) {
        let centre = Centre::open(ground, Plan { delivery: Delivery::DropEverything, ..Plan::default() }).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(4).await;
        centre.accept(0).await;
        centre.pass(8).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Connected, "{}", centre.all_stories().await);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
