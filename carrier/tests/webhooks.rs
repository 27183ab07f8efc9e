//! How documents are had, and what happens when they are not.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carrier::{
    CallStatus, Faults, LineKind, NewCall, NewNumber, Script, Settings, Step, WebhookEffect, WebhookFault,
};
use clock::Clock;
use support::{ACCOUNT, ANN, OFFICE, Story, TOKEN, failing, moved, plain, said, tells, texts, twiml};

const APOLOGY: &str = "We are sorry, an application error has occurred. Goodbye.";

#[tokio::test]
async fn the_first_request_carries_what_twilio_sends() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Hangup/>");
    let call = story.calls([]);
    story.pass(1.0).await;
    let hook = story.hook("/voice");
    assert_eq!(hook.method, "POST");
    let expected = [
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call.sid()),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", ANN),
        ("Caller", ANN),
        ("To", OFFICE),
        ("Called", OFFICE),
        ("FromCountry", "US"),
        ("ToCity", ""),
    ];
    for (name, value) in expected {
        assert_eq!(hook.params.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(!hook.token.is_empty(), "requests carry an idempotency token");
    assert_eq!(hook.params.get("CallerName"), None, "only with VoiceCallerIdLookup");
}

#[tokio::test]
async fn what_the_outside_world_tells_of_a_call_comes_with_it() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Hangup/>");
    let mut call = NewCall::new("anonymous", OFFICE, Script::silent());
    call.params =
        [("ForwardedFrom", "+15550123456"), ("ToCity", "AUSTIN")].map(|(n, v)| (n.into(), v.into())).into();
    story.carrier.place_call(call);
    story.pass(1.0).await;
    let hook = story.hook("/voice");
    assert_eq!(
        (hook.get("From"), hook.get("ForwardedFrom"), hook.get("ToCity")),
        ("anonymous", "+15550123456", "AUSTIN")
    );
    assert_eq!(hook.params.get("FromCity"), None, "a hidden number has no place");
    assert!(hook.signed);
}

#[tokio::test]
async fn the_fallback_is_asked_with_the_error_and_can_save_the_call() {
    let story = Story::begin().await;
    let mut number = NewNumber::new("+15550100001", story.url("/voice"));
    number.voice_fallback_url = story.url("/fallback");
    story.carrier.add_number(number);
    story.on("/voice", |_| failing(500));
    story.twiml("/fallback", "<Say>One moment</Say>");
    let call = story.carrier.place_call(NewCall::new(ANN, "+15550100001", Script::silent()));
    story.pass(5.0).await;
    let hook = story.hook("/fallback");
    assert_eq!((hook.get("ErrorCode"), hook.get("ErrorUrl")), ("11200", story.url("/voice").as_str()));
    assert_eq!(said(&call), ["One moment"]);
}

#[tokio::test]
async fn without_a_document_the_caller_hears_an_apology() {
    let answers = [
        (failing(404), "11200"),
        (plain("text/xml", "<Response>"), "12100"),
        (plain("application/json", "{}"), "12300"),
        (twiml("<Redirect>ftp://nowhere/</Redirect>"), "11100"),
        (plain("text/xml", &"x".repeat(70_000)), "11750"),
    ];
    for (answer, code) in answers {
        let story = Story::begin().await;
        story.on("/voice", move |_| answer.clone());
        let call = story.calls([]);
        story.pass(10.0).await;
        assert_eq!(call.ended().await.status, CallStatus::Completed, "{code}");
        assert_eq!(said(&call), [APOLOGY], "{code}");
        let errors = texts(&call, LineKind::Error);
        assert!(errors.iter().any(|e| e.starts_with(code)), "{code} is not in {errors:?}");
    }
}

#[tokio::test]
async fn text_is_spoken_and_sound_is_played() {
    let story = Story::begin().await;
    story.on("/voice", |_| plain("text/plain; charset=utf-8", "We are\n closed"));
    let spoken = story.calls([]);
    story.pass(5.0).await;
    story.on("/voice", |_| plain("audio/mpeg", "…"));
    let played = story.calls([]);
    story.pass(10.0).await;
    assert_eq!(said(&spoken), ["We are closed"]);
    assert_eq!(texts(&played, LineKind::Played), [story.url("/voice")]);
    assert_eq!(played.status(), CallStatus::Completed);
}

#[tokio::test]
async fn a_retry_policy_repeats_the_request_with_the_same_token() {
    let story = Story::begin().await;
    story.carrier.add_number(NewNumber::new("+15550100001", story.url("/flaky#rc=2&rp=5xx")));
    let tries = AtomicUsize::new(0);
    story.on("/flaky", move |_| match tries.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => failing(503),
        _ => twiml("<Say>Hello</Say>"),
    });
    let call = story.carrier.place_call(NewCall::new(ANN, "+15550100001", Script::silent()));
    story.pass(5.0).await;
    let hooks = story.hooks("/flaky");
    assert_eq!(hooks.len(), 3);
    assert!(hooks.iter().all(|hook| hook.token == hooks[0].token && hook.signed), "{hooks:#?}");
    assert_eq!(said(&call), ["Hello"]);
}

