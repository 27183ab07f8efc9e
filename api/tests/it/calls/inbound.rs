//! The way of one inbound call.

use calldocker::calls::wrap_up::{self, Notes};
use carrier::{Endpoint, Script, Step};
use chrono::TimeDelta;
use entity::{Activity, CallOutcome, CallStatus, EndedBy, EntryOutcome, SegmentState};

use crate::support::centre::{Centre, Plan, conflict, whole_calls};

whole_calls! {
    async fn a_call_goes_its_whole_way_and_the_caller_hangs_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        assert_eq!(centre.call().await.status, CallStatus::Offered, "{}", centre.all_stories().await);

        let call = centre.accept(0).await;
        centre.pass(10).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);

        centre.pass(30).await;
        assert_eq!(centre.call().await.status, CallStatus::WrapUp, "{}", centre.all_stories().await);

        centre.pass(60).await;
        let done = centre.call().await;
        assert_eq!((done.status, done.outcome), (CallStatus::Completed, Some(CallOutcome::Answered)));
        assert_eq!(done.ended_by, Some(EndedBy::Caller));
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Answered));
        assert_eq!(centre.segments().await[0].state, SegmentState::Done);
        assert_eq!(
            centre.story(call).await,
            [
                "call.arrived",
                "flow.started",
                "queue.entered",
                "offer.made",
                "offer.accepted",
                "agent.dialled",
                "agent.ringing",
                "agent.joined",
                "call.connected",
                "queue.left",
                "caller.left",
                "wrap_up.started",
                "wrap_up.ended",
                "call.ended",
            ],
            "{}",
            centre.all_stories().await
        );
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn when_the_agent_hangs_up_first_the_caller_is_not_left_alone(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.phone(0, Endpoint::answers(1.0, Script::new([Step::AfterConnected(20.0), Step::HangUp])));
        let caller = centre.ring([]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(27).await;
        assert!(caller.status().is_terminal(), "the caller is let go\n{}", centre.all_stories().await);
        let call = centre.call().await;
        assert_eq!((call.status, call.ended_by), (CallStatus::WrapUp, Some(EndedBy::Agent)));
        assert!(call.ended_at.is_some());

        centre.pass(60).await;
        let call = centre.call().await;
        assert_eq!((call.status, call.outcome), (CallStatus::Completed, Some(CallOutcome::Answered)));
        let segment = centre.segments().await.remove(0);
        assert_eq!((segment.state, segment.ended_by), (SegmentState::Done, Some(EndedBy::Agent)));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn wrap_up_ends_by_its_timer_and_frees_the_agent(ground) {
        let centre = Centre::open(ground, Plan { wrap_up_seconds: 45, ..Plan::default() }).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        centre.pass(44).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        centre.pass(2).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        assert_eq!(centre.agent(0).await.row.calls_handled, 1);
        let segment = centre.segments().await.remove(0);
        let begun = segment.wrap_up_until.unwrap() - TimeDelta::seconds(45);
        assert_eq!(segment.wrapped_up_at.unwrap() - begun, TimeDelta::seconds(45));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn wrap_up_ends_early_with_what_the_call_was_about(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        let call = centre.accept(0).await;
        let notes = Notes { disposition: Some("sold".into()), notes: Some("two of them".into()) };
        let early = wrap_up::end(&centre.app, centre.scope, call, Some(centre.agents[0]), notes.clone()).await;
        assert_eq!(conflict(early), "NOT_IN_WRAP_UP", "he is still talking, or about to");

        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        let other = wrap_up::end(&centre.app, centre.scope, call, Some(centre.agents[1]), notes.clone()).await;
        assert!(other.is_err(), "another agent's wrap-up does not exist");
        wrap_up::end(&centre.app, centre.scope, call, Some(centre.agents[0]), notes).await.unwrap();
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        let done = centre.call().await;
        assert_eq!((done.status, done.disposition.as_deref()), (CallStatus::Completed, Some("sold")));
        assert_eq!(done.notes.as_deref(), Some("two of them"));

        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn wrap_up_is_extended_and_the_first_timer_changes_nothing(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        let call = centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::WrapUp).await;
        let first = centre.segments().await[0].wrap_up_until.unwrap();
        let until = wrap_up::extend(&centre.app, centre.scope, call, Some(centre.agents[0])).await.unwrap();
        assert_eq!(until - first, TimeDelta::seconds(30));
        centre.pass(50).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp, "{}", centre.all_stories().await);
        centre.pass(15).await;
        assert_eq!(centre.segments().await[0].wrapped_up_at, Some(until));
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn without_wrap_up_the_agent_gets_the_next_call_at_once(ground) {
        let plan = Plan { wrap_up_seconds: 0, agents: vec![entity::Reach::Client], ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        centre.ring_as(0, [Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        let first = centre.accept(0).await;
        let second = centre.ring_as(1, [Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass_until_segment_is(SegmentState::Done).await;
        assert_eq!(centre.calls().await[0].status, CallStatus::Completed);
        centre.pass(1).await;
        let call = centre.accept(0).await;
        assert_ne!(call, first);
        assert_eq!(call, centre.call_of(&second).await.id);
        centre.pass(90).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
