//! Transfers as a contact centre makes them: agents come and go, the customer stays.

mod support;

use carrier::{Answer, CallHandle, CallStatus, Endpoint, LineKind, Script};
use support::{OFFICE, Story, said, texts};

/// A customer and the first agent in a conference, both entered by their own documents.
async fn talking() -> (Story, CallHandle, CallHandle) {
    let story = Story::begin().await;
    let join = |label: &str, end: &str| {
        format!(
            "<Dial action='/exit/{label}'><Conference participantLabel='{label}' endConferenceOnExit='{end}' waitUrl='' \
             statusCallback='/room' statusCallbackEvent='start end join leave hold modify mute'>room</Conference></Dial>"
        )
    };
    story.twiml("/voice", &join("customer", "true"));
    story.twiml("/join/one", &join("one", "false"));
    story.twiml("/join/two", &join("two", "false"));
    story.twiml("/hold", "<Play>http://music.example/hold.mp3</Play><Redirect method='GET'/>");
    let customer = story.calls([]);
    story.pass(1.0).await;
    let one = agent(&story, "one").await;
    story.pass(3.0).await;
    assert_eq!(story.values("/room", "ParticipantLabel"), ["customer", "one", ""]);
    (story, customer, one)
}

async fn agent(story: &Story, name: &str) -> CallHandle {
    let (to, url) = (format!("client:{name}"), story.url(&format!("/join/{name}")));
    let status = story.url(&format!("/status/{name}"));
    let form = [
        ("To", to.as_str()),
        ("From", OFFICE),
        ("Url", &url),
        ("StatusCallback", &status),
        ("Timeout", "10"),
    ];
    let reply = story.post("/Calls.json", &form).await;
    story.carrier.call(&reply.text("sid")).expect("the call that was made")
}

async fn participant(story: &Story, call: &CallHandle, form: &[(&str, &str)]) -> u16 {
    story.post(&format!("/Conferences/room/Participants/{}.json", call.sid()), form).await.status
}

#[tokio::test]
async fn a_warm_transfer_holds_the_customer_until_the_agents_have_talked() {
    let (story, customer, one) = talking().await;
    assert_eq!(
        participant(&story, &customer, &[("Hold", "true"), ("HoldUrl", &story.url("/hold"))]).await,
        200
    );
    let two = agent(&story, "two").await;
    story.pass(3.0).await;
    one.say("This is about invoice seven");
    story.pass(1.0).await;
    assert_eq!(texts(&two, LineKind::Heard), ["client:one: This is about invoice seven"]);
    assert_eq!(texts(&customer, LineKind::Heard), Vec::<String>::new());
    assert!(texts(&customer, LineKind::Played).iter().all(|line| line.ends_with("hold.mp3")));
    participant(&story, &customer, &[("Hold", "false")]).await;
    story.pass(1.0).await;
    assert_eq!(story.delete(&format!("/Conferences/room/Participants/{}.json", one.sid())).await.status, 204);
    story.pass(1.0).await;
    assert_eq!(story.hook("/exit/one").get("DialCallStatus"), "answered");
    assert_eq!(one.status(), CallStatus::Completed, "an empty exit document ends the agent's call");
    two.say("Good day");
    story.pass(1.0).await;
    assert_eq!(texts(&customer, LineKind::Heard), ["client:two: Good day"]);
    customer.hang_up();
    story.pass(1.0).await;
    assert_eq!(two.status(), CallStatus::Completed);
    assert_eq!(
        story.hook("/exit/two").get("CallStatus"),
        "in-progress",
        "he was put out and has not hung up"
    );
}

#[tokio::test]
async fn a_transfer_to_nobody_leaves_the_customer_on_hold() {
    let (story, customer, one) = talking().await;
    participant(&story, &customer, &[("Hold", "true")]).await;
    story.carrier.set_endpoint("client:two", Endpoint::only(Answer::Never));
    let two = agent(&story, "two").await;
    story.delete(&format!("/Conferences/room/Participants/{}.json", one.sid())).await;
    story.pass(20.0).await;
    assert_eq!(
        (two.status(), story.hook("/status/two").get("CallStatus")),
        (CallStatus::NoAnswer, "no-answer")
    );
    assert_eq!(customer.status(), CallStatus::InProgress);
    assert_eq!(texts(&customer, LineKind::Played), ["hold music"]);
    let list = story.get("/Conferences/room/Participants.json").await;
    assert_eq!(list.body["participants"].as_array().map(Vec::len), Some(1));
    assert_eq!(list.body["participants"][0]["hold"], true);
}

