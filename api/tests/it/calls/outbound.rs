//! Calls that agents make: who is called first, who hears whom, every way in which nobody is reached, and that such a call
//! can be held, passed on and supervised like any other.

use calldocker::calls::transfer::To;
use calldocker::error::Error;
use carrier::{Answer, AnsweredBy as Heard, CallHandle, CallStatus as LegStatus, Endpoint, Script, Step};
use entity::{
    Activity, AnsweredBy, Availability, CallKind, CallOutcome, CallStatus, EndedBy, EntryOutcome,
    MachineDetection, Reach, SegmentState, SuperviseMode, TransferMode, TransferState, outbound_call,
};
use serde_json::json;

use crate::support::centre::{Centre, Ground, NUMBER, Plan, conflict, heard, whole_calls};
use crate::support::live::heard_say;

pub const CUSTOMER: &str = "+12025550188";
const OUTSIDE: &str = "+12025550177";

/// Somebody says something, and somebody else hears it.
async fn assert_hears(centre: &Centre, who: &CallHandle, whom: &CallHandle, what: &str) {
    whom.say(what);
    centre.pass(1).await;
    assert!(heard_say(who, what), "nobody heard: {what}\n{}", centre.all_stories().await);
}

/// How often this address was called.
fn calls_to(centre: &Centre, address: &str) -> usize {
    centre.carrier.snapshot().calls.iter().filter(|leg| leg.to == address).count()
}

/// The first agent has called somebody, and they talk.
async fn talking(ground: Ground, plan: Plan) -> (Centre, CallHandle) {
    let centre = Centre::open(ground, plan).await;
    centre.dial(0, CUSTOMER).await.unwrap();
    centre.pass_until_segment_is(SegmentState::Connected).await;
    let customer = centre.phone_of(CUSTOMER);
    (centre, customer)
}

/// Nobody is left on a line, and the outcome is this.
async fn ends(centre: Centre, outcome: CallOutcome, by: EndedBy) {
    centre.pass(150).await;
    let (call, stories) = (centre.call().await, centre.all_stories().await);
    assert_eq!(
        (call.status, call.outcome, call.ended_by),
        (CallStatus::Completed, Some(outcome), Some(by)),
        "{stories}"
    );
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    centre.assert_at_rest().await;
    centre.close().await;
}

async fn hangs_up(centre: Centre, customer: &CallHandle) {
    customer.hang_up();
    ends(centre, CallOutcome::Answered, EndedBy::Caller).await;
}

/// Nobody is reached in this way: the agent's phone is let go, and he is free at once.
async fn is_not_reached(ground: Ground, answer: Answer, outcome: CallOutcome, by: EndedBy) {
    let centre = Centre::open(ground, Plan::default()).await;
    centre.carrier.set_endpoint(CUSTOMER, Endpoint::only(answer));
    let call = centre.dial(0, CUSTOMER).await.unwrap();
    assert_eq!(centre.agent(0).await.activity, Activity::OnCall);
    centre.pass_until("it is over", async || centre.call().await.status.is_over()).await;
    centre.pass(2).await;
    let stories = centre.all_stories().await;
    assert!(centre.agent_phone(0).status().is_terminal(), "{stories}");
    assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
    assert_eq!(centre.call().await.answered_at, None);
    assert_eq!(centre.segments().await[0].state, SegmentState::Failed);
    assert!(!centre.story(call).await.contains(&"call.connected".to_owned()), "{stories}");
    assert_eq!(calls_to(&centre, CUSTOMER), 1, "{stories}");
    ends(centre, outcome, by).await;
}

/// The agent's own phone does not come, and nobody is called.
async fn the_agent_is_not_reached(ground: Ground, phone: Endpoint) {
    let centre = Centre::open(ground, Plan::default()).await;
    centre.phone(0, phone);
    centre.dial(0, CUSTOMER).await.unwrap();
    centre.pass(60).await;
    assert_eq!(calls_to(&centre, CUSTOMER), 0, "{}", centre.all_stories().await);
    let by = centre.call().await.ended_by.unwrap();
    ends(centre, CallOutcome::Error, by).await;
}

