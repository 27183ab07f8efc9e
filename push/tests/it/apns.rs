use std::time::Duration;

use chrono::TimeDelta;
use push::apns::{Client, Key, Token, Use};
use push::fakes::{Apns, Checked as _, Fault};
use push::{Endpoint, Error, Notification, SentText, Sound, Urgency};
use serde_json::json;

use super::{clock, impatient, is_misconfigured, minutes, noon};

fn alert(hex: &str) -> Token {
    Token::new(hex, Use::Alert).expect("a token")
}

fn voip(hex: &str) -> Token {
    Token::new(hex, Use::Voip).expect("a token")
}

fn hello() -> Notification {
    Notification::message("Ana").body("Hello")
}

#[tokio::test]
async fn a_message_is_an_alert_over_http_2() {
    let apns = Apns::start(clock()).await;
    let notification =
        hello().data("chatId", "7").collapse_key("chat-7").badge(2).sound(Sound::Named("ding.caf".into()));
    let sent = apns.client().send(&alert("ABCDEF01"), &notification).await.expect("taken");
    assert_eq!((sent.id.as_str(), sent.text), ("00000000-0000-4000-8000-000000000000", SentText::Whole));
    let pushed = apns.pushed().remove(0);
    assert_eq!(pushed.token, "abcdef01");
    assert_eq!(
        pushed.payload,
        json!({
            "aps": { "alert": { "title": "Ana", "body": "Hello" }, "sound": "ding.caf", "badge": 2 },
            "chatId": "7",
            "kind": "message",
        })
    );
    let headers: Vec<_> =
        pushed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("apns-collapse-id", "chat-7"),
            ("apns-expiration", "1774872000"),
            ("apns-priority", "10"),
            ("apns-push-type", "alert"),
            ("apns-topic", "test.calldocker.app"),
        ]
    );
    apns.assert_no_faults();
}

#[tokio::test]
async fn a_call_rings_by_voip_and_only_a_call_does() {
    let apns = Apns::start(clock()).await;
    let client = apns.client();
    let call = Notification::call("Ana").body("calls").data("callId", "9").urgency(Urgency::Normal);
    client.send(&voip("01"), &call).await.expect("taken");
    let error = client.send(&voip("01"), &hello()).await.expect_err("not a call");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    client.send(&alert("02"), &call.time_to_live(Duration::ZERO)).await.expect("taken");
    client.send(&alert("02"), &Notification::message("").data("sync", "1")).await.expect("taken");
    let pushed = apns.pushed();
    assert_eq!(pushed.len(), 3);
    let told = |place: usize| {
        let headers = &pushed[place].headers;
        ["apns-topic", "apns-push-type", "apns-priority", "apns-expiration"]
            .map(|name| headers[name].as_str())
    };
    assert_eq!(told(0), ["test.calldocker.app.voip", "voip", "10", "1772452860"]);
    assert_eq!(
        pushed[0].payload,
        json!({ "aps": {}, "kind": "call", "callId": "9", "title": "Ana", "body": "calls" })
    );
    assert_eq!(told(1), ["test.calldocker.app", "alert", "5", "0"], "now or never");
    assert_eq!(told(2)[1..3], ["background", "5"]);
    assert_eq!(
        pushed[2].payload,
        json!({ "aps": { "content-available": 1 }, "kind": "message", "sync": "1" })
    );
    apns.assert_no_faults();
}

#[tokio::test]
async fn a_provider_token_lasts_for_forty_minutes_for_every_node() {
    let clock = clock();
    let apns = Apns::start(clock.clone()).await;
    let nodes = [apns.client(), apns.client()];
    for _ in 0..25 {
        for client in &nodes {
            client.send(&alert("01"), &hello()).await.expect("taken");
        }
        minutes(&clock, 7).await;
    }
    // 12:00 is the beginning of a span; 168 minutes later four more have begun.
    assert_eq!(apns.provider_tokens(), 5);
    let restarted = apns.client();
    restarted.send(&alert("01"), &hello()).await.expect("taken");
    assert_eq!(apns.provider_tokens(), 5);
    apns.assert_no_faults();
}