#[tokio::test]
async fn a_redirected_child_lives_on_and_its_parent_is_not_told_a_length() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Dial action='/dialed'>+15550177002</Dial>");
    story.twiml("/dialed", "<Say>Still here</Say>");
    story.twiml("/survey", "<Say>How was it</Say><Pause length='30'/>");
    story.carrier.set_endpoint("+15550177002", Endpoint::answers(1.0, Script::silent()));
    let caller = story.calls([]);
    story.pass(5.0).await;
    let child = story.carrier.snapshot().calls[0].sid.clone();
    story.post(&format!("/Calls/{child}.json"), &[("Url", &story.url("/survey"))]).await;
    story.pass(0.5).await;
    let dialed = story.hook("/dialed");
    assert_eq!((dialed.get("DialCallSid"), dialed.params.get("DialCallDuration")), (child.as_str(), None));
    assert_eq!(said(&caller), ["Still here"]);
    let child = story.carrier.call(&child).expect("the child");
    assert_eq!((child.status(), said(&child)), (CallStatus::InProgress, vec!["How was it".to_owned()]));
}

#[tokio::test]
async fn a_dial_is_recorded_and_ends_at_its_time_limit() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Dial record='record-from-answer' recordingStatusCallback='/recording' timeLimit='8' \
         action='/dialed'>+15550177002</Dial>",
    );
    story.twiml("/dialed", "<Hangup/>");
    let caller = story.calls([]);
    story.pass(20.0).await;
    assert_eq!(story.hook("/dialed").get("DialCallDuration"), "8");
    let recording = story.hook("/recording");
    assert_eq!((recording.get("RecordingSource"), recording.get("RecordingDuration")), ("DialVerb", "8"));
    assert_eq!(recording.get("CallSid"), caller.sid(), "of a dial, the parent's");
    assert!(story.carrier.snapshot().calls.iter().all(|call| call.status == CallStatus::Completed));
}

#[tokio::test]
async fn phones_dialled_one_after_the_other_ring_one_after_the_other() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Dial sequential='true' timeout='5'><Number>+15550177001</Number><Number>+15550177002</Number></Dial>",
    );
    story.carrier.set_endpoint("+15550177001", Endpoint::only(Answer::Never));
    let caller = story.calls([]);
    story.pass(9.0).await;
    assert_eq!(story.carrier.snapshot().calls.len(), 2, "the second one does not ring yet");
    story.pass(6.0).await;
    assert!(texts(&caller, LineKind::Status).contains(&"connected with +15550177002".to_owned()));
}

#[tokio::test]
async fn a_caller_redirected_out_of_a_bridge_with_his_queue_says_so() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Enqueue action='/exit' waitUrl=''>sales</Enqueue>");
    story.twiml("/agent", "<Dial action='/dialed'><Queue>sales</Queue></Dial>");
    story.twiml("/dialed", "<Pause length='30'/>");
    story.twiml("/other", "<Say>Elsewhere</Say><Pause length='30'/>");
    let caller = story.calls([]);
    story.pass(1.0).await;
    story.post("/Calls.json", &[("To", "client:ann"), ("From", OFFICE), ("Url", &story.url("/agent"))]).await;
    story.pass(5.0).await;
    story.post(&format!("/Calls/{}.json", caller.sid()), &[("Url", &story.url("/other"))]).await;
    story.pass(1.0).await;
    assert_eq!(story.hook("/exit").get("QueueResult"), "redirected-from-bridged");
    assert_eq!(said(&caller), ["Elsewhere"]);
    assert_eq!(story.hook("/dialed").params.get("DialCallDuration"), None);
}
