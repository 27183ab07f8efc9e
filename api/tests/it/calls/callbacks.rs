//! Callbacks that come twice, late, out of order or never, and hops that come again.

use calldocker::calls::urls::Heard;
use carrier::{
    Answer, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, RedirectedReply, RestEffect,
    RestFault, Script, Step, WebhookEffect, WebhookFault,
};
use entity::{Activity, CallOutcome, CallStatus, EndedBy, SegmentState};
use serde_json::json;

use crate::support::centre::{CALLER, Centre, Ground, NUMBER, Plan, cannot_be_brought, heard, whole_calls};

fn callbacks(faults: impl IntoIterator<Item = CallbackFault>) -> Faults {
    Faults { seed: 11, callbacks: faults.into_iter().collect(), ..Faults::default() }
}

fn every(does: CallbackEffect) -> CallbackFault {
    CallbackFault { of: None, ..CallbackFault::of(CallbackKind::Call, does) }
}

fn lost(of: CallbackKind, event: &str) -> CallbackFault {
    CallbackFault { event: Some(event.into()), ..CallbackFault::of(of, CallbackEffect::Lost) }
}

/// A conversation of half a minute that the caller ends, with these faults from the beginning to the end.
async fn a_usual_call(ground: Ground, faults: Faults) -> Centre {
    let centre = Centre::open(ground, Plan::default()).await;
    centre.carrier.set_faults(faults);
    centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
    centre.pass(5).await;
    centre.accept(0).await;
    centre.pass(240).await;
    centre
}

async fn assert_answered(centre: &Centre) {
    let (call, stories) = (centre.call().await, centre.all_stories().await);
    assert_eq!(
        (call.status, call.outcome),
        (CallStatus::Completed, Some(CallOutcome::Answered)),
        "{stories}"
    );
    assert_eq!(call.ended_by, Some(EndedBy::Caller), "{stories}");
    let segments = centre.segments().await;
    assert_eq!(segments.len(), 1, "{stories}");
    assert_eq!(segments[0].state, SegmentState::Done, "{stories}");
    let story = centre.story(call.id).await;
    for once in ["agent.joined", "call.connected", "queue.left", "caller.left", "wrap_up.started"] {
        assert_eq!(story.iter().filter(|kind| *kind == once).count(), 1, "{once} once\n{stories}");
    }
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    centre.assert_at_rest().await;
}

async fn is_still_answered(ground: Ground, faults: Faults) {
    let centre = a_usual_call(ground, faults).await;
    assert_answered(&centre).await;
    centre.close().await;
}

/// Only one of the two agents has the call, and only after the first room came to nothing.
async fn the_second_agent_has_it(centre: &Centre) {
    centre.heal();
    let stories = centre.all_stories().await;
    assert_eq!(centre.call().await.status, CallStatus::Offered, "{stories}");
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    centre.accept(1).await;
    centre.pass(240).await;
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
    let states: Vec<_> = centre.segments().await.iter().map(|segment| segment.state).collect();
    assert_eq!(states, [SegmentState::Failed, SegmentState::Done]);
    centre.assert_at_rest().await;
}