#[tokio::test]
async fn by_default_an_error_reply_is_not_retried() {
    let story = Story::begin().await;
    story.on("/voice", |_| failing(503));
    story.calls([]);
    story.pass(5.0).await;
    assert_eq!(story.hooks("/voice").len(), 1);
}

#[tokio::test]
async fn ten_redirects_are_followed_and_no_more() {
    let story = Story::begin().await;
    story.on("/voice", |hook| {
        let n: u32 =
            hook.query.split('&').find_map(|p| p.strip_prefix("n=")).map_or(0, |n| n.parse().unwrap());
        if n < 10 { moved(302, &format!("/voice?n={}", n + 1)) } else { twiml("<Say>Here</Say>") }
    });
    let call = story.calls([]);
    story.pass(5.0).await;
    assert_eq!(said(&call), ["Here"]);
    let last = story.hooks("/voice").pop().expect("requests");
    assert_eq!((last.method.as_str(), last.get("CallSid"), last.signed), ("GET", call.sid(), true));

    story.on("/voice", |_| moved(307, "/voice"));
    let lost = story.calls([]);
    story.pass(10.0).await;
    assert!(tells(&lost, "11215"), "{:#?}", lost.transcript());
    assert_eq!(story.hooks("/voice").pop().expect("requests").method, "POST", "307 keeps the method");
}

#[tokio::test]
async fn a_number_that_nobody_configured_fails_and_says_so() {
    let story = Story::begin().await;
    let call = story.carrier.place_call(NewCall::new(ANN, "+15559999999", Script::silent()));
    story.pass(1.0).await;
    assert_eq!(call.ended().await.status, CallStatus::Failed);
    assert!(tells(&call, "nobody configured this number"));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_thrown_away_though_the_request_arrived() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Too late</Say>");
    story.faults(Faults {
        webhooks: vec![WebhookFault::once("/voice", WebhookEffect::Slow(20.0))],
        ..Faults::default()
    });
    let call = story.calls([]);
    story.pass(14.9).await;
    assert_eq!((said(&call), story.hooks("/voice").len()), (Vec::new(), 1));
    story.pass(5.0).await;
    assert_eq!(said(&call), [APOLOGY]);
}

#[tokio::test]
async fn a_slow_answer_within_the_limit_counts() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Hello</Say>");
    story.faults(Faults {
        webhooks: vec![WebhookFault::once("/voice", WebhookEffect::Slow(14.0))],
        ..Faults::default()
    });
    let call = story.calls([]);
    story.pass(13.9).await;
    assert_eq!(said(&call), Vec::<String>::new());
    story.pass(1.0).await;
    assert_eq!(said(&call), ["Hello"]);
}

#[tokio::test]
async fn whoever_hangs_up_during_a_slow_answer_is_gone_when_it_comes() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Hello</Say>");
    story.faults(Faults {
        webhooks: vec![WebhookFault::once("/voice", WebhookEffect::Slow(10.0))],
        ..Faults::default()
    });
    let call = story.calls([Step::Wait(2.0), Step::PressNow("1".into()), Step::Wait(1.0), Step::HangUp]);
    story.pass(9.0).await;
    assert_eq!(call.status(), CallStatus::Ringing);
    story.pass(2.0).await;
    assert_eq!((call.status(), said(&call)), (CallStatus::NoAnswer, Vec::new()));
}

#[tokio::test]
async fn an_application_that_does_not_answer_is_given_up_in_the_machines_time() {
    let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().expect("a date"));
    let settings = Settings {
        webhook_timeout: Duration::from_millis(200),
        ..Settings::new(ACCOUNT, TOKEN, clock.clone())
    };
    let story = Story::with(settings, clock).await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port that nobody answers");
    let url = format!("http://{}/voice", silent.local_addr().expect("its address"));
    story.carrier.add_number(NewNumber::new("+15550100001", url));
    let call = story.carrier.place_call(NewCall::new(ANN, "+15550100001", Script::silent()));
    story.pass(10.0).await;
    assert_eq!(said(&call), [APOLOGY]);
    assert!(texts(&call, LineKind::Error)[0].starts_with("11200"), "{:#?}", call.transcript());
}

#[tokio::test]
async fn a_get_carries_its_parameters_in_the_query_and_is_signed_with_it() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Redirect method='GET'>/next?a=1&amp;b=2</Redirect>");
    story.twiml("/next", "<Hangup/>");
    let call = story.calls([]);
    story.pass(1.0).await;
    let hook = story.hook("/next");
    assert!(hook.query.starts_with("a=1&b=2&"), "{}", hook.query);
    assert_eq!((hook.get("CallSid"), hook.signed), (call.sid(), true));
}
