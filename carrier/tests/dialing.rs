//! Calls out: over REST, and by `<Dial>` to phones.

mod support;

use carrier::{Answer, AnsweredBy, CallStatus, Endpoint, LineKind, Script, Step};
use support::{ANN, OFFICE, Rest, Story, said, texts};

const BOB: &str = "+15550177002";

/// Calls somebody over REST with all progress events.
async fn ring(story: &Story, to: &str, extra: &[(&str, &str)]) -> Rest {
    let (answer, status) = (story.url("/answer"), story.url("/status"));
    let mut form = vec![("To", to), ("From", OFFICE), ("Url", &answer), ("StatusCallback", &status)];
    form.extend(["initiated", "ringing", "answered", "completed"].map(|e| ("StatusCallbackEvent", e)));
    form.extend(extra);
    let reply = story.post("/Calls.json", &form).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    reply
}

#[tokio::test]
async fn a_phone_that_nobody_described_answers_by_itself() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Say>Hello there</Say>");
    let client = ring(&story, "client:ann", &[]).await;
    assert_eq!((client.text("status"), client.text("direction")), ("queued".into(), "outbound-api".into()));
    story.pass(1.3).await;
    assert_eq!(story.values("/status", "CallStatus"), ["initiated", "ringing", "in-progress"]);
    story.pass(10.0).await;
    assert_eq!(story.values("/status", "CallStatus")[3], "completed");
    assert_eq!(story.values("/status", "SequenceNumber"), ["0", "1", "2", "3"]);
    let last = story.hooks("/status").pop().expect("four");
    assert_eq!((last.get("CallDuration"), last.get("To")), ("1", "client:ann"));
    let fetched = story.get(&format!("/Calls/{}.json", client.text("sid"))).await;
    assert_eq!((fetched.text("status"), fetched.text("duration")), ("completed".into(), "1".into()));
}

#[tokio::test]
async fn a_call_that_is_not_taken_ends_in_the_way_it_was_not_taken() {
    let cases = [
        (Answer::Busy, "busy", vec!["initiated", "completed"], 2.0),
        (Answer::Reject, "busy", vec!["initiated", "ringing", "completed"], 2.0),
        (Answer::Unreachable, "failed", vec!["initiated", "completed"], 1.0),
        // The timeout and the five seconds that Twilio adds.
        (Answer::Never, "no-answer", vec!["initiated", "ringing", "completed"], 15.3),
        (Answer::After(16.0), "no-answer", vec!["initiated", "ringing", "completed"], 15.3),
    ];
    for (answer, status, events, after) in cases {
        let story = Story::begin().await;
        story.carrier.set_endpoint(BOB, Endpoint::only(answer));
        let call = ring(&story, BOB, &[("Timeout", "10")]).await;
        story.pass(after).await;
        let hooks = story.hooks("/status");
        assert_eq!(hooks.len(), events.len(), "{answer:?}: {hooks:#?}");
        assert_eq!(hooks.last().expect("one").get("CallStatus"), status, "{answer:?}");
        assert_eq!(story.get(&format!("/Calls/{}.json", call.text("sid"))).await.text("status"), status);
        assert_eq!(story.hooks("/answer").len(), 0, "{answer:?}");
    }
}

#[tokio::test]
async fn a_ringing_call_can_be_canceled_and_a_live_one_completed() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='60'/>");
    story.carrier.set_endpoint(BOB, Endpoint::answers(5.0, Script::silent()));
    let first = ring(&story, BOB, &[]).await.text("sid");
    story.pass(2.0).await;
    assert_eq!(story.post(&format!("/Calls/{first}.json"), &[("Status", "canceled")]).await.status, 200);
    story.pass(1.0).await;
    assert_eq!(story.get(&format!("/Calls/{first}.json")).await.text("status"), "canceled");
    let second = ring(&story, BOB, &[]).await.text("sid");
    story.pass(10.0).await;
    let refused = story.post(&format!("/Calls/{second}.json"), &[("Status", "canceled")]).await;
    assert_eq!((refused.status, refused.body["code"].as_u64()), (400, Some(21220)));
    story.post(&format!("/Calls/{second}.json"), &[("Status", "completed")]).await;
    story.pass(1.0).await;
    assert_eq!(story.get(&format!("/Calls/{second}.json")).await.text("status"), "completed");
    let over = story.post(&format!("/Calls/{second}.json"), &[("Url", &story.url("/x"))]).await;
    assert_eq!((over.status, over.body["code"].as_u64()), (400, Some(21220)));
}