whole_calls! {
    async fn an_agent_calls_somebody_and_both_talk_until_the_agent_hangs_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let slow = Endpoint::answers(4.0, Script::silent());
        centre.phone(0, slow.clone());
        centre.carrier.set_endpoint(CUSTOMER, slow);
        let call = centre.dial(0, CUSTOMER).await.unwrap();
        let row = centre.call().await;
        assert_eq!((row.kind, row.status), (CallKind::Outbound, CallStatus::Dialing));
        assert_eq!((row.from_address.as_str(), row.to_address.as_str()), (NUMBER, CUSTOMER));
        centre.pass(3).await;
        assert_eq!(calls_to(&centre, CUSTOMER), 0, "the agent's own phone comes first");
        centre.pass(4).await;
        let customer = centre.phone_of(CUSTOMER);
        assert_eq!(customer.status(), LegStatus::Ringing);
        assert_eq!(centre.call().await.status, CallStatus::Dialing, "nobody talks while it rings");
        centre.pass_until_segment_is(SegmentState::Connected).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        let shown = centre.carrier.snapshot().calls.into_iter().find(|leg| leg.to == CUSTOMER).unwrap().from;
        assert_eq!(shown, NUMBER);
        let agent = centre.agent_phone(0);
        assert_hears(&centre, &customer, &agent, "Good morning.").await;
        assert_hears(&centre, &agent, &customer, "Who is there?").await;
        centre.pass(10).await;
        agent.hang_up();
        centre.pass(3).await;
        assert!(customer.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        let entries = centre.entries().await;
        assert_eq!((entries.len(), entries[0].outcome), (1, Some(EntryOutcome::Outbound)), "nobody has waited");
        let told = ["call.requested", "agent.dialled", "agent.joined", "customer.dialled", "customer.answered",
            "call.connected", "agent.left", "wrap_up.started", "caller.left"];
        let story = centre.story(call).await;
        let kept: Vec<_> = story.iter().map(String::as_str).filter(|kind| told.contains(kind)).collect();
        assert_eq!(kept, told, "{}", centre.all_stories().await);
        ends(centre, CallOutcome::Answered, EndedBy::Agent).await;
    }

    async fn who_was_called_hangs_up_first(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        customer.hang_up();
        centre.pass(2).await;
        assert!(centre.agent_phone(0).status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        ends(centre, CallOutcome::Answered, EndedBy::Caller).await;
    }

    async fn who_is_called_is_busy(ground) {
        is_not_reached(ground, Answer::Busy, CallOutcome::Busy, EndedBy::Caller).await;
    }

    async fn who_is_called_declines(ground) {
        is_not_reached(ground, Answer::Reject, CallOutcome::Busy, EndedBy::Caller).await;
    }

    async fn who_is_called_does_not_answer(ground) {
        is_not_reached(ground, Answer::Never, CallOutcome::NoAnswer, EndedBy::System).await;
    }

    async fn who_is_called_cannot_be_reached_at_all(ground) {
        is_not_reached(ground, Answer::Unreachable, CallOutcome::Error, EndedBy::System).await;
    }

    async fn an_agent_who_hangs_up_while_it_rings_stops_the_ringing(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_endpoint(CUSTOMER, Endpoint::answers(20.0, Script::silent()));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(6).await;
        let customer = centre.phone_of(CUSTOMER);
        assert_eq!(customer.status(), LegStatus::Ringing);
        centre.agent_phone(0).hang_up();
        centre.pass(3).await;
        assert_eq!(customer.status(), LegStatus::Canceled, "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, Activity::Idle);
        ends(centre, CallOutcome::NoAnswer, EndedBy::Agent).await;
    }

    async fn nobody_is_called_when_the_agent_s_phone_is_not_answered(ground) {
        the_agent_is_not_reached(ground, Endpoint::only(Answer::Never)).await;
    }

    async fn nobody_is_called_when_the_agent_s_phone_is_busy(ground) {
        the_agent_is_not_reached(ground, Endpoint::only(Answer::Busy)).await;
    }

    async fn nobody_is_called_when_the_agent_s_phone_cannot_be_reached(ground) {
        the_agent_is_not_reached(ground, Endpoint::only(Answer::Unreachable)).await;
    }

    async fn an_agent_at_a_number_presses_1_first(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Number], ..Plan::default() }).await;
        let script = Script::new([Step::UntilSaid("press 1".into()), Step::Press("1".into())]);
        centre.phone(0, Endpoint::answers(3.0, script));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let customer = centre.phone_of(CUSTOMER);
        hangs_up(centre, &customer).await;
    }

    async fn a_mailbox_at_an_agent_s_number_calls_nobody(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Number], ..Plan::default() }).await;
        centre.phone(0, Endpoint::answers(3.0, Script::silent()));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(60).await;
        assert_eq!(calls_to(&centre, CUSTOMER), 0, "{}", centre.all_stories().await);
        let by = centre.call().await.ended_by.unwrap();
        ends(centre, CallOutcome::Error, by).await;
    }

    async fn a_machine_that_answers_is_told_to_the_agent(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let machine = Endpoint { answered_by: Heard::MachineStart, ..Endpoint::answers(2.0, Script::silent()) };
        centre.carrier.set_endpoint(CUSTOMER, machine);
        let call = centre.dial_with(0, CUSTOMER, Some(MachineDetection::Enable)).await.unwrap();
        centre.pass(12).await;
        let row = centre.scope.find_by_id::<outbound_call::Entity>(call);
        let row = row.one(centre.app.db.reader()).await.unwrap().unwrap();
        assert_eq!(row.answered_by, Some(AnsweredBy::MachineStart), "{}", centre.all_stories().await);
        assert!(row.answered_by_at.is_some());
        let told = centre.told("call:answered-by").await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0].payload, json!({"callId": call, "answeredBy": "machine_start"}));
        let room = json!(format!("agent:{}", centre.agents[0]));
        assert!(told[0].audience.as_array().unwrap().contains(&room));
        assert!(centre.story(call).await.contains(&"customer.answered_by".to_owned()));
        // Whether he leaves a message is the agent's to say.
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        centre.agent_phone(0).hang_up();
        ends(centre, CallOutcome::Answered, EndedBy::Agent).await;
    }

    async fn nothing_is_listened_for_unless_it_was_asked_for(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.pass(12).await;
        assert!(centre.told("call:answered-by").await.is_empty());
        hangs_up(centre, &customer).await;
    }

    async fn who_was_called_is_held_and_resumed_and_the_agent_muted(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.hold(0).await.unwrap();
        centre.pass(3).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold, "{}", centre.all_stories().await);
        assert!(heard(&customer, "please hold the line"));
        centre.resume(0).await.unwrap();
        centre.pass(3).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        assert_hears(&centre, &customer, &centre.agent_phone(0), "I am back.").await;
        assert!(centre.segments().await[0].hold_ms > 0);
        hangs_up(centre, &customer).await;
    }

    async fn who_was_called_is_passed_on_to_a_colleague_blind(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(4).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(3).await;
        assert_hears(&centre, &customer, &centre.agent_phone(1), "I take over.").await;
        assert_eq!(calls_to(&centre, CUSTOMER), 1, "nobody is called twice");
        hangs_up(centre, &customer).await;
    }

    async fn who_was_called_is_passed_on_to_a_colleague_after_a_word(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.complete().await.unwrap();
        centre.pass(3).await;
        assert_hears(&centre, &customer, &centre.agent_phone(1), "I take over.").await;
        hangs_up(centre, &customer).await;
    }

    async fn who_was_called_waits_in_a_queue_to_which_he_is_passed_on(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.set(1, Availability::Break).await;
        centre.pass_on(To::Queue(centre.queue().await), TransferMode::Blind).await.unwrap();
        centre.pass(5).await;
        assert_eq!(centre.call().await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        centre.set(1, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(3).await;
        assert_hears(&centre, &customer, &centre.agent_phone(1), "Hello again.").await;
        hangs_up(centre, &customer).await;
    }

    async fn a_number_to_which_he_is_passed_on_sees_the_company_s_number(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.pass_on(To::Number(OUTSIDE.to_owned()), TransferMode::Blind).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        let shown = centre.carrier.snapshot().calls.into_iter().find(|leg| leg.to == OUTSIDE).unwrap().from;
        assert_eq!(shown, NUMBER, "{}", centre.all_stories().await);
        assert_hears(&centre, &customer, &centre.phone_of(OUTSIDE), "I am the neighbour.").await;
        hangs_up(centre, &customer).await;
    }

    async fn nobody_is_passed_on_to_where_the_company_does_not_call(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        for (number, code) in [("+19002345678", "PREMIUM_RATE_NUMBER"), ("+4930123456", "COUNTRY_NOT_ALLOWED")] {
            let refused = centre.pass_on(To::Number(number.to_owned()), TransferMode::Blind).await;
            let Err(Error::Invalid { code: told, fields, .. }) = refused else { panic!("{refused:?}") };
            assert_eq!((told.as_str(), fields[0].field.as_str()), (code, "/to/number"));
        }
        assert_eq!(centre.call().await.status, CallStatus::Connected, "a refusal changes nothing");
        hangs_up(centre, &customer).await;
    }

    async fn a_colleague_who_does_not_take_him_leaves_him_with_the_agent(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.decline(1).await.unwrap();
        centre.pass(4).await;
        assert_hears(&centre, &customer, &centre.agent_phone(0), "It is me again.").await;
        hangs_up(centre, &customer).await;
    }

    async fn a_supervisor_whispers_in_a_call_that_goes_out(ground) {
        let (centre, customer) = talking(ground, Plan::default()).await;
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        centre.pass(4).await;
        let supervisor = centre.supervisor();
        assert_hears(&centre, &centre.agent_phone(0), &supervisor, "Offer a refund.").await;
        assert!(!heard_say(&customer, "Offer a refund."), "{}", centre.all_stories().await);
        hangs_up(centre, &customer).await;
    }

    async fn nobody_supervises_or_passes_on_what_only_rings(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.carrier.set_endpoint(CUSTOMER, Endpoint::answers(20.0, Script::silent()));
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass(6).await;
        assert_eq!(conflict(centre.supervise(SuperviseMode::Listen).await), "CALL_NOT_CONNECTED");
        assert_eq!(conflict(centre.hold(0).await), "CALL_NOT_CONNECTED");
        let passed = centre.pass_on(centre.colleague(1), TransferMode::Warm).await;
        assert_eq!(conflict(passed), "CALL_NOT_CONNECTED");
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let customer = centre.phone_of(CUSTOMER);
        hangs_up(centre, &customer).await;
    }

    async fn an_agent_who_calls_is_offered_nothing_and_calls_nobody_else(ground) {
        let (centre, customer) = talking(ground, Plan { agents: vec![Reach::Client], ..Plan::default() }).await;
        assert_eq!(conflict(centre.dial(0, OUTSIDE).await), "NO_FREE_CAPACITY");
        let waits = centre.ring([]);
        centre.pass(10).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        waits.hang_up();
        centre.pass(3).await;
        customer.hang_up();
        centre.pass(150).await;
        assert_eq!(calls_to(&centre, OUTSIDE), 0);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn two_clicks_on_one_number_call_it_once(ground) {
        let centre = Centre::open(ground, Plan { capacity: 2, ..Plan::default() }).await;
        centre.dial(0, CUSTOMER).await.unwrap();
        assert_eq!(conflict(centre.dial(0, "(202) 555-0188").await), "ALREADY_CALLING");
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let customer = centre.phone_of(CUSTOMER);
        hangs_up(centre, &customer).await;
    }

    async fn an_agent_on_a_break_calls_out_all_the_same(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.set(0, Availability::Break).await;
        centre.dial(0, CUSTOMER).await.unwrap();
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let customer = centre.phone_of(CUSTOMER);
        customer.hang_up();
        centre.pass(150).await;
        assert_eq!(centre.agent(0).await.row.availability, Availability::Break);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_whose_browser_is_away_cannot_call(ground) {
        let centre = Centre::open(ground, Plan { agents: vec![Reach::Browser], ..Plan::default() }).await;
        assert_eq!(conflict(centre.dial(0, CUSTOMER).await), "AGENT_NOT_AVAILABLE");
        assert!(centre.calls().await.is_empty());
        centre.close().await;
    }
}
