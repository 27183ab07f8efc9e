//! Calls that agents make, while callbacks come twice, late, out of order or never, the provider's answers are lost, and
//! the server dies.

use carrier::{
    Answer, CallbackEffect, CallbackFault, CallbackKind, Endpoint, Faults, RestEffect, RestFault, Script,
    Step,
};
use entity::{Activity, CallOutcome, CallStatus, EndedBy, LegState, MachineDetection, SegmentState, leg};

use super::outbound::CUSTOMER;
use crate::support::centre::{Centre, Ground, Life, Plan, whole_calls};

fn callbacks(faults: impl IntoIterator<Item = CallbackFault>) -> Faults {
    Faults { seed: 7, callbacks: faults.into_iter().collect(), ..Faults::default() }
}

fn every(does: CallbackEffect) -> CallbackFault {
    CallbackFault { of: None, ..CallbackFault::of(CallbackKind::Call, does) }
}

fn lost(of: CallbackKind, event: &str) -> CallbackFault {
    CallbackFault { event: Some(event.into()), ..CallbackFault::of(of, CallbackEffect::Lost) }
}

fn talks() -> Endpoint {
    Endpoint::answers(3.0, Script::new([Step::AfterConnected(30.0), Step::HangUp]))
}

/// A call of half a minute that who was called ends, with these faults from the beginning to the end.
async fn is_still_answered(ground: Ground, faults: Faults) {
    let centre = Centre::open(ground, Plan::default()).await;
    centre.carrier.set_faults(faults);
    centre.carrier.set_endpoint(CUSTOMER, talks());
    let id = centre.dial_with(0, CUSTOMER, Some(MachineDetection::Enable)).await.unwrap();
    centre.pass(300).await;
    let (call, stories) = (centre.call().await, centre.all_stories().await);
    assert_eq!(
        (call.status, call.outcome),
        (CallStatus::Completed, Some(CallOutcome::Answered)),
        "{stories}"
    );
    assert_eq!(call.ended_by, Some(EndedBy::Caller), "{stories}");
    let segments = centre.segments().await;
    assert_eq!((segments.len(), segments[0].state), (1, SegmentState::Done), "{stories}");
    let story = centre.story(id).await;
    for once in ["agent.joined", "call.connected", "caller.left", "wrap_up.started", "wrap_up.ended"] {
        assert_eq!(story.iter().filter(|kind| *kind == once).count(), 1, "{once} once\n{stories}");
    }
    for at_most_once in ["customer.answered", "customer.answered_by", "customer.ringing"] {
        assert!(story.iter().filter(|kind| *kind == at_most_once).count() <= 1, "{at_most_once}\n{stories}");
    }
    assert_eq!(rings(&centre), 1, "{stories}");
    centre.assert_at_rest().await;
    centre.close().await;
}

/// Nobody answers, and this is found out in spite of these faults.
async fn is_found_out(ground: Ground, answer: Answer, faults: Faults, outcome: CallOutcome) {
    let centre = Centre::open(ground, Plan::default()).await;
    centre.carrier.set_faults(faults);
    centre.carrier.set_endpoint(CUSTOMER, Endpoint::only(answer));
    centre.dial(0, CUSTOMER).await.unwrap();
    centre.pass(240).await;
    let stories = centre.all_stories().await;
    assert_eq!(centre.call().await.outcome, Some(outcome), "{stories}");
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    assert_eq!(rings(&centre), 1, "{stories}");
    centre.assert_at_rest().await;
    centre.close().await;
}

fn rings(centre: &Centre) -> usize {
    centre.carrier.snapshot().calls.iter().filter(|leg| leg.to == CUSTOMER).count()
}

