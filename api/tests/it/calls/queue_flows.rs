//! The flows of a queue: what waiting callers, held ones and agents who are about to be joined hear.

use calldocker::{flows, queue_flows};
use carrier::{Answer, CallHandle, Endpoint, Script, Step};
use entity::id::FlowId;
use entity::{
    Activity, Availability, CallOutcome, CallStatus, EndedBy, EntryOutcome, Reach, RecordingState,
    SegmentState, TranscriptState,
};
use serde_json::{Value, json};

use super::supervisor::other_queue;
use crate::support::centre::{Centre, Ground, Plan, heard, whole_calls};
use crate::support::live::heard_say;

/// A flow of this kind with these nodes, of which the first is `a`.
fn of(kind: &str, nodes: Value) -> Value {
    json!({"version": 1, "name": kind, "kind": kind, "start": "a", "language": "en-US", "nodes": nodes})
}

/// A waiting caller hears for whom he waits, and may leave a message or go.
pub(super) fn with_a_way_out() -> Value {
    of(
        "wait",
        json!({
            "a": {"type": "menu", "prompt": "You wait for {{ call.queue }}. Press one for a message, two to go.", "retries": 0,
                  "timeoutSeconds": 4, "choices": [{"digits": "1"}, {"digits": "2"}],
                  "next": {"1": "leave", "2": "go", "timeout": "music", "noMatch": "music"}},
            "music": {"type": "say", "text": "La la la."},
            "leave": {"type": "voicemail", "prompt": "Speak now.", "mailbox": "queue", "finishOnKey": "#", "transcribe": true,
                      "next": {"recorded": "thanks"}},
            "thanks": {"type": "hangup", "prompt": "We have your message."},
            "go": {"type": "hangup", "prompt": "We let you go."},
        }),
    )
}

fn whispered() -> Value {
    of(
        "whisper",
        json!({
            "a": {"type": "say", "text": "{{ call.agent }}, a caller of {{ call.queue }}."},
        }),
    )
}

fn asked() -> Value {
    of(
        "whisper",
        json!({
            "a": {"type": "menu", "prompt": "Press one to talk, two to be spared.", "retries": 0, "timeoutSeconds": 5,
                  "choices": [{"digits": "1", "port": "talk"}, {"digits": "2", "port": "spare"}], "next": {"spare": "spare"}},
            "spare": {"type": "hangup", "prompt": "Fine."},
        }),
    )
}

/// Which place of the queue a flow has.
#[derive(Clone, Copy)]
pub(super) enum For {
    Wait,
    Hold,
    Whisper,
}

async fn published(centre: &Centre, document: Value) -> FlowId {
    let name = document["name"].as_str().unwrap().to_owned();
    let made = flows::create(&centre.app, centre.scope, name, document).await.unwrap();
    flows::publish(&centre.app, centre.scope, made.flow.id, centre.user, None).await.unwrap();
    made.flow.id
}

pub(super) async fn centre(ground: Ground, plan: Plan, place: For, document: Value) -> Centre {
    let centre = Centre::open(ground, plan).await;
    let flow = Some(published(&centre, document).await);
    let (wait, hold, whisper) = match place {
        For::Wait => (flow, None, None),
        For::Hold => (None, flow, None),
        For::Whisper => (None, None, flow),
    };
    let queue = centre.queue().await;
    queue_flows::set(&centre.app, centre.scope, queue, wait, hold, whisper).await.unwrap();
    centre
}

/// Nobody is there to take calls.
async fn deserted(ground: Ground) -> Centre {
    let centre = centre(ground, Plan::default(), For::Wait, with_a_way_out()).await;
    for agent in 0..2 {
        centre.set(agent, Availability::Away).await;
    }
    centre
}

fn times_heard(caller: &CallHandle, text: &str) -> usize {
    caller.transcript().iter().filter(|line| line.text.contains(text)).count()
}

