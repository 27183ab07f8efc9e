//! What goes wrong on request.

mod support;

use carrier::{
    CallStatus, CallbackEffect, CallbackFault, CallbackKind, Faults, RestEffect, RestFault, WebhookEffect,
    WebhookFault,
};
use support::{ANN, OFFICE, Story, said};

const PROGRESS: [(&str, &str); 4] = [
    ("StatusCallbackEvent", "initiated"),
    ("StatusCallbackEvent", "ringing"),
    ("StatusCallbackEvent", "answered"),
    ("StatusCallbackEvent", "completed"),
];

/// One answered call out with these faults of its callbacks; the events and when they came, in seconds.
async fn progress(does: CallbackEffect, event: Option<&str>) -> Vec<(String, i64)> {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='10'/>");
    let fault =
        CallbackFault { event: event.map(str::to_owned), ..CallbackFault::of(CallbackKind::Call, does) };
    story.faults(Faults { seed: 3, callbacks: vec![fault], ..Faults::default() });
    let began = story.clock.now();
    let (url, status) = (story.url("/answer"), story.url("/status"));
    let mut form = vec![("To", "client:ann"), ("From", OFFICE), ("Url", &url), ("StatusCallback", &status)];
    form.extend(PROGRESS);
    story.post("/Calls.json", &form).await;
    story.pass(60.0).await;
    story
        .hooks("/status")
        .iter()
        .map(|h| (h.get("CallStatus").to_owned(), (h.at - began).num_seconds()))
        .collect()
}

fn names(progress: &[(String, i64)]) -> Vec<&str> {
    progress.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_late_callback_holds_up_those_behind_it() {
    let progress = progress(CallbackEffect::Late(20.0), Some("ringing")).await;
    assert_eq!(names(&progress), ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(progress.iter().map(|(_, at)| *at).collect::<Vec<_>>(), [0, 20, 20, 20]);
}

#[tokio::test]
async fn a_doubled_callback_comes_twice() {
    let progress = progress(CallbackEffect::Double, None).await;
    assert_eq!(
        names(&progress),
        [
            "initiated",
            "initiated",
            "ringing",
            "ringing",
            "in-progress",
            "in-progress",
            "completed",
            "completed"
        ]
    );
}

#[tokio::test]
async fn a_lost_callback_does_not_come() {
    let progress = progress(CallbackEffect::Lost, Some("completed")).await;
    assert_eq!(names(&progress), ["initiated", "ringing", "in-progress"]);
}

#[tokio::test]
async fn an_overtaken_callback_comes_after_the_next_one() {
    let progress = progress(CallbackEffect::Reorder, Some("initiated")).await;
    assert_eq!(progress.len(), 4);
    assert_ne!(progress[0].0, "initiated", "ringing comes 0.2 s later and overtakes it: {progress:?}");
    assert!(progress.iter().any(|(name, _)| name == "initiated"));
}

#[tokio::test]
async fn a_request_that_arrives_twice_is_executed_once() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Hello</Say>");
    story.faults(Faults {
        webhooks: vec![WebhookFault::once("/voice", WebhookEffect::Double)],
        ..Faults::default()
    });
    let call = story.calls([]);
    story.pass(5.0).await;
    assert_eq!((story.hooks("/voice").len(), said(&call)), (2, vec!["Hello".to_owned()]));
}

#[tokio::test]
async fn an_unreachable_application_is_reported_as_such() {
    let story = Story::begin().await;
    story.faults(Faults {
        webhooks: vec![WebhookFault::once("/voice", WebhookEffect::Unreachable)],
        ..Faults::default()
    });
    let call = story.calls([]);
    story.pass(10.0).await;
    assert_eq!((story.hooks("/voice").len(), call.status()), (0, CallStatus::Completed));
    assert!(support::tells(&call, "11205"));
}

#[tokio::test]
async fn a_refused_request_has_no_effect_and_says_when_to_come_again() {
    let story = Story::begin().await;
    let rest = vec![
        RestFault::once("POST", "/Messages", RestEffect::TooManyRequests { retry_after: 7 }),
        RestFault::once("POST", "/Messages", RestEffect::ServerError),
    ];
    story.faults(Faults { rest, ..Faults::default() });
    let form = [("To", ANN), ("From", OFFICE), ("Body", "Hello")];
    let limited = story.post("/Messages.json", &form).await;
    assert_eq!(
        (limited.status, limited.body["code"].as_u64(), limited.retry_after.as_deref()),
        (429, Some(20429), Some("7"))
    );
    let broken = story.post("/Messages.json", &form).await;
    assert_eq!((broken.status, broken.body["code"].as_u64()), (500, Some(20500)));
    assert_eq!(story.carrier.messages(), []);
    assert_eq!(story.post("/Messages.json", &form).await.status, 201);
}

#[tokio::test]
async fn a_lost_reply_breaks_the_connection_after_the_call_was_made() {
    let story = Story::begin().await;
    story.twiml("/answer", "<Pause length='60'/>");
    story.faults(Faults {
        rest: vec![RestFault::once("POST", "/Calls", RestEffect::ReplyLost)],
        ..Faults::default()
    });
    let form = [("To", "client:ann"), ("From", OFFICE), ("Url", &story.url("/answer"))];
    let lost = story.try_post("/Calls.json", &form).await;
    assert!(lost.is_err(), "no reply may arrive: {lost:?}");
    story.pass(5.0).await;
    let calls = story.get("/Calls.json?To=client%3Aann").await;
    assert_eq!(
        calls.body["calls"].as_array().map(Vec::len),
        Some(1),
        "the request is sent once and has its effect"
    );
    assert_eq!(calls.body["calls"][0]["status"], "in-progress");
}

#[tokio::test]
async fn a_slow_reply_takes_the_clocks_time() {
    let story = Story::begin().await;
    story.faults(Faults {
        rest: vec![RestFault::once("GET", "/Calls", RestEffect::Slow(30.0))],
        ..Faults::default()
    });
    let began = story.clock.now();
    let url = story.rest_url("/Calls.json");
    let request = story.http().get(url).basic_auth(support::ACCOUNT, Some(support::TOKEN)).send();
    let reply = tokio::spawn(request);
    // The request is on its way in the machine's time: time moves on in small steps until the answer is there.
    while !reply.is_finished() {
        story.pass(1.0).await;
    }
    assert_eq!(reply.await.expect("no panic").expect("an answer").status(), 200);
    assert!((story.clock.now() - began).num_seconds() >= 30);
}
