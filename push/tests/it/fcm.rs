use std::time::Duration;

use push::fakes::{Checked as _, Fault, Fcm};
use push::fcm::{Client, ServiceAccount, Token};
use push::{Error, Notification, SentText};
use serde_json::{Value, json};

use super::{clock, impatient, is_misconfigured, minutes, nobody};

fn token(name: &str) -> Token {
    Token::new(name).expect("a token")
}

fn hello() -> Notification {
    Notification::message("Ana").body("Hello")
}

#[tokio::test]
async fn a_message_is_shown_and_a_call_is_brought_to_the_app() {
    let fcm = Fcm::start(clock()).await;
    let client = fcm.client();
    let sent = client.send(&token("a"), &hello().data("chatId", "7").collapse_key("chat-7").badge(2)).await;
    let sent = sent.expect("taken");
    assert_eq!((sent.id.as_str(), sent.text), ("projects/calldocker-test/messages/1", SentText::Whole));
    client
        .send(&token("a"), &Notification::call("Ana").body("calls").data("callId", "9"))
        .await
        .expect("taken");
    client.send(&token("a"), &Notification::other("").data("sync", "1")).await.expect("taken");
    let message = json!({
        "token": "a",
        "notification": { "title": "Ana", "body": "Hello" },
        "data": { "chatId": "7", "kind": "message" },
        "android": {
            "collapse_key": "chat-7",
            "priority": "HIGH",
            "ttl": "2419200s",
            "notification": { "sound": "default", "notification_count": 2, "tag": "chat-7" },
        },
        "apns": {
            "headers": {
                "apns-priority": "10",
                "apns-push-type": "alert",
                "apns-expiration": "1774872000",
                "apns-collapse-id": "chat-7",
            },
            "payload": { "aps": { "sound": "default", "badge": 2 } },
        },
    });
    let call = json!({
        "token": "a",
        "data": { "callId": "9", "kind": "call", "title": "Ana", "body": "calls" },
        "android": { "priority": "HIGH", "ttl": "60s" },
        "apns": {
            "headers": { "apns-priority": "10", "apns-push-type": "alert", "apns-expiration": "1772452860" },
            "payload": { "aps": { "alert": { "title": "Ana", "body": "calls" }, "sound": "default" } },
        },
    });
    let silent = json!({
        "token": "a",
        "data": { "kind": "other", "sync": "1" },
        "android": { "priority": "NORMAL", "ttl": "86400s" },
        "apns": {
            "headers": { "apns-priority": "5", "apns-push-type": "background", "apns-expiration": "1772539200" },
            "payload": { "aps": { "content-available": 1 } },
        },
    });
    assert_eq!(fcm.sent(), [message, call, silent]);
    fcm.assert_no_faults();
}

#[tokio::test]
async fn access_is_asked_for_once_until_it_is_nearly_over() {
    let clock = clock();
    let fcm = Fcm::start(clock.clone()).await;
    let client = fcm.client();
    let (to, notification) = (token("a"), hello());
    let all = (0..20).map(|_| client.send(&to, &notification));
    let all = futures(all).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    assert_eq!((fcm.granted(), fcm.requests()), (1, 21), "twenty who send at once ask once");
    minutes(&clock, 54).await;
    client.send(&to, &notification).await.expect("taken");
    assert_eq!(fcm.granted(), 1);
    minutes(&clock, 1).await;
    client.send(&to, &notification).await.expect("taken");
    assert_eq!(fcm.granted(), 2, "five minutes before its end");
    fcm.assert_no_faults();
}

/// All at once, in one task.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut open: Vec<_> = all.map(Box::pin).collect();
    let mut outputs = Vec::new();
    std::future::poll_fn(move |context| {
        open.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(output) => {
                outputs.push(output);
                false
            }
            std::task::Poll::Pending => true,
        });
        if open.is_empty() {
            std::task::Poll::Ready(std::mem::take(&mut outputs))
        } else {
            std::task::Poll::Pending
        }
    })
    .await
}

