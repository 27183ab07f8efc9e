//! The server is killed in the middle of calls, and another one takes over the same rows.

use carrier::{Answer, Endpoint, Script, Step};
use entity::{Activity, CallOutcome, SegmentState};

use crate::support::centre::{Centre, Life, Plan, whole_calls};

fn mortal() -> Plan {
    Plan { life: Life::Mortal, ring_seconds: 60, ..Plan::default() }
}

whole_calls! {
    async fn a_caller_who_waits_is_offered_by_the_next_server(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.set(0, entity::Availability::Away).await;
        centre.set(1, entity::Availability::Away).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.kill_and_restart().await;
        centre.pass(40).await;
        centre.set(1, entity::Availability::Available).await;
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass(130).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_offer_s_timer_survives_the_server(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.offer(0).await;
        centre.kill_and_restart().await;
        centre.pass(95).await;
        assert_eq!(centre.agent(0).await.activity, Activity::NotResponding, "{}", centre.all_stories().await);
        centre.accept(1).await;
        centre.pass(130).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_declined_call_is_offered_again_though_the_index_is_gone(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.set(1, entity::Availability::Away).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.decline(0).await.unwrap();
        centre.pass(2).await;
        centre.kill_and_restart().await;
        // Nothing changes any more: only the end of his cool-off makes him askable.
        centre.pass(95).await;
        centre.accept(0).await;
        centre.pass(130).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_phone_that_rings_for_a_dead_server_is_answered_by_the_next(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.phone(0, Endpoint::answers(6.0, Script::silent()));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(2).await;
        centre.kill_and_restart().await;
        centre.pass(12).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Connected, "{}", centre.all_stories().await);
        centre.pass(130).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_server_that_dies_before_it_has_called_the_agent_leaves_the_deadline_behind(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.kill_and_restart().await;
        centre.pass(65).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Failed, "{}", centre.all_stories().await);
        centre.accept(1).await;
        centre.pass(130).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_conversation_does_not_notice_the_server_s_death(ground) {
        let mut centre = Centre::open(ground, mortal()).await;
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.kill_and_restart().await;
        centre.pass(130).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Done, "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
