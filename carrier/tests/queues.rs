//! Queues: waiting, leaving, being taken, and the races around them.

mod support;

use carrier::{CallStatus, Endpoint, Faults, LineKind, RedirectedReply, Script, Step};
use support::{ANN, OFFICE, Story, said, texts, twiml};

async fn queue() -> Story {
    let story = Story::begin().await;
    story
        .twiml("/voice", "<Enqueue action='/exit' waitUrl='/wait'>sales</Enqueue><Say>After the queue</Say>");
    story.twiml("/wait", "<Say>Please wait</Say><Pause length='5'/>");
    story.twiml("/exit", "<Say>Goodbye</Say>");
    story
}

async fn sid(story: &Story) -> String {
    let list = story.get("/Queues.json").await;
    list.body["queues"][0]["sid"].as_str().expect("a queue").to_owned()
}

#[tokio::test]
async fn positions_and_times_are_told_and_listed() {
    let story = queue().await;
    let first = story.calls([]);
    story.pass(4.0).await;
    let second = story.calls([]);
    story.pass(6.0).await;
    let waits = story.hooks("/wait");
    let positions: Vec<_> =
        waits.iter().map(|h| (h.get("CallSid") == first.sid(), h.get("QueuePosition"))).collect();
    assert!(positions.contains(&(true, "1")) && positions.contains(&(false, "2")), "{positions:?}");
    let members = story.get(&format!("/Queues/{}/Members.json", sid(&story).await)).await;
    let list = members.body["queue_members"].as_array().expect("a list");
    assert_eq!(list[0]["call_sid"], first.sid());
    assert_eq!((list[0]["position"].as_u64(), list[0]["wait_time"].as_u64()), (Some(1), Some(10)));
    assert_eq!((list[1]["call_sid"].as_str(), list[1]["position"].as_u64()), (Some(second.sid()), Some(2)));
    let front = story.get(&format!("/Queues/{}/Members/Front.json", sid(&story).await)).await;
    assert_eq!(front.text("call_sid"), first.sid());
}

#[tokio::test]
async fn whoever_hangs_up_in_the_queue_is_told_as_hangup_and_is_out() {
    let story = queue().await;
    let call = story.calls([Step::Wait(12.0), Step::HangUp]);
    story.pass(20.0).await;
    let exit = story.hook("/exit");
    assert_eq!(
        (exit.get("QueueResult"), exit.get("QueueTime"), exit.get("CallStatus")),
        ("hangup", "12", "completed")
    );
    assert_eq!(call.status(), CallStatus::Completed);
    assert_eq!(said(&call).last().map(String::as_str), Some("Please wait"), "its answer is not executed");
    let queue = story.get(&format!("/Queues/{}.json", sid(&story).await)).await;
    assert_eq!(queue.body["current_size"], 0);
    assert_eq!(queue.body["average_wait_time"], 12);
}

#[tokio::test]
async fn a_key_in_the_wait_document_can_leave_the_queue() {
    let story = queue().await;
    story.twiml(
        "/wait",
        "<Gather action='/choice' numDigits='1'><Say>Press star for a callback</Say></Gather>",
    );
    story.on("/choice", |hook| match hook.get("Digits") {
        "*" => twiml("<Leave/>"),
        _ => twiml("<Say>Stay then</Say>"),
    });
    let call = story.calls([Step::Press("1".into()), Step::Press("*".into())]);
    story.pass(20.0).await;
    assert_eq!(story.hook("/exit").get("QueueResult"), "leave");
    assert_eq!(said(&call).last().map(String::as_str), Some("Goodbye"));
    assert!(said(&call).contains(&"Stay then".to_owned()), "after another key the wait document comes again");
}

#[tokio::test]
async fn record_and_dial_are_not_allowed_while_waiting() {
    let story = queue().await;
    story.twiml("/wait", "<Record/><Dial>+15550177002</Dial><Pause length='5'/>");
    let call = story.calls([]);
    story.pass(3.0).await;
    let warnings = texts(&call, LineKind::Warning).join("\n");
    assert!(warnings.contains("<Record> is not allowed here") && warnings.contains("<Dial>"), "{warnings}");
    assert_eq!(call.status(), CallStatus::InProgress);
}

#[tokio::test]
async fn an_empty_wait_document_is_not_asked_for_more_than_once_a_second() {
    let story = queue().await;
    story.twiml("/wait", "");
    story.calls([]);
    story.pass(10.0).await;
    assert_eq!(story.hooks("/wait").len(), 11);
}

#[tokio::test]
async fn a_full_queue_takes_nobody() {
    let story = queue().await;
    story.twiml("/voice", "<Enqueue action='/exit' maxQueueSize='1' waitUrl=''>sales</Enqueue>");
    story.calls([]);
    story.pass(1.0).await;
    let second = story.calls([]);
    story.pass(0.5).await;
    let exit = story.hook("/exit");
    assert_eq!((exit.get("QueueResult"), exit.get("CallSid")), ("queue-full", second.sid()));
    assert_eq!(exit.params.get("QueueSid"), None, "it was never queued");
}

#[tokio::test]
async fn a_member_taken_over_rest_tells_its_action_and_goes_on_elsewhere() {
    let story = queue().await;
    story.twiml("/join", "<Say>Joining</Say><Pause length='60'/>");
    let call = story.calls([]);
    story.pass(3.0).await;
    let member = format!("/Queues/{}/Members/{}.json", sid(&story).await, call.sid());
    assert_eq!(story.post(&member, &[("Url", &story.url("/join"))]).await.status, 200);
    let again = story.post(&member, &[("Url", &story.url("/join"))]).await;
    assert_eq!((again.status, again.body["code"].as_u64()), (404, Some(20404)), "it is taken only once");
    story.pass(1.0).await;
    assert_eq!(story.hook("/exit").get("QueueResult"), "redirected");
    assert_eq!(said(&call).last().map(String::as_str), Some("Joining"));
}