#[tokio::test]
async fn a_live_call_can_be_given_another_document() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Please hold the line for a long while</Say><Pause length='60'/>");
    story.twiml("/other", "<Say>Moved</Say><Pause length='60'/>");
    let call = story.calls([]);
    story.pass(10.0).await;
    let path = format!("/Calls/{}.json", call.sid());
    assert_eq!(story.post(&path, &[("Url", &story.url("/other"))]).await.status, 200);
    story.pass(1.0).await;
    assert_eq!(said(&call).last().map(String::as_str), Some("Moved"));
    story.post(&path, &[("Twiml", "<Response><Say>Bye</Say></Response>")]).await;
    story.pass(2.0).await;
    assert_eq!(said(&call).last().map(String::as_str), Some("Bye"));
    assert_eq!(call.status(), CallStatus::Completed);
}

#[tokio::test]
async fn who_answered_is_told_when_it_was_asked_for() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Hangup/>");
    let machine =
        Endpoint { answered_by: AnsweredBy::MachineStart, ..Endpoint::answers(1.0, Script::silent()) };
    story.carrier.set_endpoint(BOB, machine);
    ring(&story, BOB, &[("MachineDetection", "Enable")]).await;
    story.pass(3.0).await;
    assert_eq!(story.hook("/answer").get("AnsweredBy"), "machine_start");
}

#[tokio::test]
async fn who_answered_is_told_beside_the_call_when_nothing_waits_for_it() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='30'/>");
    let machine =
        Endpoint { answered_by: AnsweredBy::MachineEndBeep, ..Endpoint::answers(1.0, Script::silent()) };
    story.carrier.set_endpoint(BOB, machine);
    let heard = story.url("/heard");
    let asked =
        [("MachineDetection", "DetectMessageEnd"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", &heard)];
    let call = ring(&story, BOB, &asked).await;
    story.pass(5.0).await;
    assert_eq!(story.hook("/answer").get("AnsweredBy"), "", "the document did not wait");
    assert_eq!(story.hooks("/heard").len(), 0, "the greeting is not over");
    story.pass(6.0).await;
    let told = story.hook("/heard");
    assert_eq!(
        (told.get("AnsweredBy"), told.get("CallSid")),
        ("machine_end_beep", call.text("sid").as_str())
    );
    assert_eq!(told.get("MachineDetectionDuration"), "8000");
}

#[tokio::test]
async fn who_has_hung_up_before_he_was_heard_is_told_of_by_nobody() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='30'/>");
    story.carrier.set_endpoint(BOB, Endpoint::answers(1.0, Script::new([Step::Wait(1.0), Step::HangUp])));
    let heard = story.url("/heard");
    let asked = [("MachineDetection", "Enable"), ("AsyncAmd", "true"), ("AsyncAmdStatusCallback", &heard)];
    ring(&story, BOB, &asked).await;
    story.pass(20.0).await;
    assert_eq!(story.hooks("/heard").len(), 0);
}

#[tokio::test]
async fn a_dialled_phone_is_bridged_until_one_side_hangs_up() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Dial action='/dialed' callerId='+15550100000'><Number statusCallback='/child' \
         statusCallbackEvent='initiated ringing answered completed'>+15550177002</Number></Dial>",
    );
    story.twiml("/dialed", "<Say>Goodbye</Say>");
    story.carrier.set_endpoint(
        BOB,
        Endpoint::answers(
            2.0,
            Script::new([Step::Speak("Bob speaking".into()), Step::Wait(9.3), Step::HangUp]),
        ),
    );
    let call = story.calls([Step::UntilSaid("bob".into()), Step::Speak("Hello Bob".into())]);
    story.pass(30.0).await;
    assert_eq!(texts(&call, LineKind::Heard), ["+15550177002: Bob speaking"]);
    let children = story.hooks("/child");
    assert_eq!(
        children.iter().map(|h| h.get("CallStatus")).collect::<Vec<_>>(),
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(
        (children[0].get("ParentCallSid"), children[0].get("Direction")),
        (call.sid(), "outbound-dial")
    );
    assert_eq!(children[0].get("From"), OFFICE);
    let dialed = story.hook("/dialed");
    assert_eq!((dialed.get("DialCallStatus"), dialed.get("DialCallDuration")), ("completed", "10"));
    assert_eq!(dialed.get("DialCallSid"), children[0].get("CallSid"));
    assert_eq!(said(&call), ["Goodbye"]);
    let child = story.carrier.call(children[0].get("CallSid")).expect("the child's call");
    assert_eq!(texts(&child, LineKind::Heard), [format!("{ANN}: Hello Bob")]);
}

