//! Transfers: blind, warm and of three, to agents, queues, numbers and flows; and everything that can come in between.

use calldocker::calls::transfer::To;
use carrier::{Answer, CallHandle, Endpoint, Faults, RestEffect, RestFault, Script, Step};
use entity::{
    Activity, Availability, CallOutcome, CallStatus, EndedBy, EntryOutcome, SegmentPart, SegmentState,
    TransferMode, TransferState,
};

use crate::support::centre::{Centre, Ground, Life, Plan, conflict, heard, whole_calls};
use crate::support::live::heard_say;

const OUTSIDE: &str = "+12025550177";
const MUSIC: &str = "please hold the line";

fn outside() -> To {
    To::Number(OUTSIDE.to_owned())
}

/// Somebody says something, and somebody else hears it.
async fn assert_hears(centre: &Centre, who: &CallHandle, whom: &CallHandle, what: &str) {
    whom.say(what);
    centre.pass(1).await;
    assert!(heard_say(who, what), "nobody heard: {what}\n{}", centre.all_stories().await);
}

async fn assert_does_not_hear(centre: &Centre, who: &CallHandle, whom: &CallHandle, what: &str) {
    whom.say(what);
    centre.pass(1).await;
    assert!(!heard_say(who, what), "he was not meant to hear: {what}\n{}", centre.all_stories().await);
}

/// Ends the call from the caller's side, and sees to it that nothing is left.
async fn ends(centre: Centre, caller: &CallHandle) {
    caller.hang_up();
    centre.pass(150).await;
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
    centre.assert_at_rest().await;
    centre.close().await;
}

/// The first agent asks the second, who has come; the caller is on hold.
async fn consulting(ground: Ground, plan: Plan) -> (Centre, CallHandle) {
    let centre = Centre::open(ground, plan).await;
    let caller = centre.talk().await;
    centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
    centre.pass(2).await;
    centre.accept(1).await;
    centre.pass_until_transfer_is(TransferState::Joined).await;
    centre.pass(1).await;
    (centre, caller)
}

/// The second agent does not come, and the first has the caller back.
async fn the_first_agent_has_the_caller_back(ground: Ground, phone: Endpoint, why: &str) {
    let centre = Centre::open(ground, Plan::default()).await;
    let caller = centre.talk().await;
    centre.phone(1, phone);
    centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
    centre.pass(2).await;
    assert!(heard(&caller, MUSIC), "{}", centre.all_stories().await);
    centre.accept(1).await;
    centre.pass_until_transfer_is(TransferState::Failed).await;
    centre.pass(2).await;
    let stories = centre.all_stories().await;
    assert_eq!(centre.transfers().await, [(TransferState::Failed, Some(why.to_owned()))], "{stories}");
    assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
    assert_eq!(centre.call().await.agent_id, Some(centre.agents[0]), "{stories}");
    assert_eq!(centre.agent(1).await.activity, Activity::Idle, "not his fault\n{stories}");
    assert_hears(&centre, &caller, &centre.agent_phone(0), "He cannot come.").await;
    assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Withdrawn));
    ends(centre, &caller).await;
}

