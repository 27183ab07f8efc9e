//! Agents who are reached at a telephone number: ringing it is the offer, and pressing 1 takes the call.

use carrier::{Answer, Endpoint, Faults, RestEffect, RestFault, Script, Step};
use entity::{Activity, CallOutcome, CallStatus, OfferState, Reach, SegmentState, Strategy};

use crate::support::centre::{Centre, Ground, Plan, agent_number, heard, whole_calls};

fn two_numbers() -> Plan {
    Plan { agents: vec![Reach::Number, Reach::Number], ..Plan::default() }
}

fn presses_one(after: f64) -> Endpoint {
    Endpoint::answers(after, Script::new([Step::UntilSaid("press 1".into()), Step::Press("1".into())]))
}

/// The phone that was rung for this agent.
fn leg_of(centre: &Centre, agent: usize) -> carrier::CallHandle {
    let number = agent_number(agent);
    let leg = centre.carrier.snapshot().calls.into_iter().find(|leg| leg.to == number);
    centre.carrier.call(&leg.expect("his number was rung").sid).expect("the call is known")
}

/// The first agent's number does not take the call, in this way; the second's does.
async fn the_second_number_takes_it(
    ground: Ground,
    first: Endpoint,
    settled: OfferState,
    activity: Activity,
) {
    let centre = Centre::open(ground, two_numbers()).await;
    centre.phone(0, first);
    centre.phone(1, presses_one(2.0));
    centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
    centre.pass(200).await;
    let stories = centre.all_stories().await;
    let offers = centre.offers().await;
    assert_eq!((offers[0].agent_id, offers[0].state), (centre.agents[0], settled), "{stories}");
    assert_eq!(centre.agent(0).await.activity, activity, "{stories}");
    let segments = centre.segments().await;
    assert_eq!(segments.len(), 1, "the first never had it\n{stories}");
    assert_eq!(
        (segments[0].agent_id, segments[0].state),
        (centre.agents[1], SegmentState::Done),
        "{stories}"
    );
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
    assert_eq!(centre.entries().await.len(), 1);
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn pressing_one_takes_the_call(ground) {
        let centre = Centre::open(ground, two_numbers()).await;
        centre.phone(0, presses_one(2.0));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(10).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert!(heard(&leg_of(&centre, 0), "a call for support"));
        centre.pass(120).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Done);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn pressing_something_else_declines(ground) {
        let other = Script::new([Step::UntilSaid("press 1".into()), Step::Press("2".into())]);
        let first = Endpoint::answers(2.0, other);
        the_second_number_takes_it(ground, first, OfferState::Declined, Activity::Idle).await;
    }

    async fn a_mailbox_that_answers_does_not_take_the_call(ground) {
        let mailbox = Endpoint::answers(2.0, Script::new([Step::SpeakNow("Leave a message after the tone".into())]));
        the_second_number_takes_it(ground, mailbox, OfferState::NoAnswer, Activity::NotResponding).await;
    }

    async fn a_busy_number_is_a_no(ground) {
        let busy = Endpoint::only(Answer::Busy);
        the_second_number_takes_it(ground, busy, OfferState::Declined, Activity::Idle).await;
    }

    async fn a_number_that_nobody_answers_is_not_responding(ground) {
        let never = Endpoint::only(Answer::Never);
        the_second_number_takes_it(ground, never, OfferState::NoAnswer, Activity::NotResponding).await;
    }

    async fn a_number_that_cannot_be_reached_is_not_the_agent_s_fault(ground) {
        let unreachable = Endpoint::only(Answer::Unreachable);
        the_second_number_takes_it(ground, unreachable, OfferState::DeviceError, Activity::Idle).await;
    }

    async fn a_number_that_the_provider_fails_to_call_is_not_the_agent_s_fault(ground) {
        let centre = Centre::open(ground, two_numbers()).await;
        let fails = RestFault::once("POST", "/Calls.json", RestEffect::ServerError);
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        centre.phone(1, presses_one(2.0));
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(200).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.offers().await[0].state, OfferState::DeviceError, "{stories}");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
        assert_eq!(centre.segments().await[0].agent_id, centre.agents[1], "{stories}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_presses_one_too_late_is_told_so(ground) {
        let centre = Centre::open(ground, Plan { ring_seconds: 6, ..two_numbers() }).await;
        // The offer ends before he presses, and the provider does not end his leg for a while.
        let slow = Script::new([Step::UntilSaid("press 1".into()), Step::Wait(4.0), Step::PressNow("1".into())]);
        centre.phone(0, Endpoint::answers(2.0, slow));
        centre.phone(1, presses_one(1.0));
        let fails = RestFault { times: Some(4), ..RestFault::once("POST", "/Calls/CA", RestEffect::ServerError) };
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        centre.ring([Step::AfterConnected(10.0), Step::HangUp]);
        centre.pass(200).await;
        let stories = centre.all_stories().await;
        assert!(heard(&leg_of(&centre, 0), "already been taken"), "{stories}");
        assert_eq!(centre.offers().await[0].state, OfferState::NoAnswer, "{stories}");
        assert_eq!(centre.segments().await.last().unwrap().agent_id, centre.agents[1], "{stories}");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn of_two_numbers_that_ring_at_once_the_first_to_press_one_wins(ground) {
        let centre = Centre::open(ground, Plan { strategy: Strategy::RingAll, ..two_numbers() }).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        centre.phone(1, presses_one(3.0));
        centre.ring([Step::AfterConnected(20.0), Step::HangUp]);
        centre.pass(15).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        assert!(leg_of(&centre, 0).status().is_terminal(), "the other phone stops ringing\n{stories}");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "and he is not blamed\n{stories}");
        centre.pass(120).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn the_caller_leaves_while_a_number_rings(ground) {
        let centre = Centre::open(ground, two_numbers()).await;
        centre.phone(0, Endpoint::only(Answer::Never));
        centre.ring([Step::Wait(8.0), Step::HangUp]);
        centre.pass(10).await;
        assert!(leg_of(&centre, 0).status().is_terminal(), "{}", centre.all_stories().await);
        centre.pass(120).await;
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Abandoned));
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