#[tokio::test]
async fn an_address_of_sip_is_a_phone_like_any_other() {
    for (answer, status) in
        [(Answer::After(1.0), "completed"), (Answer::Busy, "busy"), (Answer::Never, "no-answer")]
    {
        let story = Story::begin().await;
        story.twiml(
            "/voice",
            "<Dial action='/dialed' timeout='5'><Sip>sip:desk@example.com?x-a=1</Sip></Dial>",
        );
        story.twiml("/dialed", "<Hangup/>");
        let script = Script::new([Step::AfterConnected(3.0), Step::HangUp]);
        let desk = Endpoint { script, ..Endpoint::only(answer) };
        story.carrier.set_endpoint("sip:desk@example.com", desk);
        story.calls([]);
        story.pass(30.0).await;
        assert_eq!(story.hook("/dialed").get("DialCallStatus"), status);
    }
}

#[tokio::test]
async fn the_first_phone_that_answers_wins_and_the_others_stop_ringing() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Dial action='/dialed'><Client>slow</Client><Client>fast</Client></Dial>");
    story.carrier.set_endpoint("client:slow", Endpoint::answers(4.0, Script::silent()));
    story.carrier.set_endpoint("client:fast", Endpoint::answers(2.0, Script::silent()));
    let call = story.calls([Step::AfterConnected(5.0), Step::HangUp]);
    story.pass(20.0).await;
    let calls = story.carrier.snapshot().calls;
    let status = |to: &str| calls.iter().find(|c| c.to == to).map(|c| c.status);
    assert_eq!(status("client:slow"), Some(CallStatus::Canceled));
    assert_eq!(status("client:fast"), Some(CallStatus::Completed));
    assert_eq!(call.status(), CallStatus::Completed);
    assert_eq!(story.hook("/dialed").get("CallStatus"), "completed");
}

#[tokio::test]
async fn a_dial_that_nobody_takes_goes_on_with_the_document() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Dial timeout='10'>+15550177002</Dial><Say>Nobody is there</Say>");
    story.carrier.set_endpoint(BOB, Endpoint::only(Answer::Never));
    let call = story.calls([]);
    story.pass(15.0).await;
    assert_eq!(said(&call), Vec::<String>::new());
    story.pass(5.0).await;
    assert_eq!(said(&call), ["Nobody is there"]);
}

#[tokio::test]
async fn a_whisper_is_heard_by_the_one_who_answers_before_the_bridge() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Dial action='/dialed'><Number url='/whisper'>+15550177002</Number></Dial>");
    story.twiml(
        "/whisper",
        "<Gather numDigits='1' action='/accept'><Say>Press one to accept</Say></Gather><Hangup/>",
    );
    story.twiml("/accept", "<Say>Connecting</Say>");
    story.twiml("/dialed", "<Hangup/>");
    story.carrier.set_endpoint(BOB, Endpoint::answers(1.0, Script::new([Step::Press("1".into())])));
    let call = story.calls([Step::AfterConnected(3.0), Step::HangUp]);
    story.pass(20.0).await;
    assert_eq!(story.hook("/accept").get("Digits"), "1");
    assert_eq!(said(&call), Vec::<String>::new(), "the caller hears nothing of it");
    assert!(texts(&call, LineKind::Status).contains(&format!("connected with {BOB}")));

    story.carrier.set_endpoint(BOB, Endpoint::answers(1.0, Script::silent()));
    let declined = story.calls([]);
    story.pass(20.0).await;
    assert_eq!(story.hooks("/dialed").pop().expect("two").get("DialCallStatus"), "completed");
    assert!(!texts(&declined, LineKind::Status).contains(&format!("connected with {BOB}")));
}

#[tokio::test]
async fn a_call_ends_when_its_time_is_over() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='600'/>");
    let first = ring(&story, BOB, &[("TimeLimit", "30")]).await.text("sid");
    let second = ring(&story, BOB, &[]).await.text("sid");
    story.pass(20.0).await;
    story.post(&format!("/Calls/{second}.json"), &[("TimeLimit", "45")]).await;
    story.pass(60.0).await;
    for (sid, duration) in [(first, "30"), (second, "45")] {
        assert_eq!(story.get(&format!("/Calls/{sid}.json")).await.text("duration"), duration);
    }
}
