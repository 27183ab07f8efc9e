//! The recommended way of a contact centre: a flow, a queue as the parking place, and a conference in which the caller
//! and the agent meet.

mod support;

use carrier::{CallStatus, Endpoint, LineKind, Script, Step};
use support::{OFFICE, Story, said, tells, texts};

/// The application of these stories: a menu, a queue, and a room for both.
async fn centre() -> Story {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/menu' numDigits='1'><Say>Press one for sales.</Say></Gather>");
    story.twiml("/menu", "<Enqueue action='/q/exit' waitUrl='/q/wait'>sales</Enqueue>");
    story.twiml("/q/wait", "<Play>http://music.example/one.mp3</Play>");
    story.twiml("/q/exit", "<Hangup/>");
    let conference = |label: &str, end: &str| {
        format!(
            "<Dial action='/{label}/exit'><Conference participantLabel='{label}' beep='false' waitUrl='' \
             startConferenceOnEnter='true' endConferenceOnExit='{end}' statusCallback='/room' \
             statusCallbackEvent='start end join leave hold mute modify'>room-1</Conference></Dial>"
        )
    };
    story.twiml("/agent/answer", &conference("agent", "false"));
    story.twiml("/caller/join", &conference("customer", "true"));
    story.twiml("/agent/exit", "<Hangup/>");
    story
}

/// The SID of the queue and of the agent's call, once caller and agent talk.
async fn connect(story: &Story, caller: &str) -> String {
    let queues = story.get("/Queues.json").await;
    let queue = queues.body["queues"][0]["sid"].as_str().expect("a queue").to_owned();
    let agent = story
        .post(
            "/Calls.json",
            &[
                ("To", "client:ann"),
                ("From", OFFICE),
                ("Url", &story.url("/agent/answer")),
                ("StatusCallback", &story.url("/agent/status")),
                ("StatusCallbackEvent", "initiated"),
                ("StatusCallbackEvent", "ringing"),
                ("StatusCallbackEvent", "answered"),
                ("StatusCallbackEvent", "completed"),
            ],
        )
        .await;
    assert_eq!(agent.status, 201, "{agent:?}");
    story.pass(3.0).await;
    assert_eq!(story.values("/room", "StatusCallbackEvent"), ["participant-join"]);
    let member = format!("/Queues/{queue}/Members/{caller}.json");
    let moved = story.post(&member, &[("Url", &story.url("/caller/join"))]).await;
    assert_eq!((moved.status, moved.text("call_sid").as_str()), (200, caller));
    story.pass(1.0).await;
    agent.text("sid")
}

#[tokio::test]
async fn a_caller_is_queued_and_meets_an_agent_in_a_conference() {
    let story = centre().await;
    let caller =
        story.calls([Step::Press("1".into()), Step::UntilConnected, Step::Speak("I need help".into())]);
    story.carrier.set_endpoint(
        "client:ann",
        Endpoint::answers(1.0, Script::new([Step::AfterConnected(20.0), Step::HangUp])),
    );
    story.pass(30.0).await;

    let first = story.hook("/voice");
    assert!(first.signed, "the first request must be signed");
    assert_eq!(first.get("CallStatus"), "ringing");
    assert_eq!(first.get("Direction"), "inbound");
    let menu = story.hook("/menu");
    assert_eq!((menu.get("Digits"), menu.get("CallStatus")), ("1", "in-progress"));
    let waits = story.hooks("/q/wait");
    assert!(waits.len() >= 5, "the wait document is asked for again when it has run out: {}", waits.len());
    assert_eq!((waits[0].get("QueuePosition"), waits[0].get("QueueTime")), ("1", "0"));
    assert_eq!(waits[1].get("QueueTime"), "5");

    let agent_sid = connect(&story, caller.sid()).await;
    let exit = story.hook("/q/exit");
    assert_eq!(exit.get("QueueResult"), "redirected");
    assert_eq!(caller.status(), CallStatus::InProgress, "an ignored reply must not hang the caller up");
    assert_eq!(
        story.values("/room", "StatusCallbackEvent"),
        ["participant-join", "participant-join", "conference-start"]
    );
    let joins = story.hooks("/room");
    assert_eq!((joins[0].get("ParticipantLabel"), joins[1].get("ParticipantLabel")), ("agent", "customer"));
    assert_eq!(story.values("/room", "SequenceNumber"), ["1", "2", "3"]);
    assert_eq!(story.values("/agent/status", "CallStatus"), ["initiated", "ringing", "in-progress"]);

    let agent = story.carrier.call(&agent_sid).expect("the agent's call");
    story.pass(5.0).await;
    assert_eq!(texts(&agent, LineKind::Heard), ["+15550199001: I need help"]);

    story.pass(60.0).await;
    assert_eq!(agent.status(), CallStatus::Completed);
    assert_eq!(story.hook("/agent/exit").get("DialCallStatus"), "answered");
    assert_eq!(story.hook("/agent/exit").get("CallStatus"), "completed");
    let leave = story.hooks("/room").pop().expect("events");
    assert_eq!(leave.get("StatusCallbackEvent"), "participant-leave");
    assert_eq!(leave.get("ReasonParticipantLeft"), "participant_hung_up");
    assert_eq!(caller.status(), CallStatus::InProgress, "a lone customer stays in a silent conference");

    caller.hang_up();
    story.pass(1.0).await;
    let end = story.hooks("/room").pop().expect("events");
    assert_eq!(end.get("StatusCallbackEvent"), "conference-end");
    assert_eq!(end.get("ReasonConferenceEnded"), "participant-with-end-conference-on-exit-left");
    assert_eq!(caller.ended().await.status, CallStatus::Completed);
    assert_eq!(story.hook("/number-status").get("CallStatus"), "completed");
    assert!(story.all_hooks().iter().all(|hook| hook.signed), "every request must be signed");
    assert_eq!(said(&caller), ["Press one for sales."]);
    assert!(tells(&caller, "waits in queue sales"));
}
