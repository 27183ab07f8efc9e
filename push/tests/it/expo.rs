use std::time::Duration;

use push::expo::{Client, MAX_BATCH, MAX_RECEIPTS, Token};
use push::fakes::{Checked as _, Expo, Fault};
use push::{Error, Notification, SentText, Sound};
use serde_json::json;

use super::{clock, impatient, is_misconfigured, nobody};

fn token(name: &str) -> Token {
    Token::new(format!("ExponentPushToken[{name}]")).expect("a token")
}

fn hello() -> Notification {
    Notification::message("Ana").body("Hello")
}

#[tokio::test]
async fn a_message_gets_a_ticket_and_later_a_receipt() {
    let expo = Expo::start(clock()).await;
    let client = expo.client();
    let notification = hello().data("chatId", "7").badge(3).channel("chats").sound(Sound::Default);
    let sent =
        client.send(&[(&token("a"), &notification)]).await.expect("an answer").remove(0).expect("a ticket");
    assert_eq!(sent.text, SentText::Whole);
    let expected = json!({
        "to": "ExponentPushToken[a]",
        "title": "Ana",
        "body": "Hello",
        "data": { "chatId": "7", "kind": "message" },
        "ttl": 2_419_200,
        "priority": "high",
        "sound": "default",
        "badge": 3,
        "channelId": "chats",
    });
    assert_eq!(expo.sent(), [expected]);
    let receipts = client.receipts(&[sent.id.clone(), "unknown".into()]).await.expect("receipts");
    assert_eq!(receipts.into_iter().collect::<Vec<_>>(), [(sent.id, Ok(()))]);
    expo.assert_no_faults();
}

#[tokio::test]
async fn a_hundred_go_in_one_request_and_no_more() {
    let expo = Expo::start(clock()).await;
    let client = expo.client();
    let (to, notification) = (token("a"), hello().body("Long enough to be worth compressing. ".repeat(40)));
    let batch = vec![(&to, &notification); MAX_BATCH + 1];
    let error = client.send(&batch).await.expect_err("too many");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    assert_eq!(expo.requests(), 0);
    let outcomes = client.send(&batch[1..]).await.expect("an answer");
    assert!(outcomes.len() == MAX_BATCH && outcomes.iter().all(Result::is_ok));
    assert_eq!((expo.requests(), expo.sent().len()), (1, MAX_BATCH));
    assert_eq!(expo.compressed(), 1);
    client.send(&[(&to, &hello())]).await.expect("an answer");
    assert_eq!(expo.compressed(), 1, "a short one is sent as it is");
    assert_eq!(client.send(&[]).await, Ok(Vec::new()));

    let ids = vec!["x".to_owned(); MAX_RECEIPTS + 1];
    assert!(matches!(client.receipts(&ids).await, Err(Error::Refused { .. })));
    assert!(client.receipts(&ids[1..]).await.expect("receipts").is_empty());
    assert!(client.receipts(&[]).await.expect("receipts").is_empty());
    assert_eq!(expo.requests(), 3);
    expo.assert_no_faults();
}

#[tokio::test]
async fn each_of_a_batch_has_its_own_outcome_in_order() {
    let expo = Expo::start(clock()).await;
    expo.refuse("ExponentPushToken[gone]", "DeviceNotRegistered");
    expo.refuse("ExponentPushToken[often]", "MessageRateExceeded");
    expo.refuse("ExponentPushToken[keys]", "InvalidCredentials");
    expo.refuse("ExponentPushToken[down]", "ProviderError");
    expo.refuse("ExponentPushToken[new]", "SomethingNew");
    let tokens = ["gone", "a", "often", "keys", "down", "new", "big", "b"].map(token);
    let (short, big) = (hello(), hello().data("a", "x".repeat(4096)));
    let batch: Vec<_> =
        tokens.iter().map(|to| (to, if to.as_str().contains("big") { &big } else { &short })).collect();
    let outcomes = expo.client().send(&batch).await.expect("an answer");
    let ids: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().map(|sent| sent.id.as_str())).collect();
    let reason = |text: &str| text.to_owned();
    assert_eq!(
        ids,
        [
            Err(&Error::DeadToken { reason: reason("DeviceNotRegistered"), since: None }),
            Ok("ticket-0"),
            Err(&Error::RetryAfter { wait: Duration::from_secs(60), reason: reason("MessageRateExceeded") }),
            Err(&Error::Misconfigured { reason: reason("InvalidCredentials") }),
            Err(&Error::Down { reason: reason("ProviderError") }),
            Err(&Error::Refused { reason: reason("SomethingNew") }),
            Err(&Error::TooBig { limit: 3584 }),
            Ok("ticket-1"),
        ]
    );
    expo.assert_no_faults();
}

#[tokio::test]
async fn a_receipt_tells_of_a_phone_that_is_gone() {
    let expo = Expo::start(clock()).await;
    expo.refuse_later("ExponentPushToken[gone]", "DeviceNotRegistered");
    expo.keep_receipt("ExponentPushToken[slow]");
    let client = expo.client();
    let tokens = ["gone", "slow"].map(token);
    let notification = hello();
    let batch: Vec<_> = tokens.iter().map(|to| (to, &notification)).collect();
    let outcomes = client.send(&batch).await.expect("an answer");
    let ids: Vec<String> = outcomes.into_iter().map(|outcome| outcome.expect("a ticket").id).collect();
    let receipts = client.receipts(&ids).await.expect("receipts");
    assert_eq!(receipts.len(), 1, "the other is not known yet");
    assert!(matches!(receipts[&ids[0]], Err(Error::DeadToken { .. })));
    expo.assert_no_faults();
}

