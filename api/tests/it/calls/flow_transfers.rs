//! A flow connects its caller: with one agent, with an address of SIP; and it goes on when an agent has hung up.

use calldocker::calls::transfer::To;
use carrier::{Answer, CallHandle, Endpoint, Faults, RedirectedReply, Script, Step};
use entity::{
    Activity, Availability, CallOutcome, CallStatus, EndedBy, EntryOutcome, OfferState, SegmentState,
    TransferMode,
};
use serde_json::{Value, json};

use crate::support::centre::{Centre, Ground, Plan, cannot_be_brought, heard, whole_calls};
use crate::support::live::heard_say;

const DESK: &str = "sip:desk@example.com";

/// A flow that begins with this transfer and says by which port it went on.
fn transfer(to: &str, whom: &str, answered: Option<&str>) -> Value {
    let mut next = json!({"busy": "busy", "noAnswer": "noAnswer", "failed": "failed"});
    if let Some(answered) = answered {
        next["answered"] = json!(answered);
    }
    json!({"version": 1, "name": "Direct", "start": "pass", "language": "en-US", "nodes": {
        "pass": {"type": "transfer", to: whom, "timeoutSeconds": 8, "next": next},
        "answered": {"type": "menu", "prompt": "You have talked. Press one.", "choices": [{"digits": "1"}],
                     "next": {"1": "thanks", "timeout": "thanks", "noMatch": "thanks"}},
        "thanks": {"type": "hangup", "prompt": "Goodbye then."},
        "busy": {"type": "hangup", "prompt": "It was busy."},
        "noAnswer": {"type": "hangup", "prompt": "Nobody answered."},
        "failed": {"type": "hangup", "prompt": "It failed."},
    }})
}

fn to_agent(answered: Option<&str>) -> Plan {
    Plan { flow: transfer("agent", "Agent 0", answered), ..Plan::default() }
}

/// A flow that goes on after the agent.
fn after_agent() -> Plan {
    let flow = json!({"version": 1, "name": "After", "start": "wait", "language": "en-US", "nodes": {
        "wait": {"type": "enqueue", "queue": "support", "next": {"afterAgent": "ask"}},
        "ask": {"type": "menu", "prompt": "Anything else? Press one.", "choices": [{"digits": "1"}],
                "next": {"1": "thanks", "timeout": "thanks", "noMatch": "thanks"}},
        "thanks": {"type": "hangup", "prompt": "Goodbye then."},
    }});
    Plan { flow, ..Plan::default() }
}

/// The caller hears this at the end, and nothing is left.
async fn ends_with(centre: Centre, caller: &CallHandle, words: &str) {
    centre.pass(150).await;
    assert!(heard(caller, words), "{}", centre.all_stories().await);
    assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
    centre.assert_at_rest().await;
    centre.close().await;
}

/// The one agent does not get the call, and nobody else is asked.
async fn the_agent_does_not_take_it(centre: Centre, caller: &CallHandle, words: &str) {
    centre.pass(30).await;
    assert!(centre.segments().await.is_empty(), "{}", centre.all_stories().await);
    let asked: Vec<_> = centre.offers().await.into_iter().map(|offer| offer.agent_id).collect();
    assert!(!asked.contains(&centre.agents[1]), "only one agent is meant\n{}", centre.all_stories().await);
    let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == Some(EntryOutcome::Overflow)), "{outcomes:?}");
    ends_with(centre, caller, words).await;
}

/// Somebody at the address of SIP behaves so, and the flow goes on with these words.
async fn sip(ground: Ground, phone: Endpoint, words: &str) {
    let plan = Plan { flow: transfer("sip", DESK, Some("answered")), ..Plan::default() };
    let centre = Centre::open(ground, plan).await;
    centre.carrier.set_endpoint(DESK, phone);
    let caller = centre.ring([]);
    ends_with(centre, &caller, words).await;
}

