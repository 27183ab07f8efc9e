//! People leave and devices fail at every moment between the first ring and the conversation.

use carrier::{
    Answer, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, RestEffect, RestFault, Script,
    Step,
};
use entity::{Activity, CallOutcome, CallStatus, EndedBy, EntryOutcome, Reach, SegmentState};
use serde_json::json;

use crate::support::centre::{Centre, Ground, Plan, cannot_be_brought, whole_calls};

/// The caller has left without having talked to anybody: nobody is blamed, nobody is held.
async fn assert_abandoned(centre: &Centre) {
    centre.pass(130).await;
    let call = centre.call().await;
    let stories = centre.all_stories().await;
    assert_eq!(
        (call.status, call.outcome),
        (CallStatus::Completed, Some(CallOutcome::Abandoned)),
        "{stories}"
    );
    assert_eq!(call.ended_by, Some(EndedBy::Caller), "{stories}");
    assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Abandoned), "{stories}");
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    centre.assert_at_rest().await;
}

/// The first agent's device fails in this way after he has accepted; the second agent gets the caller at his old place.
async fn the_next_agent_gets_the_call(ground: Ground, phone: Endpoint, faults: Faults) {
    let centre = Centre::open(ground, Plan { ring_seconds: 60, ..Plan::default() }).await;
    centre.phone(0, phone);
    centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
    centre.pass(2).await;
    centre.carrier.set_faults(faults);
    centre.accept(0).await;
    let entry = centre.entries().await.remove(0);
    centre.pass(22).await;
    centre.heal();
    let stories = centre.all_stories().await;
    let segments = centre.segments().await;
    assert_eq!(segments[0].state, SegmentState::Failed, "{stories}");
    assert_ne!(segments[0].ended_by, Some(EndedBy::Caller), "{stories}");
    assert_eq!(
        centre.agent(0).await.activity,
        Activity::Idle,
        "a device's failure is not the agent's\n{stories}"
    );
    assert!(centre.open_offers(0).await.is_empty(), "he is left in peace for a while\n{stories}");

    centre.accept(1).await;
    centre.pass(20).await;
    let again = centre.entries().await;
    let stories = centre.all_stories().await;
    assert_eq!((again.len(), again[0].waiting_since), (1, entry.waiting_since), "{stories}");
    assert_eq!(again[0].outcome, Some(EntryOutcome::Answered), "{stories}");
    centre.pass(130).await;
    assert_eq!(centre.segments().await[1].agent_id, centre.agents[1]);
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn the_caller_leaves_while_he_waits(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        for agent in 0..2 {
            centre.set(agent, entity::Availability::Away).await;
        }
        centre.ring([Step::Wait(40.0), Step::HangUp]);
        centre.pass(30).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        assert_abandoned(&centre).await;
        centre.close().await;
    }

    async fn the_caller_leaves_while_he_is_offered(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::Wait(10.0), Step::HangUp]);
        centre.pass(5).await;
        centre.offer(0).await;
        assert_abandoned(&centre).await;
        centre.close().await;
    }

    async fn the_caller_leaves_while_the_phone_of_who_accepted_rings(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        let caller = centre.ring([]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(3).await;
        caller.hang_up();
        centre.pass(1).await;
        let ringing = centre.carrier.snapshot().calls.into_iter().any(|leg| !leg.status.is_terminal());
        assert!(!ringing, "the agent's phone stops ringing\n{}", centre.all_stories().await);
        assert_eq!(centre.segments().await[0].ended_by, Some(EndedBy::Caller));
        assert_abandoned(&centre).await;
        centre.close().await;
    }

    async fn the_caller_leaves_between_the_agent_s_joining_and_his_own(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([]);
        centre.pass(2).await;
        centre.carrier.set_faults(cannot_be_brought(&caller));
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Joined).await;
        caller.hang_up();
        centre.pass(5).await;
        let alone = centre.carrier.snapshot().conferences;
        assert!(alone.is_empty(), "the agent is not left in an empty room: {alone:?}");
        assert_abandoned(&centre).await;
        centre.close().await;
    }

    async fn the_caller_leaves_in_the_menu(ground) {
        let flow = json!({
            "version": 1, "name": "Menu", "start": "ask", "language": "en-US",
            "nodes": {
                "ask": {"type": "menu", "prompt": "For sales press one.", "choices": [{"digits": "1"}],
                        "next": {"1": "wait", "timeout": "bye", "noMatch": "bye"}},
                "wait": {"type": "enqueue", "queue": "support"},
                "bye": {"type": "hangup"},
            },
        });
        let centre = Centre::open(ground, Plan { flow, ..Plan::default() }).await;
        centre.ring([Step::UntilSaid("press one".into()), Step::HangUp]);
        centre.pass(60).await;
        let call = centre.call().await;
        assert_eq!((call.status, call.outcome), (CallStatus::Completed, Some(CallOutcome::FlowExit)));
        assert_eq!(call.ended_by, Some(EndedBy::Caller));
        assert!(centre.entries().await.is_empty());
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_device_that_nobody_answers_costs_the_caller_nothing(ground) {
        the_next_agent_gets_the_call(ground, Endpoint::only(Answer::Never), Faults::default()).await;
    }

    async fn a_busy_device_costs_the_caller_nothing(ground) {
        the_next_agent_gets_the_call(ground, Endpoint::only(Answer::Busy), Faults::default()).await;
    }

    async fn a_device_that_rejects_costs_the_caller_nothing(ground) {
        the_next_agent_gets_the_call(ground, Endpoint::only(Answer::Reject), Faults::default()).await;
    }

    async fn a_device_that_cannot_be_reached_costs_the_caller_nothing(ground) {
        the_next_agent_gets_the_call(ground, Endpoint::only(Answer::Unreachable), Faults::default()).await;
    }

    async fn a_leg_that_never_joins_costs_the_caller_nothing(ground) {
        let late = Endpoint::answers(24.0, Script::silent());
        the_next_agent_gets_the_call(ground, late, Faults::default()).await;
    }

    async fn an_agent_who_hangs_up_before_the_caller_is_brought_costs_him_nothing(ground) {
        let hasty = Endpoint::answers(1.0, Script::new([Step::Wait(0.2), Step::HangUp]));
        let fails = RestFault { times: Some(2), ..RestFault::once("POST", "/Calls/", RestEffect::ServerError) };
        the_next_agent_gets_the_call(ground, hasty, Faults { rest: vec![fails], ..Faults::default() }).await;
    }

    async fn an_agent_who_hangs_up_while_the_caller_is_being_brought_does_not_leave_him_alone(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        // He is gone before the caller's joining is known.
        centre.phone(0, Endpoint::answers(1.0, Script::new([Step::AfterConnected(0.5), Step::HangUp])));
        let caller = centre.ring([Step::UntilConnected, Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(100).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_provider_that_fails_to_call_the_agent_costs_the_caller_nothing(ground) {
        let fails = RestFault::once("POST", "/Calls.json", RestEffect::ServerError);
        let faults = Faults { rest: vec![fails], ..Faults::default() };
        the_next_agent_gets_the_call(ground, Endpoint::answers(1.0, Script::silent()), faults).await;
    }

    async fn a_call_whose_creation_was_never_answered_rings_once_and_goes_on(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let lost = RestFault::once("POST", "/Calls.json", RestEffect::ReplyLost);
        centre.carrier.set_faults(Faults { rest: vec![lost], ..Faults::default() });
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(8).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        centre.pass(120).await;
        assert_eq!(centre.carrier.snapshot().calls.len(), 2, "nobody was called twice");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_call_whose_creation_was_never_answered_is_ended_when_the_caller_leaves(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        let rest = vec![RestFault::once("POST", "/Calls.json", RestEffect::ReplyLost)];
        let lost = CallbackFault::of(CallbackKind::Call, CallbackEffect::Late(1.0));
        centre.carrier.set_faults(Faults { rest, callbacks: vec![lost], ..Faults::default() });
        let caller = centre.ring([]);
        centre.pass(2).await;
        centre.accept(0).await;
        caller.hang_up();
        assert_abandoned(&centre).await;
        centre.close().await;
    }

    async fn a_provider_that_wants_fewer_requests_is_asked_again_when_it_said(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let later = RestEffect::TooManyRequests { retry_after: 4 };
        let rest = vec![RestFault::once("POST", "/Calls.json", later)];
        centre.carrier.set_faults(Faults { rest, ..Faults::default() });
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass(3).await;
        assert_eq!(centre.carrier.snapshot().calls.len(), 1, "not before the four seconds");
        centre.pass(5).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_caller_who_was_brought_without_our_knowing_is_not_torn_out_again(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(2).await;
        centre.carrier.set_faults(cannot_be_brought(&caller));
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Joined).await;
        let late = CallbackFault::of(CallbackKind::Conference, CallbackEffect::Late(5.0));
        centre.carrier.set_faults(Faults {
            rest: vec![RestFault::once("POST", caller.sid(), RestEffect::ReplyLost)],
            callbacks: vec![late],
            ..Faults::default()
        });
        centre.pass(15).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        let joins = caller.transcript().iter().filter(|line| line.text.contains("caller-join")).count();
        assert_eq!(joins, 1, "he came into the room once\n{stories}");
        centre.heal();
        centre.pass(130).await;
        let segment = centre.segments().await.remove(0);
        assert_eq!((segment.state, segment.ended_by), (SegmentState::Done, Some(EndedBy::Caller)));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn only_one_agent_and_his_device_fails_twice_then_works(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Client], ..Plan::default() }).await;
        centre.phone(0, Endpoint::only(Answer::Busy));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        for _ in 0..2 {
            centre.pass(5).await;
            centre.accept(0).await;
            centre.pass(60).await;
        }
        centre.phone(0, Endpoint::answers(1.0, Script::silent()));
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(130).await;
        let states: Vec<_> = centre.segments().await.iter().map(|segment| segment.state).collect();
        assert_eq!(states, [SegmentState::Failed, SegmentState::Failed, SegmentState::Done]);
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