#[tokio::test]
async fn a_project_may_ask_for_an_access_token() {
    let expo = Expo::start(clock()).await;
    expo.require("secret-of-the-project");
    let (to, notification) = (token("a"), hello());
    let error = expo.client().send(&[(&to, &notification)]).await.expect_err("no access");
    assert!(is_misconfigured(&error, "UNAUTHORIZED"), "{error}");
    let client = Client::new(Some("secret-of-the-project"), &expo.endpoint(), clock()).expect("a client");
    assert!(client.send(&[(&to, &notification)]).await.expect("an answer")[0].is_ok());
    assert!(!format!("{client:?}").contains("secret-of-the-project"));
    assert!(is_misconfigured(
        &Client::new(Some("a\nb"), &expo.endpoint(), clock()).expect_err("no token"),
        "ASCII"
    ));
    expo.assert_no_faults();
}

#[tokio::test]
async fn projects_are_not_mixed_and_the_rate_is_kept_by_who_calls() {
    let clock = clock();
    let expo = Expo::start(clock.clone()).await;
    expo.of_project("ExponentPushToken[b]", "@other/app");
    let (a, b, notification) = (token("a"), token("b"), hello());
    let error =
        expo.client().send(&[(&a, &notification), (&b, &notification)]).await.expect_err("two projects");
    assert!(is_misconfigured(&error, "PUSH_TOO_MANY_EXPERIENCE_IDS"), "{error}");

    let client = expo.client();
    let batch = vec![(&a, &notification); MAX_BATCH];
    for _ in 0..6 {
        client.send(&batch).await.expect("an answer");
    }
    let error = client.send(&batch).await.expect_err("more than 600 in a second");
    assert!(matches!(&error, Error::RetryAfter { wait, .. } if *wait == Duration::from_secs(5)), "{error}");
    clock.advance(Duration::from_secs(5)).await;
    assert!(client.send(&batch).await.is_ok());
    expo.assert_no_faults();
}

#[tokio::test]
async fn what_fails_as_a_whole_says_what_to_do() {
    let expo = Expo::start(clock()).await;
    let (to, notification) = (token("a"), hello());
    let batch = [(&to, &notification)];
    let client = expo.client();

    expo.next(Fault::status(429, "slow down").header("retry-after", "17"));
    let error = client.send(&batch).await.expect_err("a pause");
    assert_eq!(error, Error::RetryAfter { wait: Duration::from_secs(17), reason: "429".into() });

    expo.next(Fault::status(429, "").header("retry-after", "Mon, 02 Mar 2026 12:00:30 GMT"));
    let error = client.send(&batch).await.expect_err("a pause");
    assert!(matches!(&error, Error::RetryAfter { wait, .. } if *wait == Duration::from_secs(30)), "{error}");

    expo.next(Fault::status(502, "<html>"));
    assert!(matches!(client.send(&batch).await, Err(Error::Down { .. })));
    let impatient = Client::new(None, &impatient(expo.endpoint()), clock()).expect("a client");
    let lost = [
        (&client, Fault::Break),
        (&impatient, Fault::Silence),
        (&client, Fault::status(200, "<html>")),
        (&client, Fault::status(200, r#"{"data":[]}"#)),
    ];
    for (client, fault) in lost {
        expo.next(fault.clone());
        let error = client.send(&batch).await.expect_err("no answer");
        assert!(matches!(error, Error::Unanswered { .. }), "{fault:?}: {error}");
        expo.next(fault.clone());
        let receipts = client.receipts(&["x".into()]).await;
        assert!(matches!(receipts, Err(Error::Down { .. })), "{fault:?}: {receipts:?}");
    }
    let refusal = r#"{"errors":[{"code":"VALIDATION_ERROR","message":"no: ExponentPushToken[a] is wrong"}]}"#;
    expo.next(Fault::status(400, refusal));
    let error = client.send(&batch).await.expect_err("refused");
    assert_eq!(error, Error::Refused { reason: "VALIDATION_ERROR: no: ExponentPushToken[] is wrong".into() });

    let alone = Client::new(None, &nobody().await, clock()).expect("a client");
    assert!(matches!(alone.send(&batch).await, Err(Error::Down { .. })));
    expo.assert_no_faults();
}

#[test]
fn tokens_have_their_forms() {
    for good in ["ExponentPushToken[x]", "ExpoPushToken[x-_1]", "F5741A13-BCDA-434B-A316-5DC0E6FFA94F"] {
        assert!(Token::new(good).is_ok(), "{good}");
    }
    for bad in
        ["", "ExponentPushToken[]", "ExponentPushToken[x", "x", "ExponentPushToken[a b]", "F5741A13-BCDA"]
    {
        assert!(matches!(Token::new(bad), Err(Error::DeadToken { .. })), "{bad}");
    }
    assert!(!format!("{:?}", token("secret")).contains("secret"));
}