#[tokio::test]
async fn the_reply_to_redirected_can_be_executed_instead() {
    let story = queue().await;
    story.faults(Faults { redirected_reply: RedirectedReply::Executed, ..Faults::default() });
    story.twiml("/join", "<Say>Joining</Say>");
    let call = story.calls([]);
    story.pass(3.0).await;
    let member = format!("/Queues/{}/Members/{}.json", sid(&story).await, call.sid());
    story.post(&member, &[("Url", &story.url("/join"))]).await;
    story.pass(0.5).await;
    assert_eq!((story.hooks("/join").len(), said(&call).last().map(String::as_str)), (1, Some("Goodbye")));
}

#[tokio::test]
async fn a_call_redirected_over_rest_leaves_its_queue() {
    let story = queue().await;
    story.twiml("/voicemail", "<Say>Leave a message</Say><Pause length='60'/>");
    let call = story.calls([]);
    story.pass(3.0).await;
    story.post(&format!("/Calls/{}.json", call.sid()), &[("Url", &story.url("/voicemail"))]).await;
    story.pass(1.0).await;
    assert_eq!(story.hook("/exit").get("QueueResult"), "redirected");
    assert_eq!(said(&call).last().map(String::as_str), Some("Leave a message"));
    assert_eq!(story.carrier.snapshot().queues, [("sales".to_owned(), 0)]);
}

#[tokio::test]
async fn an_agent_who_dials_the_queue_is_bridged_with_the_first_who_waits() {
    let story = queue().await;
    story.twiml("/agent", "<Dial action='/dialed'><Queue url='/about'>sales</Queue></Dial>");
    story.twiml("/about", "<Say>You are being connected</Say>");
    story.twiml("/dialed", "<Hangup/>");
    let first = story.calls([]);
    story.pass(1.0).await;
    let second = story.calls([]);
    story.pass(1.0).await;
    let talk = Script::new([Step::Speak("Sales here".into()), Step::Wait(10.0), Step::HangUp]);
    story.carrier.set_endpoint("client:ann", Endpoint::answers(1.0, talk));
    let form = [("To", "client:ann"), ("From", OFFICE), ("Url", &story.url("/agent"))];
    let agent = story.post("/Calls.json", &form).await.text("sid");
    story.pass(30.0).await;
    let about = story.hook("/about");
    assert_eq!((about.get("CallSid"), about.get("DequeingCallSid")), (first.sid(), agent.as_str()));
    assert_eq!(texts(&first, LineKind::Heard), ["client:ann: Sales here"]);
    let exit = story.hook("/exit");
    assert_eq!((exit.get("QueueResult"), exit.get("CallSid")), ("bridged", first.sid()));
    assert_eq!(story.hook("/dialed").get("CallStatus"), "completed");
    assert_eq!(second.status(), CallStatus::InProgress, "the second one still waits");
}

#[tokio::test]
async fn an_agent_who_dials_an_empty_queue_waits_for_the_next_caller() {
    let story = queue().await;
    story.twiml("/agent", "<Dial timeout='20' action='/dialed'><Queue>sales</Queue></Dial>");
    story.twiml("/dialed", "<Hangup/>");
    assert_eq!(story.post("/Queues.json", &[("FriendlyName", "sales")]).await.status, 201);
    let form = [("To", "client:ann"), ("From", OFFICE), ("Url", &story.url("/agent"))];
    story.post("/Calls.json", &form).await;
    story.pass(10.0).await;
    let caller = story.calls([Step::AfterConnected(4.0), Step::HangUp]);
    story.pass(10.0).await;
    let dialed = story.hook("/dialed");
    assert_eq!((dialed.get("DialCallStatus"), dialed.get("DialCallSid")), ("completed", caller.sid()));
    assert_eq!(dialed.get("DialCallDuration"), "4");
    assert_eq!(story.hook("/exit").get("CallStatus"), "completed");

    story.post("/Calls.json", &form).await;
    story.pass(40.0).await;
    assert_eq!(story.hooks("/dialed").pop().expect("two").get("DialCallStatus"), "no-answer");
    let late = story.calls([]);
    story.pass(5.0).await;
    assert_eq!(late.status(), CallStatus::InProgress, "a dialler who gave up takes nobody ({ANN})");
    assert_eq!(story.carrier.snapshot().queues, [("sales".to_owned(), 1)]);
}

#[tokio::test]
async fn a_caller_taken_in_the_moment_in_which_his_dialler_hangs_up_does_not_hang() {
    let story = queue().await;
    story.twiml("/agent", "<Dial><Queue url='/about'>sales</Queue></Dial>");
    story.twiml("/about", "<Say>You are being connected to somebody soon</Say>");
    let caller = story.calls([]);
    story.pass(2.0).await;
    story
        .carrier
        .set_endpoint("client:ann", Endpoint::answers(1.0, Script::new([Step::Wait(1.0), Step::HangUp])));
    let form = [("To", "client:ann"), ("From", OFFICE), ("Url", &story.url("/agent"))];
    story.post("/Calls.json", &form).await;
    story.pass(20.0).await;
    assert_eq!(story.hook("/exit").get("QueueResult"), "bridged");
    assert_eq!(caller.status(), CallStatus::Completed, "it has gone on with its action");
}
