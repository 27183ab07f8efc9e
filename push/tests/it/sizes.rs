//! Whatever is to be told, a service never gets more than it takes. The look-alikes measure by themselves.

use std::cell::Cell;

use proptest::prelude::*;
use push::apns::Use;
use push::fakes::{Apns, Checked as _, Expo, Fcm};
use push::{Error, Notification, SentText, Sound, apns, expo, fcm};
use tokio::runtime::Runtime;

use super::clock;

/// Texts that cost more as JSON than they look, and emoji of many code points.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        "[ -~]{0,80}",
        Just("👩🏽‍🚒".to_owned()),
        Just("🇪🇸🇩🇪".to_owned()),
        Just("\u{0}\u{1f}\"\\\n".to_owned()),
        Just("e\u{301}\u{302}\u{303}".to_owned()),
    ];
    (part, 0usize..400).prop_map(|(part, count)| part.repeat(count))
}

fn notification() -> impl Strategy<Value = Notification> {
    let kind = prop_oneof![
        Just(Notification::call as fn(String) -> Notification),
        Just(Notification::message as fn(String) -> Notification),
        Just(Notification::other as fn(String) -> Notification),
    ];
    let title = prop_oneof![4 => any::<String>(), 1 => text()];
    let data =
        prop::collection::btree_map(any::<String>(), prop_oneof![9 => any::<String>(), 1 => text()], 0..4);
    let key = prop::option::of(prop_oneof![9 => "[!-~]{1,64}", 1 => "\\PC{0,70}"]);
    (kind, title, text(), data, key, any::<Option<u32>>(), any::<u64>(), any::<String>()).prop_map(
        |(kind, title, body, data, key, badge, seconds, sound)| {
            let mut made = kind(title).body(body).time_to_live(std::time::Duration::from_secs(seconds));
            for (name, value) in data {
                made = made.data(name, value);
            }
            if let Some(key) = key {
                made = made.collapse_key(key);
            }
            if let Some(badge) = badge {
                made = made.badge(badge).sound(Sound::Named(sound));
            }
            made
        },
    )
}

#[test]
fn no_notification_is_more_than_a_service_takes() {
    let runtime = Runtime::new().expect("a runtime");
    let (expo, fcm, apns) = runtime.block_on(async {
        let clock = clock();
        (Expo::start(clock.clone()).await, Fcm::start(clock.clone()).await, Apns::start(clock).await)
    });
    let clients = (expo.client(), fcm.client(), apns.client());
    let to = expo::Token::new("ExponentPushToken[a]").expect("a token");
    let config = ProptestConfig { cases: 128, ..ProptestConfig::default() };
    let taken = Cell::new(0);
    let outcome = proptest::test_runner::TestRunner::new(config).run(&notification(), |notification| {
        let outcomes = runtime.block_on(async {
            let by_expo = clients.0.send(&[(&to, &notification)]).await;
            let alert = apns::Token::new("aa", Use::Alert).expect("a token");
            let voip = apns::Token::new("bb", Use::Voip).expect("a token");
            [
                by_expo.and_then(|mut outcomes| outcomes.remove(0)),
                clients.1.send(&fcm::Token::new("a").expect("a token"), &notification).await,
                clients.2.send(&alert, &notification).await,
                clients.2.send(&voip, &notification).await,
            ]
        });
        taken.set(taken.get() + outcomes.iter().filter(|outcome| outcome.is_ok()).count());
        for outcome in outcomes {
            let fits = match &outcome {
                Ok(_) | Err(Error::TooBig { .. } | Error::Refused { .. }) => true,
                // The clock stands still, so that all cases are in one second.
                Err(Error::RetryAfter { reason, .. }) => reason.contains("TOO_MANY_REQUESTS"),
                Err(_) => false,
            };
            prop_assert!(fits, "{outcome:?}");
        }
        Ok(())
    });
    outcome.expect("every case is as it should be");
    assert!(
        taken.get() > 128,
        "only {} of 512 were taken: the cases are too odd to show anything",
        taken.get()
    );
    expo.assert_no_faults();
    fcm.assert_no_faults();
    apns.assert_no_faults();
}

#[tokio::test]
async fn a_long_message_is_shortened_by_each_to_its_own_limit() {
    let clock = clock();
    let (expo, fcm, apns) =
        (Expo::start(clock.clone()).await, Fcm::start(clock.clone()).await, Apns::start(clock).await);
    let long = Notification::message("Ana").body("Grüße 👨‍👩‍👧‍👦 ".repeat(1000));
    let to = expo::Token::new("ExponentPushToken[a]").expect("a token");
    let sent = expo.client().send(&[(&to, &long)]).await.expect("an answer").remove(0).expect("a ticket");
    assert_eq!(sent.text, SentText::Shortened);
    let sent = fcm.client().send(&fcm::Token::new("a").expect("a token"), &long).await.expect("taken");
    assert_eq!(sent.text, SentText::Shortened);
    let token = apns::Token::new("aa", Use::Alert).expect("a token");
    assert_eq!(apns.client().send(&token, &long).await.expect("taken").text, SentText::Shortened);

    let payload = &apns.pushed()[0].payload;
    let length = payload.to_string().len();
    assert!((4000..=4096).contains(&length), "{length} bytes");
    for body in
        [&payload["aps"]["alert"]["body"], &fcm.sent()[0]["notification"]["body"], &expo.sent()[0]["body"]]
    {
        let body = body.as_str().expect("a text");
        let whole = body.strip_suffix('…').expect("an ellipsis");
        assert!(long_enough(whole) && !whole.ends_with('\u{200d}'), "{body}");
    }
    let too_much = Notification::message("Ana").data("all", "x".repeat(5000));
    let error = apns.client().send(&token, &too_much).await.expect_err("too much");
    assert_eq!(error, Error::TooBig { limit: 4096 });
    assert_eq!(apns.requests(), 1, "it is not even sent");
}

fn long_enough(text: &str) -> bool {
    text.len() > 3000
}

#[tokio::test]
async fn names_that_services_keep_for_themselves_are_refused() {
    let apns = Apns::start(clock()).await;
    let token = apns::Token::new("aa", Use::Alert).expect("a token");
    let base = || Notification::message("Ana");
    let refused = ["aps", "from", "message_type", "kind", "title", "body", "google.x", "gcm", ""]
        .map(|name| base().data(name, "x"))
        .into_iter()
        .chain(["", "a b", "ä", &"x".repeat(65)].map(|key| base().collapse_key(key)))
        .chain([base().channel(""), base().sound(Sound::Named(String::new()))]);
    for notification in refused {
        let error = apns.client().send(&token, &notification).await.expect_err("refused");
        assert!(matches!(error, Error::Refused { .. }), "{notification:?}: {error}");
    }
    assert_eq!(apns.requests(), 0);
}