#[tokio::test]
async fn apples_reasons_say_what_to_do() {
    let apns = Apns::start(clock()).await;
    let client = apns.client();
    let since = noon() - TimeDelta::days(1);
    apns.unregister("aa", since);
    let error = client.send(&alert("aa"), &hello()).await.expect_err("gone");
    assert_eq!(error, Error::DeadToken { reason: "Unregistered".into(), since: Some(since) });
    type Is = fn(&Error) -> bool;
    let cases: [(u16, &str, Is); 13] = [
        (400, "BadDeviceToken", |e| matches!(e, Error::DeadToken { .. })),
        (410, "ExpiredToken", |e| matches!(e, Error::DeadToken { .. })),
        (400, "DeviceTokenNotForTopic", |e| is_misconfigured(e, "DeviceTokenNotForTopic")),
        (403, "ExpiredProviderToken", |e| is_misconfigured(e, "clock")),
        (403, "BadEnvironmentKeyIdInToken", |e| is_misconfigured(e, "BadEnvironmentKeyIdInToken")),
        (403, "SomethingNew", |e| is_misconfigured(e, "SomethingNew")),
        (413, "PayloadTooLarge", |e| *e == Error::TooBig { limit: 4096 }),
        (429, "TooManyRequests", |e| matches!(e, Error::RetryAfter { wait, .. } if wait.as_secs() == 60)),
        (
            429,
            "TooManyProviderTokenUpdates",
            |e| matches!(e, Error::RetryAfter { wait, .. } if wait.as_secs() == 1200),
        ),
        (500, "InternalServerError", |e| matches!(e, Error::Down { .. })),
        (503, "Shutdown", |e| matches!(e, Error::Down { .. })),
        (400, "IdleTimeout", |e| matches!(e, Error::Down { .. })),
        (400, "BadPriority", |e| matches!(e, Error::Refused { .. })),
    ];
    for (status, reason, is_right) in cases {
        apns.refuse("bb", status, reason);
        let error = client.send(&alert("bb"), &hello()).await.expect_err(reason);
        assert!(is_right(&error), "{reason}: {error:?}");
    }
    assert_eq!((apns.requests(), apns.pushed().len()), (14, 0), "nothing is repeated");
    apns.assert_no_faults();
}

#[tokio::test]
async fn wrong_keys_and_apps_are_told_to_the_company() {
    let apns = Apns::start(clock()).await;
    let (p8, key_id, team_id, bundle_id) = apns.credentials();
    let client = |p8: &str, key_id: &str, team_id: &str, bundle_id: &str| {
        let key = Key::new(p8, key_id, team_id).expect("a key");
        Client::new(key, bundle_id, &apns.endpoint(), clock()).expect("a client")
    };
    let other = Apns::start(clock()).await;
    let cases = [
        (client(other.credentials().0, key_id, team_id, bundle_id), "InvalidProviderToken"),
        (client(p8, "OTHER12345", team_id, bundle_id), "InvalidProviderToken"),
        (client(p8, key_id, "OTHER12345", bundle_id), "InvalidProviderToken"),
        (client(p8, key_id, team_id, "test.another.app"), "TopicDisallowed"),
    ];
    for (client, reason) in cases {
        let error = client.send(&alert("01"), &hello()).await.expect_err(reason);
        assert!(is_misconfigured(&error, reason), "{error}");
    }
    for (p8, key_id) in [("", key_id), ("no key", key_id), (p8, "short"), (p8, "with space")] {
        let error = Key::new(p8, key_id, team_id).expect_err("no key");
        assert!(matches!(error, Error::Misconfigured { .. }), "{error}");
    }
    let key = || Key::new(p8, key_id, team_id).expect("a key");
    assert!(Client::new(key(), "a b", &apns.endpoint(), clock()).is_err());
    for address in ["http://example.com", "ftp://localhost", "nothing"] {
        let error = Client::new(key(), bundle_id, &Endpoint::new(address), clock()).expect_err(address);
        assert!(matches!(error, Error::Misconfigured { .. }), "{error}");
    }
    assert!(!format!("{:?}", key()).contains(&p8[40..80]));
    apns.assert_no_faults();
}

#[tokio::test]
async fn a_lost_answer_is_not_a_lost_notification() {
    let apns = Apns::start(clock()).await;
    let (p8, key_id, team_id, bundle_id) = apns.credentials();
    let key = Key::new(p8, key_id, team_id).expect("a key");
    let client = apns.client();
    let impatient =
        Client::new(key.clone(), bundle_id, &impatient(apns.endpoint()), clock()).expect("a client");
    client.send(&alert("01"), &hello()).await.expect("taken");
    for (client, fault) in [(&client, Fault::Break), (&impatient, Fault::Silence)] {
        apns.next(fault.clone());
        let error = client.send(&alert("01"), &hello()).await.expect_err("no answer");
        assert!(matches!(error, Error::Unanswered { .. }), "{fault:?}: {error}");
    }
    apns.next(Fault::status(503, r#"{"reason":"ServiceUnavailable"}"#).header("retry-after", "8"));
    let error = client.send(&alert("01"), &hello()).await.expect_err("down");
    assert!(matches!(&error, Error::RetryAfter { wait, .. } if wait.as_secs() == 8), "{error}");
    client.send(&alert("01"), &hello()).await.expect("the server goes on");

    // Whoever does not trust its authority does not even send.
    let other = Apns::start(clock()).await;
    let stranger = Endpoint::new(apns.base()).trusting(other.authority());
    let client = Client::new(key, bundle_id, &stranger, clock()).expect("a client");
    let before = apns.requests();
    let error = client.send(&alert("01"), &hello()).await.expect_err("not trusted");
    assert!(matches!(error, Error::Down { .. }), "{error}");
    assert_eq!(apns.requests(), before);
    apns.assert_no_faults();
}

#[test]
fn tokens_are_hexadecimal() {
    assert_eq!(alert("ABcd").as_str(), "abcd");
    for bad in ["", "a", "xy", "a b1", &"ab".repeat(101)] {
        assert!(matches!(Token::new(bad, Use::Alert), Err(Error::DeadToken { .. })), "{bad}");
    }
    assert!(!format!("{:?}", alert("abcd")).contains("abcd"));
}
