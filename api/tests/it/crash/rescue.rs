//! Whom the provider lost on the way to us: it asks at the fallback address, and he goes on where he was.

use carrier::{Faults, Step, WebhookEffect, WebhookFault};
use entity::{CallOutcome, CallStatus};

use super::menu;
use crate::support::centre::{Centre, Plan, heard, whole_calls};

fn lost(url: &str) -> Faults {
    Faults { webhooks: vec![WebhookFault::once(url, WebhookEffect::Unreachable)], ..Faults::default() }
}

fn plan() -> Plan {
    Plan { flow: menu(), ..Plan::default() }
}

whole_calls! {
    async fn a_call_whose_first_request_is_lost_arrives_by_the_fallback(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.carrier.set_faults(lost("/api/webhooks/twilio/"));
        let caller = centre.ring([Step::UntilSaid("press one".into()), Step::Press("1".into())]);
        centre.pass(5).await;
        assert!(!heard(&caller, "sorry"), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.status, CallStatus::Offered, "{}", centre.all_stories().await);
        caller.hang_up();
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_whose_key_is_lost_is_asked_again(ground) {
        let centre = Centre::open(ground, plan()).await;
        centre.carrier.set_faults(lost("heard=gather"));
        let caller = centre.ring([Step::Press("1".into()), Step::Press("1".into())]);
        centre.pass(10).await;
        assert!(!heard(&caller, "sorry"), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.status, CallStatus::Offered, "{}", centre.all_stories().await);
        centre.accept(0).await;
        centre.pass(10).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        caller.hang_up();
        centre.pass(60).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_who_is_lost_on_the_way_to_the_agent_meets_him_all_the_same(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_faults(lost("/caller-join"));
        let caller = centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert!(!heard(&caller, "sorry"), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_who_is_lost_again_and_again_hears_an_apology_at_last(ground) {
        let centre = Centre::open(ground, plan()).await;
        let gone = WebhookFault { times: None, ..WebhookFault::once("/step", WebhookEffect::Unreachable) };
        centre.carrier.set_faults(Faults { webhooks: vec![gone], ..Faults::default() });
        let caller = centre.ring([]);
        centre.pass(60).await;
        assert!(heard(&caller, "we are sorry"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Error));
        let asked = caller.transcript().iter().filter(|line| line.text.contains("/fallback")).count();
        assert_eq!(asked, 4, "three times he is helped on, the fourth time he is told");
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