whole_calls! {
    async fn a_flow_connects_its_caller_with_an_agent_and_goes_on_when_he_has_hung_up(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let caller = centre.ring([
            Step::UntilSaid("you have talked".into()),
            Step::Wait(3.0),
            Step::Press("1".into()),
        ]);
        centre.pass(3).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Offered, "{}", centre.all_stories().await);
        assert!(centre.open_offers(1).await.is_empty(), "only one agent is meant");
        assert!(heard(&caller, "please hold"), "{}", centre.all_stories().await);
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.agent_phone(0).say("Support, Miller.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "Support, Miller."), "{}", centre.all_stories().await);
        centre.agent_phone(0).hang_up();
        centre.pass(2).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp, "his wrap-up begins at once");
        assert_eq!(centre.call().await.status, CallStatus::InIvr, "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.agent_id, None);
        centre.pass(6).await;
        let call = centre.call().await;
        assert_eq!((call.outcome, call.ended_by), (Some(CallOutcome::Answered), Some(EndedBy::Flow)));
        ends_with(centre, &caller, "goodbye then").await;
    }

    async fn a_call_ends_with_the_conversation_where_the_flow_says_nothing_else(ground) {
        let centre = Centre::open(ground, to_agent(None)).await;
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.agent_phone(0).hang_up();
        centre.pass(3).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Agent));
        ends_with(centre, &caller, "please hold").await;
    }

    async fn a_caller_who_hangs_up_first_hears_no_more_of_the_flow(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(15).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp, "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Caller));
        assert!(!heard(&caller, "you have talked"));
        ends_with(centre, &caller, "please hold").await;
    }

    async fn an_agent_who_declines_is_busy(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.decline(0).await.unwrap();
        centre.pass(2).await;
        assert!(heard(&caller, "it was busy"), "at once, not at the next round of music\n{}", centre.all_stories().await);
        the_agent_does_not_take_it(centre, &caller, "it was busy").await;
    }

    async fn an_agent_rings_as_long_as_the_node_says(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let caller = centre.ring([]);
        centre.pass(6).await;
        centre.offer(0).await;
        centre.pass(5).await;
        assert_eq!(centre.offers().await[0].state, OfferState::NoAnswer, "{}", centre.all_stories().await);
        the_agent_does_not_take_it(centre, &caller, "nobody answered").await;
    }

    async fn an_agent_who_is_not_there_does_not_answer(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        centre.set(0, Availability::Away).await;
        let caller = centre.ring([]);
        the_agent_does_not_take_it(centre, &caller, "nobody answered").await;
    }

    async fn an_agent_who_has_another_call_is_busy(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let first = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let second = centre.ring_as(1, []);
        centre.pass(20).await;
        assert!(heard(&second, "it was busy"), "{}", centre.all_stories().await);
        first.hang_up();
        centre.pass(100).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_who_is_nobody_cannot_be_reached(ground) {
        let plan = Plan { flow: transfer("agent", "{{ vars.who | default: 'Nobody' }}", None), ..Plan::default() };
        let centre = Centre::open(ground, plan).await;
        let caller = centre.ring([]);
        the_agent_does_not_take_it(centre, &caller, "it failed").await;
    }

    async fn an_agent_whose_phone_fails_cannot_be_reached(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        centre.phone(0, Endpoint::only(Answer::Unreachable));
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "not his fault\n{}", centre.all_stories().await);
        ends_with(centre, &caller, "it failed").await;
    }

    async fn a_caller_who_hangs_up_while_the_agent_is_asked_has_abandoned(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        centre.ring([Step::Wait(5.0), Step::HangUp]);
        centre.pass(10).await;
        assert!(centre.open_offers(0).await.is_empty(), "{}", centre.all_stories().await);
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Abandoned));
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Abandoned));
        centre.pass(60).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn the_line_goes_on_in_the_flow_even_when_the_provider_does_what_the_queue_answers(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        centre.carrier.set_faults(Faults { redirected_reply: RedirectedReply::Executed, ..Faults::default() });
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.decline(0).await.unwrap();
        the_agent_does_not_take_it(centre, &caller, "it was busy").await;
    }

    async fn a_caller_whom_one_agent_does_not_take_waits_for_the_others(ground) {
        let mut flow = transfer("agent", "Agent 0", None);
        flow["nodes"]["busy"] = json!({"type": "enqueue", "queue": "support"});
        let centre = Centre::open(ground, Plan { flow, ..Plan::default() }).await;
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.decline(0).await.unwrap();
        centre.set(0, Availability::Away).await;
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let outcomes: Vec<_> = centre.entries().await.into_iter().map(|entry| entry.outcome).collect();
        assert_eq!(outcomes, [Some(EntryOutcome::Overflow), Some(EntryOutcome::Answered)]);
        caller.hang_up();
        ends_with(centre, &caller, "please hold").await;
    }

    async fn an_agent_may_pass_a_caller_on_whom_the_flow_has_brought_him(ground) {
        let centre = Centre::open(ground, to_agent(Some("answered"))).await;
        let caller = centre.ring([Step::UntilSaid("you have talked".into()), Step::Press("1".into())]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.pass_on(To::Agent(centre.agents[1]), TransferMode::Blind).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.agent_phone(1).hang_up();
        ends_with(centre, &caller, "goodbye then").await;
    }

    async fn the_flow_goes_on_after_the_agent_of_a_queue(ground) {
        let centre = Centre::open(ground, after_agent()).await;
        let caller = centre.ring([Step::UntilSaid("anything else".into()), Step::Press("1".into())]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.hold(0).await.unwrap();
        centre.pass(3).await;
        centre.agent_phone(0).hang_up();
        centre.pass(2).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp, "{}", centre.all_stories().await);
        ends_with(centre, &caller, "goodbye then").await;
    }

    async fn a_caller_who_hangs_up_before_the_agent_of_a_queue_is_asked_nothing(ground) {
        let centre = Centre::open(ground, after_agent()).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(60).await;
        assert!(!heard(&caller, "anything else"), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Caller));
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_line_that_cannot_be_brought_at_once_goes_on_all_the_same(ground) {
        let centre = Centre::open(ground, after_agent()).await;
        let caller = centre.ring([Step::UntilSaid("anything else".into()), Step::Press("1".into())]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.carrier.set_faults(cannot_be_brought(&caller));
        centre.agent_phone(0).hang_up();
        ends_with(centre, &caller, "goodbye then").await;
    }

    async fn an_address_of_sip_answers_and_the_flow_goes_on_after_it(ground) {
        let script = Script::new([Step::AfterConnected(5.0), Step::HangUp]);
        sip(ground, Endpoint::answers(2.0, script), "you have talked").await;
    }

    async fn an_address_of_sip_is_busy(ground) {
        sip(ground, Endpoint::only(Answer::Busy), "it was busy").await;
    }

    async fn an_address_of_sip_does_not_answer(ground) {
        sip(ground, Endpoint::only(Answer::Never), "nobody answered").await;
    }

    async fn an_address_of_sip_cannot_be_reached(ground) {
        sip(ground, Endpoint::only(Answer::Unreachable), "it failed").await;
    }
}