/// The server dies so many seconds after the agent has asked for the call.
async fn dies_after(ground: Ground, seconds: u64) {
    let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..Plan::default() }).await;
    let slow = Endpoint { answer: Answer::After(6.0), ..talks() };
    centre.phone(0, Endpoint::answers(4.0, Script::silent()));
    centre.carrier.set_endpoint(CUSTOMER, slow);
    centre.dial(0, CUSTOMER).await.unwrap();
    centre.pass(seconds).await;
    centre.kill_and_restart().await;
    centre.pass(300).await;
    let stories = centre.all_stories().await;
    assert!(rings(&centre) <= 1, "nobody is called twice\n{stories}");
    let outcome = centre.call().await.outcome;
    assert!(matches!(outcome, Some(CallOutcome::Answered | CallOutcome::Error)), "{stories}");
    assert_eq!(outcome == Some(CallOutcome::Answered), rings(&centre) == 1, "{stories}");
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn callbacks_that_come_twice_change_nothing(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Double)])).await;
    }

    async fn callbacks_come_in_any_order(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Reorder)])).await;
    }

    async fn callbacks_come_late(ground) {
        is_still_answered(ground, callbacks([every(CallbackEffect::Late(4.0))])).await;
    }

    async fn ends_that_are_never_told_are_found_out_by_asking(ground) {
        is_still_answered(ground, callbacks([lost(CallbackKind::Call, "completed")])).await;
    }

    async fn the_answer_may_be_told_by_nobody(ground) {
        is_still_answered(ground, callbacks([lost(CallbackKind::Call, "answered")])).await;
    }

    async fn his_joining_may_be_told_by_the_conference_s_start_alone(ground) {
        let joins = CallbackFault { times: None, ..lost(CallbackKind::Conference, "participant-join") };
        // The agent's own has to be told; the provider tells it first.
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_endpoint(CUSTOMER, talks());
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Joined).await;
        centre.carrier.set_faults(callbacks([joins]));
        centre.pass(300).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_call_of_which_no_progress_is_told_ends_as_it_should(ground) {
        let all = CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost);
        is_still_answered(ground, callbacks([all])).await;
    }

    async fn busy_is_found_out_when_nothing_is_told(ground) {
        let all = every(CallbackEffect::Lost);
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_endpoint(CUSTOMER, Endpoint::only(Answer::Busy));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Joined).await;
        centre.carrier.set_faults(callbacks([all]));
        centre.pass(240).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Busy), "{stories}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn no_answer_is_told_once_whichever_way_it_is_told(ground) {
        is_found_out(ground, Answer::Never, callbacks([every(CallbackEffect::Double)]), CallOutcome::NoAnswer).await;
    }

    async fn no_answer_is_known_from_the_room_when_progress_is_lost(ground) {
        let all = CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost);
        is_found_out(ground, Answer::Never, callbacks([all]), CallOutcome::NoAnswer).await;
    }

    async fn the_reply_to_the_call_may_be_lost_and_he_is_not_called_again(ground) {
        let reply = RestFault::once("POST", "Participants.json", RestEffect::ReplyLost);
        is_still_answered(ground, Faults { rest: vec![reply], ..Faults::default() }).await;
    }

    async fn a_provider_that_wants_fewer_requests_is_asked_again_later(ground) {
        let busy = RestEffect::TooManyRequests { retry_after: 2 };
        let faults = Faults { rest: vec![RestFault::once("POST", "Participants.json", busy)], ..Faults::default() };
        is_still_answered(ground, faults).await;
    }

    async fn a_call_that_the_provider_may_not_have_made_is_given_up_in_time(ground) {
        let fails = RestFault::once("POST", "Participants.json", RestEffect::ServerError);
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        let call = centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(240).await;
        let stories = centre.all_stories().await;
        assert_eq!(rings(&centre), 0, "{stories}");
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Error), "{stories}");
        let legs = calldocker::store::calls::legs(centre.scope, centre.app.db.reader(), call).await.unwrap();
        let over: Vec<&leg::Model> = legs.iter().filter(|leg| leg.state.is_over()).collect();
        assert_eq!(over.len(), 2, "the sweeper forgets what was never made: {legs:?}\n{stories}");
        assert!(legs.iter().any(|leg| leg.state == LegState::Failed));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn the_reply_for_the_agent_s_phone_may_be_lost(ground) {
        let reply = RestFault::once("POST", "Calls.json", RestEffect::ReplyLost);
        is_still_answered(ground, Faults { rest: vec![reply], ..Faults::default() }).await;
    }

    async fn an_agent_who_has_gone_before_the_reply_leaves_nobody_ringing(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let reply = RestFault::once("POST", "Participants.json", RestEffect::ReplyLost);
        let ringing = lost(CallbackKind::Call, "ringing");
        let faults = Faults { rest: vec![reply], callbacks: vec![ringing], ..Faults::default() };
        centre.carrier.set_faults(faults);
        centre.carrier.set_endpoint(CUSTOMER, Endpoint::answers(15.0, Script::silent()));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(6).await;
        centre.agent_phone(0).hang_up();
        // Nobody knows the ringing call's id; its answer tells it, and ends it.
        centre.pass(240).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::NoAnswer), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn the_server_dies_when_the_call_was_asked_for(ground) {
        dies_after(ground, 0).await;
    }

    async fn the_server_dies_while_the_agent_s_phone_rings(ground) {
        dies_after(ground, 2).await;
    }

    async fn the_server_dies_while_who_is_called_rings(ground) {
        dies_after(ground, 7).await;
    }

    async fn the_server_dies_while_they_talk(ground) {
        dies_after(ground, 20).await;
    }
}