async fn ends(centre: Centre, caller: &CallHandle) {
    caller.hang_up();
    centre.pass(150).await;
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn a_waiting_caller_hears_the_flow_over_and_over_until_an_agent_takes_him(ground) {
        let centre = centre(ground, Plan::default(), For::Wait, with_a_way_out()).await;
        let caller = centre.ring([]);
        centre.pass(19).await;
        assert!(heard(&caller, "you wait for support"), "{}", centre.all_stories().await);
        assert!(times_heard(&caller, "La la la") >= 2, "{}", centre.all_stories().await);
        assert!(!heard(&caller, "please hold"), "not what a queue says without a flow");
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        centre.agent_phone(0).say("Support, Miller.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "Support, Miller."), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_waiting_caller_leaves_the_queue_and_a_message(ground) {
        let centre = deserted(ground).await;
        let caller = centre.ring([
            Step::UntilSaid("you wait for".into()),
            Step::Press("1".into()),
            Step::UntilSaid("speak now".into()),
            Step::Wait(1.0),
            Step::SpeakNow("Please call me back about the two pianos that I have ordered".into()),
            Step::PressNow("#".into()),
        ]);
        centre.pass(60).await;
        let stories = centre.all_stories().await;
        assert!(heard(&caller, "we have your message"), "{stories}");
        assert!(caller.status().is_terminal(), "{stories}");
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Voicemail), "{stories}");
        let call = centre.call().await;
        assert_eq!((call.outcome, call.ended_by), (Some(CallOutcome::Voicemail), Some(EndedBy::Flow)), "{stories}");
        let recordings = centre.recordings().await;
        assert_eq!((recordings[0].state, recordings[0].mailbox.as_deref()), (RecordingState::Stored, Some("queue")));
        assert_eq!(recordings[0].transcript_state, Some(TranscriptState::Unavailable), "it was wanted, and there is no hook");
        ends(centre, &caller).await;
    }

    async fn what_was_offered_is_withdrawn_from_who_leaves_the_queue_by_the_flow(ground) {
        let centre = centre(ground, Plan::default(), For::Wait, with_a_way_out()).await;
        let caller = centre.ring([Step::UntilSaid("you wait for".into()), Step::Press("2".into())]);
        centre.pass(20).await;
        let stories = centre.all_stories().await;
        assert!(heard(&caller, "we let you go"), "{stories}");
        assert!(caller.status().is_terminal(), "{stories}");
        assert!(centre.open_offers(0).await.is_empty(), "{stories}");
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{stories}");
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Overflow), "{stories}");
        let call = centre.call().await;
        assert_eq!((call.outcome, call.ended_by), (Some(CallOutcome::FlowExit), Some(EndedBy::Flow)), "{stories}");
        ends(centre, &caller).await;
    }

    async fn a_caller_whom_an_agent_has_taken_does_not_get_lost_on_his_way_out(ground) {
        let centre = centre(ground, Plan::default(), For::Wait, with_a_way_out()).await;
        centre.phone(0, Endpoint::answers(6.0, Script::silent()));
        let caller = centre.ring([Step::UntilSaid("you wait for".into()), Step::Wait(2.0), Step::PressNow("2".into())]);
        centre.pass(1).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        assert!(!heard(&caller, "we let you go"), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_caller_who_comes_back_to_his_place_hears_the_flow_again(ground) {
        let centre = centre(ground, Plan::default(), For::Wait, with_a_way_out()).await;
        centre.phone(0, Endpoint::only(Answer::Unreachable));
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(20).await;
        assert_eq!(centre.segments().await[0].state, SegmentState::Failed, "{}", centre.all_stories().await);
        assert!(times_heard(&caller, "You wait for") >= 2, "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_caller_who_is_moved_in_the_middle_of_a_question_waits_on(ground) {
        let centre = deserted(ground).await;
        let other = other_queue(&centre, &[]).await;
        let caller = centre.ring([Step::UntilSaid("you wait for".into()), Step::Wait(3.0), Step::PressNow("2".into())]);
        centre.pass(1).await;
        let call = centre.call().await.id;
        calldocker::calls::waiting::move_to(&centre.app, centre.scope, centre.user, call, other).await.unwrap();
        centre.pass(30).await;
        assert!(!caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.status, CallStatus::Queued);
        ends(centre, &caller).await;
    }

    async fn a_flow_that_is_taken_away_leaves_what_a_queue_says_by_itself(ground) {
        let centre = deserted(ground).await;
        let caller = centre.ring([]);
        centre.pass(5).await;
        let queue = centre.queue().await;
        queue_flows::set(&centre.app, centre.scope, queue, None, None, None).await.unwrap();
        centre.pass(40).await;
        assert!(heard(&caller, "you are number 1") || heard(&caller, "first"), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_held_caller_hears_the_flow_of_his_queue(ground) {
        let hold = of("hold", json!({"a": {"type": "say", "text": "{{ call.agent }} of {{ call.queue }} is coming back."}}));
        let centre = centre(ground, Plan::default(), For::Hold, hold).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(10).await;
        assert!(times_heard(&caller, "Agent 0 of support is coming back") >= 2, "{}", centre.all_stories().await);
        centre.resume(0).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn an_agent_hears_whom_he_gets_and_the_caller_does_not(ground) {
        let centre = centre(ground, Plan::default(), For::Whisper, whispered()).await;
        let caller = centre.talk().await;
        assert!(heard(&centre.agent_phone(0), "agent 0, a caller of support"), "{}", centre.all_stories().await);
        assert!(!heard(&caller, "a caller of support"));
        ends(centre, &caller).await;
    }

    async fn an_agent_at_a_number_hears_it_after_he_has_pressed_one(ground) {
        let plan = Plan { agents: vec![Reach::Number], ..Plan::default() };
        let centre = centre(ground, plan, For::Whisper, whispered()).await;
        let presses = Script::new([Step::UntilSaid("press 1".into()), Step::Press("1".into())]);
        centre.phone(0, Endpoint::answers(2.0, presses));
        let caller = centre.ring([]);
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let phone = centre.phone_of(&crate::support::centre::agent_number(0));
        assert!(heard(&phone, "a caller of support"), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn an_agent_who_is_asked_says_that_he_talks(ground) {
        let centre = centre(ground, Plan::default(), For::Whisper, asked()).await;
        let answers = Script::new([Step::UntilSaid("press one to talk".into()), Step::Press("1".into())]);
        centre.phone(0, Endpoint::answers(1.0, answers));
        let caller = centre.talk().await;
        assert_eq!(centre.segments().await.len(), 1, "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn an_agent_who_is_spared_the_call_leaves_the_caller_his_place(ground) {
        let centre = centre(ground, Plan::default(), For::Whisper, asked()).await;
        let spared = Script::new([Step::UntilSaid("press one to talk".into()), Step::Press("2".into())]);
        centre.phone(0, Endpoint::answers(1.0, spared));
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(8).await;
        assert!(heard(&centre.agent_phone(0), "fine"), "{}", centre.all_stories().await);
        assert_eq!(centre.segments().await[0].state, SegmentState::Failed, "{}", centre.all_stories().await);
        assert_eq!(centre.agent(0).await.activity, Activity::Idle, "{}", centre.all_stories().await);
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        assert_eq!(centre.entries().await.len(), 1, "his place is the same");
        ends(centre, &caller).await;
    }

    async fn an_agent_has_time_to_hear_a_long_whisper(ground) {
        let long = of("whisper", json!({
            "a": {"type": "menu", "prompt": "First question, which goes on for quite a while until you press one.", "retries": 1,
                  "timeoutSeconds": 15, "choices": [{"digits": "1", "port": "talk"}], "next": {}},
        }));
        let centre = centre(ground, Plan::default(), For::Whisper, long).await;
        let answers = Script::new([Step::UntilSaid("first question".into()), Step::Wait(30.0), Step::PressNow("1".into())]);
        centre.phone(0, Endpoint::answers(1.0, answers));
        let caller = centre.ring([]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        ends(centre, &caller).await;
    }
}