whole_calls! {
    async fn a_call_whose_callbacks_all_come_twice_is_told_once(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Double)])).await;
    }

    async fn a_call_whose_callbacks_come_out_of_order_ends_as_it_should(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Reorder)])).await;
    }

    async fn a_call_whose_callbacks_come_late_ends_as_it_should(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Late(1.5))])).await;
    }

    async fn a_call_whose_ends_are_never_told_is_found_out_by_asking(ground) {
        is_still_answered(ground, callbacks([lost(CallbackKind::Call, "completed")])).await;
    }

    async fn a_call_whose_leaves_and_ends_are_never_told_is_found_out_by_asking(ground) {
        let faults = [lost(CallbackKind::Call, "completed"), lost(CallbackKind::Conference, "participant-leave")];
        is_still_answered(ground, callbacks(faults)).await;
    }

    async fn leaves_that_are_never_told_do_not_matter(ground) {
        is_still_answered(ground, callbacks([lost(CallbackKind::Conference, "participant-leave")])).await;
    }

    async fn all_progress_of_calls_may_be_lost(ground) {
        is_still_answered(ground, callbacks([CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost)])).await;
    }

    async fn the_caller_s_joining_may_be_lost_since_the_conference_s_start_says_the_same(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        centre.carrier.set_faults(cannot_be_brought(&caller));
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Joined).await;
        centre.carrier.set_faults(callbacks([lost(CallbackKind::Conference, "participant-join")]));
        centre.pass(3).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        centre.pass(240).await;
        assert_answered(&centre).await;
        centre.close().await;
    }

    async fn two_who_talk_are_not_torn_apart_because_all_events_of_it_are_lost(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([Step::AfterConnected(60.0), Step::HangUp]);
        centre.pass(5).await;
        centre.carrier.set_faults(cannot_be_brought(&caller));
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Joined).await;
        centre.carrier.set_faults(callbacks([CallbackFault::of(CallbackKind::Conference, CallbackEffect::Lost)]));
        centre.pass(45).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        centre.heal();
        centre.pass(240).await;
        assert_answered(&centre).await;
        centre.close().await;
    }

    async fn when_no_joining_is_ever_told_the_caller_goes_to_the_next_agent(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_faults(callbacks([lost(CallbackKind::Conference, "participant-join")]));
        centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(25).await;
        the_second_agent_has_it(&centre).await;
        centre.close().await;
    }

    async fn when_nothing_of_conferences_is_told_the_caller_goes_to_the_next_agent(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_faults(callbacks([CallbackFault::of(CallbackKind::Conference, CallbackEffect::Lost)]));
        centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        centre.accept(0).await;
        centre.pass(25).await;
        the_second_agent_has_it(&centre).await;
        centre.close().await;
    }

    async fn hops_that_come_twice_are_answered_the_same(ground) {
        let twice = WebhookFault { url: None, does: WebhookEffect::Double, probability: 1.0, times: None };
        is_still_answered(ground, Faults { webhooks: vec![twice], ..Faults::default() }).await;
    }

    async fn what_the_queue_s_exit_answers_may_be_executed(ground) {
        is_still_answered(ground, Faults { redirected_reply: RedirectedReply::Executed, ..Faults::default() }).await;
    }

    async fn a_caller_who_is_parked_again_joins_the_second_agent_and_not_the_first_s_room(ground) {
        let centre = Centre::open(ground, Plan { ring_seconds: 60, ..Plan::default() }).await;
        let executed = Faults { redirected_reply: RedirectedReply::Executed, ..Faults::default() };
        let caller = centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        // The first agent hangs up before the caller can be brought, so that he is parked again.
        centre.phone(0, Endpoint::answers(1.0, Script::new([Step::Wait(1.0), Step::HangUp])));
        let fails = RestFault { times: Some(2), ..RestFault::once("POST", caller.sid(), RestEffect::ServerError) };
        centre.carrier.set_faults(Faults { rest: vec![fails], ..executed.clone() });
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Failed).await;
        centre.carrier.set_faults(executed);
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass(10).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        centre.pass(240).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_hop_of_an_older_moment_hears_what_is_the_case_now(ground) {
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
        let caller = centre.ring([Step::Press("1".into()), Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(10).await;
        let before = centre.call().await;
        assert_eq!(before.session_version, 2, "{}", centre.all_stories().await);
        let url = centre.app.urls(centre.scope.company()).step(before.id, 1, Heard::Silence);
        let late = [("CallSid", caller.sid()), ("From", CALLER), ("To", NUMBER), ("CallStatus", "in-progress")];
        let answer = centre.hop(&url, &late).await;
        assert!(answer.contains("<Enqueue"), "{answer}");
        assert_eq!(answer, centre.hop(&url, &late).await);
        let now = centre.call().await;
        assert_eq!((now.session_version, now.session), (before.session_version, before.session));
        centre.accept(0).await;
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_step_that_cannot_be_fetched_ends_in_an_apology(ground) {
        let flow = json!({
            "version": 1, "name": "Menu", "start": "ask", "language": "en-US",
            "nodes": {
                "ask": {"type": "menu", "prompt": "For sales press one.", "choices": [{"digits": "1"}],
                        "next": {"1": "bye", "timeout": "bye", "noMatch": "bye"}},
                "bye": {"type": "hangup"},
            },
        });
        let centre = Centre::open(ground, Plan { flow, ..Plan::default() }).await;
        let gone = WebhookFault { times: None, ..WebhookFault::once("/step", WebhookEffect::Unreachable) };
        centre.carrier.set_faults(Faults { webhooks: vec![gone], ..Faults::default() });
        let caller = centre.ring([Step::Press("1".into())]);
        centre.pass(30).await;
        assert!(heard(&caller, "we are sorry"), "{}", centre.all_stories().await);
        assert!(caller.status().is_terminal());
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Error));
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_leg_that_we_did_not_make_has_no_say_about_an_offer(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        centre.ring([Step::Wait(15.0), Step::HangUp]);
        centre.pass(2).await;
        let offer = centre.offer(0).await;
        centre.accept(0).await;
        centre.pass(2).await;
        let url = centre.app.urls(centre.scope.company()).agent_answer(offer);
        let forged = [("CallSid", "CA00000000000000000000000000000bad"), ("CallStatus", "in-progress")];
        let answer = centre.hop(&url, &forged).await;
        assert!(answer.contains("<Hangup") && !answer.contains("<Conference"), "{answer}");
        centre.pass(130).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