#[tokio::test]
async fn access_that_is_taken_away_is_asked_for_again_by_the_next() {
    let fcm = Fcm::start(clock()).await;
    let client = fcm.client();
    client.send(&token("a"), &hello()).await.expect("taken");
    fcm.revoke_access();
    let error = client.send(&token("a"), &hello()).await.expect_err("no access any more");
    assert!(matches!(&error, Error::RetryAfter { wait, .. } if wait.is_zero()), "{error}");
    client.send(&token("a"), &hello()).await.expect("taken");
    assert_eq!((fcm.granted(), fcm.sent().len()), (2, 2));

    let stranger = Fcm::start(clock()).await;
    stranger.next(Fault::status(200, r#"{"access_token":"of-nobody","expires_in":3599}"#));
    let error = stranger.client().send(&token("a"), &hello()).await.expect_err("no access");
    assert!(is_misconfigured(&error, "UNAUTHENTICATED"), "{error}");
    fcm.assert_no_faults();
}

#[tokio::test]
async fn a_refused_account_is_told_and_google_is_not_asked_over_and_over() {
    let clock = clock();
    let fcm = Fcm::start(clock.clone()).await;
    let other = Fcm::start(clock.clone()).await;
    let stranger = ServiceAccount::from_json(other.key_file()).expect("a key file");
    let client = Client::new(stranger, &fcm.endpoint(), &fcm.endpoint(), clock.clone()).expect("a client");
    for _ in 0..3 {
        let error = client.send(&token("a"), &hello()).await.expect_err("another key");
        assert!(is_misconfigured(&error, "invalid_grant: Invalid JWT Signature."), "{error}");
    }
    assert_eq!(fcm.requests(), 1);
    clock.advance(Duration::from_secs(5)).await;
    assert!(client.send(&token("a"), &hello()).await.is_err());
    assert_eq!((fcm.requests(), fcm.sent().len()), (2, 0));
    fcm.assert_no_faults();
}

#[tokio::test]
async fn google_that_gives_no_access_is_down_and_nothing_was_sent() {
    let clock = clock();
    let fcm = Fcm::start(clock.clone()).await;
    let account = || ServiceAccount::from_json(fcm.key_file()).expect("a key file");
    let client = fcm.client();
    let impatient =
        Client::new(account(), &fcm.endpoint(), &impatient(fcm.endpoint()), clock.clone()).expect("a client");
    let faults = [
        (&client, Fault::Break),
        (&impatient, Fault::Silence),
        (&client, Fault::status(503, "")),
        (&client, Fault::status(200, "{}")),
        (&client, Fault::status(200, "")),
    ];
    for (client, fault) in faults {
        fcm.next(fault.clone());
        let error = client.send(&token("a"), &hello()).await.expect_err("no access");
        assert!(matches!(error, Error::Down { .. }), "{fault:?}: {error}");
        clock.advance(Duration::from_secs(5)).await;
    }
    fcm.next(Fault::status(429, ""));
    let error = client.send(&token("a"), &hello()).await.expect_err("no access");
    assert!(matches!(error, Error::RetryAfter { .. }), "{error}");
    let alone = Client::new(account(), &fcm.endpoint(), &nobody().await, clock).expect("a client");
    assert!(matches!(alone.send(&token("a"), &hello()).await, Err(Error::Down { .. })));
    assert!(fcm.sent().is_empty());
    fcm.assert_no_faults();
}

#[tokio::test]
async fn fcms_codes_say_what_to_do() {
    let fcm = Fcm::start(clock()).await;
    let client = fcm.client();
    fcm.unregister("gone");
    fcm.refuse("other", 403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH");
    fcm.refuse("apple", 401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR");
    fcm.refuse("often", 429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
    fcm.refuse("down", 500, "INTERNAL", "INTERNAL");
    let error = |name: &'static str| {
        let client = &client;
        async move { client.send(&token(name), &hello()).await.expect_err(name) }
    };
    assert_eq!(error("gone").await, Error::DeadToken { reason: "UNREGISTERED".into(), since: None });
    assert!(is_misconfigured(&error("other").await, "SENDER_ID_MISMATCH"));
    assert!(is_misconfigured(&error("apple").await, "THIRD_PARTY_AUTH_ERROR"));
    assert!(
        matches!(error("often").await, Error::RetryAfter { wait, .. } if wait == Duration::from_secs(60))
    );
    assert!(matches!(error("down").await, Error::Down { .. }));
    assert_eq!(fcm.granted(), 1, "a wrong key of Apple's is not a wrong access token");
    fcm.assert_no_faults();
}

#[tokio::test]
async fn answers_that_are_seen_in_the_wild() {
    let fcm = Fcm::start(clock()).await;
    let client = fcm.client();
    client.send(&token("a"), &hello()).await.expect("taken");
    let refusal = |code: u16, status: &str, message: &str, details: Value| {
        let body =
            json!({ "error": { "code": code, "status": status, "message": message, "details": details } });
        Fault::status(code, body.to_string())
    };
    let of_field = |field: &str| json!([{ "fieldViolations": [{ "field": field, "description": "wrong" }] }]);
    let invalid = "INVALID_ARGUMENT";
    type Is = fn(&Error) -> bool;
    let cases: [(Fault, Is); 10] = [
        (refusal(400, invalid, "x", of_field("message.token")), |e| matches!(e, Error::DeadToken { .. })),
        (refusal(400, invalid, "x", of_field("message.data[0].value")), |e| {
            matches!(e, Error::Refused { .. })
        }),
        (
            refusal(400, invalid, "The registration token is not a valid FCM registration token", json!([])),
            |e| matches!(e, Error::DeadToken { .. }),
        ),
        (refusal(400, invalid, "Request contains an invalid argument.", json!([])), |e| {
            matches!(e, Error::Refused { .. })
        }),
        (refusal(404, "NOT_FOUND", "Project not found", json!([])), |e| is_misconfigured(e, "NOT_FOUND")),
        (refusal(403, "PERMISSION_DENIED", "no", json!([])), |e| is_misconfigured(e, "PERMISSION_DENIED")),
        (refusal(503, "UNAVAILABLE", "later", json!([])), |e| matches!(e, Error::Down { .. })),
        (
            refusal(503, "UNAVAILABLE", "later", json!([])).header("retry-after", "9"),
            |e| matches!(e, Error::RetryAfter { wait, .. } if *wait == Duration::from_secs(9)),
        ),
        (Fault::status(502, "<!DOCTYPE html>"), |e| matches!(e, Error::Down { reason } if reason == "502")),
        (Fault::Break, |e| matches!(e, Error::Unanswered { .. })),
    ];
    for (fault, is_right) in cases {
        fcm.next(fault.clone());
        let error = client.send(&token("a"), &hello()).await.expect_err("refused");
        assert!(is_right(&error), "{fault:?}: {error:?}");
    }
    assert_eq!(fcm.requests(), 12, "nothing is repeated");
    fcm.assert_no_faults();
}

#[tokio::test]
async fn a_message_that_is_not_answered_may_be_shown() {
    let fcm = Fcm::start(clock()).await;
    let account = ServiceAccount::from_json(fcm.key_file()).expect("a key file");
    let client =
        Client::new(account, &impatient(fcm.endpoint()), &fcm.endpoint(), clock()).expect("a client");
    fcm.next(Fault::status(200, r#"{"access_token":"of-nobody","expires_in":3599}"#));
    fcm.next(Fault::Silence);
    let error = client.send(&token("a"), &hello()).await.expect_err("no answer");
    assert!(matches!(error, Error::Unanswered { .. }), "{error}");
    fcm.assert_no_faults();
}

#[tokio::test]
async fn a_key_file_is_read_whole_and_never_shown() {
    let fcm = Fcm::start(clock()).await;
    let file: Value = serde_json::from_str(fcm.key_file()).expect("JSON");
    let account = ServiceAccount::from_json(fcm.key_file()).expect("a key file");
    assert_eq!(account.project_id(), "calldocker-test");
    let key = file["private_key"].as_str().expect("a key");
    assert!(!format!("{account:?} {:?}", fcm.client()).contains(&key[40..80]));
    for name in ["project_id", "client_email", "private_key"] {
        let mut without = file.clone();
        without.as_object_mut().expect("an object").remove(name);
        let error = ServiceAccount::from_json(&without.to_string()).expect_err(name);
        assert!(is_misconfigured(&error, "key file"), "{error}");
    }
    for wrong in ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let mut other = file.clone();
        other["private_key"] = json!(wrong);
        let error = ServiceAccount::from_json(&other.to_string()).expect_err("no key");
        assert!(is_misconfigured(&error, "private_key"), "{error}");
    }
}

#[test]
fn what_no_service_takes_is_refused_before_anything_is_sent() {
    assert!(matches!(Token::new(""), Err(Error::DeadToken { .. })));
    assert!(matches!(Token::new("a b"), Err(Error::DeadToken { .. })));
    assert!(!format!("{:?}", token("secret")).contains("secret"));
}