whole_calls! {
    async fn a_call_is_passed_on_blind_to_an_agent(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        assert_eq!(centre.agent(1).await.activity, Activity::Offered);
        centre.pass(2).await;
        let offer = centre.told("offer:new").await.pop().unwrap();
        assert_eq!(offer.payload["transfer"]["agentId"], serde_json::json!(centre.agents[0]));
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        let call = centre.call().await;
        assert_eq!((call.status, call.agent_id), (CallStatus::Connected, Some(centre.agents[1])));
        assert!(centre.agent_phone(0).status().is_terminal(), "{}", centre.all_stories().await);
        assert_hears(&centre, &caller, &centre.agent_phone(1), "How can I help?").await;
        let entries = centre.entries().await;
        assert_eq!(entries[0].waiting_since, entries[1].waiting_since, "he keeps his age");
        ends(centre, &caller).await;
    }

    async fn an_agent_who_does_not_answer_a_blind_transfer_gives_the_call_back_to_who_passed_it_on(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(22).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("no_answer".into()))], "{stories}");
        assert!(!caller.status().is_terminal(), "{stories}");
        centre.accept(0).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        assert_hears(&centre, &caller, &centre.agent_phone(0), "It is me again.").await;
        let segments = centre.segments().await;
        assert_eq!(segments[0].state, SegmentState::Done, "his first wrap-up is over");
        assert_eq!((segments.len(), centre.entries().await.len()), (2, 2));
        ends(centre, &caller).await;
    }

    async fn a_call_that_nobody_takes_back_waits_at_its_old_place(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(2).await;
        centre.decline(1).await.unwrap();
        centre.pass(1).await;
        centre.decline(0).await.unwrap();
        centre.pass(1).await;
        let entries = centre.entries().await;
        assert_eq!((entries.len(), entries[1].waiting_since), (2, entries[0].waiting_since));
        assert_eq!(entries[1].wanted_agent_id, None);
        assert_eq!(centre.call().await.status, CallStatus::Queued, "{}", centre.all_stories().await);
        // Who declined is left in peace for a minute.
        centre.pass(62).await;
        let free = if centre.open_offers(0).await.is_empty() { 1 } else { 0 };
        centre.accept(free).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        ends(centre, &caller).await;
    }

    async fn a_caller_is_passed_on_to_a_queue_with_his_age_and_the_agent_wraps_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let queue = centre.queue().await;
        let caller = centre.talk().await;
        centre.pass_on(To::Queue(queue), TransferMode::Blind).await.unwrap();
        centre.pass(3).await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        let entries = centre.entries().await;
        assert_eq!(entries[0].waiting_since, entries[1].waiting_since);
        assert_eq!(entries[1].outcome, Some(EntryOutcome::Answered));
        ends(centre, &caller).await;
    }

    async fn a_caller_who_hangs_up_in_the_queue_that_he_was_passed_on_to_was_answered_all_the_same(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.set(1, Availability::Away).await;
        let queue = centre.queue().await;
        let caller = centre.talk().await;
        centre.pass_on(To::Queue(queue), TransferMode::Blind).await.unwrap();
        centre.pass(5).await;
        caller.hang_up();
        centre.pass(2).await;
        assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Abandoned));
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("caller_left".into()))]);
        ends(centre, &caller).await;
    }

    async fn a_call_is_passed_on_blind_to_a_number(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(outside(), TransferMode::Blind).await.unwrap();
        centre.pass(1).await;
        assert_eq!(centre.call().await.status, CallStatus::Dialing);
        centre.pass_until_transfer_is(TransferState::Completed).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert_hears(&centre, &caller, &centre.phone_of(OUTSIDE), "Miller speaking.").await;
        centre.phone_of(OUTSIDE).hang_up();
        centre.pass(3).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::ThirdParty));
        ends(centre, &caller).await;
    }

    async fn a_busy_number_gives_the_call_back(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::only(Answer::Busy));
        centre.pass_on(outside(), TransferMode::Blind).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(1).await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("busy".into()))]);
        centre.accept(0).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        assert_hears(&centre, &caller, &centre.agent_phone(0), "They are busy.").await;
        ends(centre, &caller).await;
    }

    async fn a_caller_who_hangs_up_while_the_number_rings_rings_nobody_back(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::only(Answer::Never));
        centre.pass_on(outside(), TransferMode::Blind).await.unwrap();
        centre.pass(5).await;
        caller.hang_up();
        centre.pass(3).await;
        assert!(centre.open_offers(0).await.is_empty());
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("caller_left".into()))]);
        ends(centre, &caller).await;
    }

    async fn a_line_that_was_sent_to_a_number_without_our_knowing_is_not_torn_from_it(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let lost = RestFault::once("POST", caller.sid(), RestEffect::ReplyLost);
        centre.carrier.set_faults(Faults { rest: vec![lost], ..Faults::default() });
        centre.pass_on(outside(), TransferMode::Blind).await.unwrap();
        centre.pass(20).await;
        let stories = centre.all_stories().await;
        let starts = caller.transcript().iter().filter(|line| line.text.contains("transfer/start")).count();
        assert_eq!(starts, 1, "{stories}");
        assert_hears(&centre, &caller, &centre.phone_of(OUTSIDE), "Miller speaking.").await;
        ends(centre, &caller).await;
    }

    async fn a_call_is_passed_on_to_a_flow(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let flow = centre.flow().await;
        let caller = centre.talk().await;
        centre.pass_on(To::Flow(flow), TransferMode::Blind).await.unwrap();
        centre.pass(5).await;
        let welcomes = caller.transcript().iter().filter(|line| line.text == "Welcome.").count();
        assert_eq!(welcomes, 2, "{}", centre.all_stories().await);
        assert_eq!(centre.transfers().await, [(TransferState::Completed, None)]);
        centre.accept(1).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        ends(centre, &caller).await;
    }

    async fn an_agent_asks_another_and_leaves_the_call_to_him(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold, "{stories}");
        assert!(heard(&caller, MUSIC), "{stories}");
        let (first, second) = (centre.agent_phone(0), centre.agent_phone(1));
        assert_hears(&centre, &second, &first, "He wants a refund.").await;
        assert!(!heard_say(&caller, "He wants a refund."));
        for agent in 0..2 {
            assert_eq!(centre.agent(agent).await.activity, Activity::OnCall, "each holds a slot");
        }
        centre.complete().await.unwrap();
        centre.pass(2).await;
        let call = centre.call().await;
        let stories = centre.all_stories().await;
        assert_eq!((call.status, call.agent_id), (CallStatus::Connected, Some(centre.agents[1])), "{stories}");
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        assert!(first.status().is_terminal(), "{stories}");
        assert_hears(&centre, &caller, &second, "I have heard about the refund.").await;
        let segments = centre.segments().await;
        assert_eq!(segments[1].part, SegmentPart::Main);
        assert!(segments[0].hold_ms > 1000, "the hold is the first agent's\n{stories}");
        assert_eq!(conflict(centre.hold(0).await), "NOT_YOUR_CALL");
        centre.hold(1).await.unwrap();
        centre.pass(3).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold);
        ends(centre, &caller).await;
    }

    async fn who_has_got_a_call_can_pass_it_on_again(ground) {
        let agents = vec![entity::Reach::Client; 3];
        let (centre, caller) = consulting(ground, Plan { agents, ..Plan::default() }).await;
        centre.complete().await.unwrap();
        centre.pass(2).await;
        let call = centre.call().await.id;
        let (to, by) = (centre.colleague(2), centre.acting(1));
        calldocker::calls::transfer::start(&centre.app, centre.scope, by, call, to, TransferMode::Blind).await.unwrap();
        centre.pass(2).await;
        centre.accept(2).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        assert_hears(&centre, &caller, &centre.agent_phone(2), "Third time lucky.").await;
        ends(centre, &caller).await;
    }

    async fn an_agent_takes_his_question_back(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        centre.cancel().await.unwrap();
        centre.pass(2).await;
        let stories = centre.all_stories().await;
        assert!(centre.agent_phone(1).status().is_terminal(), "{stories}");
        assert_eq!(centre.agent(1).await.activity, Activity::Idle);
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        assert_hears(&centre, &caller, &centre.agent_phone(0), "I can help you myself.").await;
        assert_eq!(centre.transfers().await, [(TransferState::Cancelled, None)]);
        ends(centre, &caller).await;
    }

    async fn all_three_talk_and_then_the_first_agent_goes(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        centre.merge().await.unwrap();
        centre.pass(2).await;
        let (first, second) = (centre.agent_phone(0), centre.agent_phone(1));
        assert_hears(&centre, &caller, &second, "Hello from the second.").await;
        assert_hears(&centre, &caller, &first, "And from the first.").await;
        assert!(heard_say(&second, "And from the first."));
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        first.hang_up();
        centre.pass(3).await;
        let stories = centre.all_stories().await;
        assert!(!caller.status().is_terminal(), "{stories}");
        assert_eq!(centre.call().await.agent_id, Some(centre.agents[1]), "{stories}");
        assert_hears(&centre, &caller, &second, "Only we two now.").await;
        ends(centre, &caller).await;
    }

    async fn all_three_talk_and_the_second_agent_goes(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        centre.resume(0).await.unwrap();
        centre.pass(2).await;
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Hello from the second.").await;
        centre.agent_phone(1).hang_up();
        centre.pass(3).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.agent(1).await.activity, Activity::WrapUp, "he talked with the caller\n{stories}");
        assert_eq!(centre.agent(0).await.activity, Activity::OnCall);
        assert_hears(&centre, &caller, &centre.agent_phone(0), "He has gone.").await;
        ends(centre, &caller).await;
    }

    async fn a_first_agent_who_hangs_up_completes_the_transfer(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        centre.agent_phone(0).hang_up();
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_first_agent_who_hangs_up_while_the_second_is_asked_leaves_the_caller_to_him(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.agent_phone(0).hang_up();
        centre.pass(2).await;
        assert!(!caller.status().is_terminal(), "{}", centre.all_stories().await);
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_first_agent_who_hangs_up_while_the_second_s_phone_rings_leaves_the_caller_to_him(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.phone(1, Endpoint::answers(8.0, Script::silent()));
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass(2).await;
        centre.agent_phone(0).hang_up();
        centre.pass(2).await;
        assert!(!caller.status().is_terminal(), "{}", centre.all_stories().await);
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_caller_whom_both_agents_have_failed_is_rung_back_and_never_alone(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.phone(1, Endpoint::only(Answer::Never));
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass(2).await;
        centre.agent_phone(0).hang_up();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(3).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.carrier.snapshot().queues.iter().map(|(_, waiting)| waiting).sum::<usize>(), 1, "{stories}");
        centre.accept(0).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        assert_hears(&centre, &caller, &centre.agent_phone(0), "It is me again.").await;
        ends(centre, &caller).await;
    }

    async fn a_second_agent_who_declines_leaves_the_caller_with_the_first(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(3).await;
        centre.decline(1).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("declined".into()))]);
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert_hears(&centre, &caller, &centre.agent_phone(0), "He does not want to.").await;
        ends(centre, &caller).await;
    }

    async fn a_second_agent_who_lets_it_ring_leaves_the_caller_with_the_first(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(23).await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("no_answer".into()))]);
        assert_eq!(centre.agent(1).await.activity, Activity::NotResponding);
        assert_hears(&centre, &caller, &centre.agent_phone(0), "He is not there.").await;
        ends(centre, &caller).await;
    }

    async fn a_second_agent_s_busy_device_leaves_the_caller_with_the_first(ground) {
        the_first_agent_has_the_caller_back(ground, Endpoint::only(Answer::Busy), "device_error").await;
    }

    async fn a_second_agent_s_device_that_nobody_answers_leaves_the_caller_with_the_first(ground) {
        the_first_agent_has_the_caller_back(ground, Endpoint::only(Answer::Never), "device_error").await;
    }

    async fn a_second_agent_s_device_that_cannot_be_reached_leaves_the_caller_with_the_first(ground) {
        the_first_agent_has_the_caller_back(ground, Endpoint::only(Answer::Unreachable), "device_error").await;
    }

    async fn a_second_agent_who_hangs_up_again_leaves_the_caller_with_the_first(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        centre.agent_phone(1).hang_up();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert_hears(&centre, &caller, &centre.agent_phone(0), "He has gone.").await;
        ends(centre, &caller).await;
    }

    async fn a_caller_who_hangs_up_during_the_consultation_frees_both_agents(ground) {
        let (centre, caller) = consulting(ground, Plan::default()).await;
        caller.hang_up();
        centre.pass(3).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp, "{stories}");
        assert_eq!(centre.agent(1).await.activity, Activity::Idle, "{stories}");
        let live = centre.carrier.snapshot().calls.iter().filter(|leg| !leg.status.is_terminal()).count();
        assert_eq!(live, 0, "{stories}");
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Caller));
        ends(centre, &caller).await;
    }

    async fn a_caller_who_hangs_up_while_the_second_is_asked_frees_him(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        caller.hang_up();
        centre.pass(2).await;
        assert!(centre.open_offers(1).await.is_empty());
        assert_eq!(centre.entries().await[1].outcome, Some(EntryOutcome::Withdrawn), "nobody waited there");
        ends(centre, &caller).await;
    }

    async fn a_second_transfer_is_refused_while_one_is_under_way(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        assert_eq!(conflict(centre.pass_on(outside(), TransferMode::Warm).await), "TRANSFER_UNDER_WAY");
        assert_eq!(conflict(centre.complete().await), "TRANSFER_NOT_JOINED");
        centre.cancel().await.unwrap();
        assert_eq!(conflict(centre.cancel().await), "NO_TRANSFER");
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn an_agent_who_cannot_be_asked_is_not_asked(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.set(1, Availability::Break).await;
        for mode in [TransferMode::Blind, TransferMode::Warm] {
            assert_eq!(conflict(centre.pass_on(centre.colleague(1), mode).await), "AGENT_NOT_AVAILABLE");
        }
        assert_eq!(centre.call().await.status, CallStatus::Connected, "nothing has changed");
        assert_eq!(centre.entries().await.len(), 1);
        ends(centre, &caller).await;
    }

    async fn an_agent_asks_somebody_outside_and_leaves_the_call_to_him(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.pass_on(outside(), TransferMode::Warm).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.pass(1).await;
        let other = centre.phone_of(OUTSIDE);
        assert_hears(&centre, &other, &centre.agent_phone(0), "Somebody for you.").await;
        assert_does_not_hear(&centre, &caller, &other, "Who is it?").await;
        centre.complete().await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        assert_hears(&centre, &caller, &other, "Miller speaking.").await;
        other.hang_up();
        centre.pass(3).await;
        assert!(caller.status().is_terminal(), "he is not left alone\n{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::ThirdParty));
        ends(centre, &caller).await;
    }

    async fn somebody_outside_who_is_busy_leaves_the_caller_with_the_agent(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::only(Answer::Busy));
        centre.pass_on(outside(), TransferMode::Warm).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(2).await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("busy".into()))]);
        assert_hears(&centre, &caller, &centre.agent_phone(0), "They are busy.").await;
        ends(centre, &caller).await;
    }

    async fn somebody_outside_of_whom_nothing_is_heard_is_given_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::only(Answer::Never));
        let fails = RestFault::once("POST", "/Calls.json", RestEffect::ServerError);
        centre.carrier.set_faults(Faults { rest: vec![fails], ..Faults::default() });
        centre.pass_on(outside(), TransferMode::Warm).await.unwrap();
        centre.pass(45).await;
        assert_eq!(centre.transfers().await, [(TransferState::Failed, Some("no_answer".into()))]);
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn an_agent_who_hangs_up_while_somebody_outside_rings_leaves_the_caller_with_music(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::answers(10.0, Script::silent()));
        centre.pass_on(outside(), TransferMode::Warm).await.unwrap();
        centre.pass(3).await;
        centre.agent_phone(0).hang_up();
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold, "{}", centre.all_stories().await);
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(1).await;
        assert_hears(&centre, &caller, &centre.phone_of(OUTSIDE), "Miller speaking.").await;
        ends(centre, &caller).await;
    }

    async fn an_agent_who_hangs_up_before_somebody_outside_refuses_is_rung_back(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.carrier.set_endpoint(OUTSIDE, Endpoint::only(Answer::Never));
        centre.pass_on(outside(), TransferMode::Warm).await.unwrap();
        centre.pass(3).await;
        centre.agent_phone(0).hang_up();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(2).await;
        centre.accept(0).await;
        centre.pass_until_status_is(CallStatus::Connected).await;
        assert_hears(&centre, &caller, &centre.agent_phone(0), "It is me again.").await;
        ends(centre, &caller).await;
    }

    async fn an_agent_stays_with_the_caller_until_the_queue_has_found_somebody(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let queue = centre.queue().await;
        centre.set(1, Availability::Away).await;
        let caller = centre.talk().await;
        centre.pass_on(To::Queue(queue), TransferMode::Warm).await.unwrap();
        centre.pass(5).await;
        centre.resume(0).await.unwrap();
        centre.pass(2).await;
        assert_hears(&centre, &caller, &centre.agent_phone(0), "It takes a while.").await;
        centre.hold(0).await.unwrap();
        centre.pass(2).await;
        centre.set(1, Availability::Available).await;
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.complete().await.unwrap();
        centre.pass(2).await;
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_queue_goes_on_to_find_somebody_when_the_first_one_s_device_fails(ground) {
        let agents = vec![entity::Reach::Client; 3];
        let centre = Centre::open(ground, Plan { agents, ..Plan::default() }).await;
        let queue = centre.queue().await;
        let caller = centre.talk().await;
        centre.phone(1, Endpoint::only(Answer::Busy));
        centre.pass_on(To::Queue(queue), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass(5).await;
        centre.accept(2).await;
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.complete().await.unwrap();
        centre.pass(2).await;
        assert_hears(&centre, &caller, &centre.agent_phone(2), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_consultation_survives_the_server(ground) {
        let (mut centre, caller) = consulting(ground, Plan { life: Life::Mortal, ..Plan::default() }).await;
        centre.kill_and_restart().await;
        centre.pass(5).await;
        centre.complete().await.unwrap();
        centre.pass(2).await;
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn a_server_that_dies_as_a_call_is_passed_on_loses_nobody(ground) {
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..Plan::default() }).await;
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        // Whose line asks in the very moment of a death is what the storms are about: this one is parked.
        centre.pass(1).await;
        centre.kill_and_restart().await;
        // At once, or when the dead server's lease of the routing has run out.
        centre.pass_until("the colleague is asked", async || !centre.open_offers(1).await.is_empty()).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        // What the dead server had begun is begun again when its lease runs out.
        centre.pass(40).await;
        assert_hears(&centre, &caller, &centre.agent_phone(1), "Now you are mine.").await;
        ends(centre, &caller).await;
    }

    async fn whoever_hangs_up_last_in_a_short_call_ends_it(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.phone(1, Endpoint::answers(1.0, Script::new([Step::AfterConnected(6.0), Step::HangUp])));
        let caller = centre.talk().await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass(15).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Agent));
        ends(centre, &caller).await;
    }
}
