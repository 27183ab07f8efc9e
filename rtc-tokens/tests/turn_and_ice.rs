//! TURN credentials as coturn computes them, and the list that a browser is given.

use std::time::Duration;

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use rtc_tokens::ice::{IceServer, IceUrl, IceUrlError, Protocol, ice_servers};
use rtc_tokens::turn::{MAX_TTL, TurnError, TurnSecret};
use serde_json::{Value, json};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_759_996_400, 900_000_000).expect("a moment")
}

fn hour() -> Duration {
    Duration::from_secs(3600)
}

fn secret() -> TurnSecret {
    TurnSecret::new("north").expect("a secret")
}

fn urls(texts: &[&str]) -> Vec<IceUrl> {
    texts.iter().map(|text| text.parse().expect("an address")).collect()
}

#[test]
fn credentials_are_what_coturn_computes() {
    let vector: Value = serde_json::from_str(include_str!("vectors/coturn.json")).expect("JSON");
    let secret = TurnSecret::new(vector["secret"].as_str().expect("a text")).expect("a secret");
    let credentials = secret.credentials("agent_42", now(), hour()).expect("credentials");
    assert_eq!(vector["username"], credentials.username);
    assert_eq!(vector["password"], credentials.password);
    assert_eq!(credentials.expires_at.timestamp(), 1_760_000_000);
}

#[test]
fn nothing_secret_is_shown() {
    let credentials = secret().credentials("agent_42", now(), hour()).expect("credentials");
    let list = ice_servers(&urls(&["turn:a.example"]), Some(&credentials));
    let shown = format!("{:?} {credentials:?} {list:?}", secret());
    assert!(shown.contains("1760000000:agent_42"));
    assert!(!shown.contains("north") && !shown.contains(&credentials.password), "{shown}");
}

#[test]
fn credentials_that_would_not_work_are_not_made() {
    assert_eq!(TurnSecret::new(""), Err(TurnError::NoSecret));
    for user in ["", "a:b", "a\nb", &"x".repeat(401)] {
        assert_eq!(secret().credentials(user, now(), hour()), Err(TurnError::User), "{user}");
    }
    for ttl in [Duration::ZERO, Duration::from_millis(999), MAX_TTL + Duration::from_secs(1), Duration::MAX] {
        assert_eq!(secret().credentials("ana", now(), ttl), Err(TurnError::Ttl(ttl)));
    }
    assert_eq!(secret().credentials("ana", DateTime::<Utc>::MAX_UTC, hour()), Err(TurnError::Ttl(hour())));
}

#[test]
fn the_list_has_the_shape_of_rtciceserver() {
    let urls =
        urls(&["turn:t.example:3478?transport=udp", "stun:s.example", "turns:t.example:5349?transport=tcp"]);
    let credentials = secret().credentials("agent_42", now(), hour()).expect("credentials");
    let list = ice_servers(&urls, Some(&credentials));
    let expected = json!([
        { "urls": ["stun:s.example"] },
        {
            "urls": ["turn:t.example:3478?transport=udp", "turns:t.example:5349?transport=tcp"],
            "username": "1760000000:agent_42",
            "credential": "IQFEKGWrVDKS5tjX+8jkiYgWlGc=",
        },
    ]);
    assert_eq!(serde_json::to_value(&list).expect("JSON"), expected);
    assert_eq!(serde_json::from_value::<Vec<IceServer>>(expected).expect("the shape"), list);

    let without = ice_servers(&urls, None);
    assert_eq!(serde_json::to_value(without).expect("JSON"), json!([{ "urls": ["stun:s.example"] }]));
    assert_eq!(ice_servers(&[], Some(&credentials)), []);
}

#[test]
fn addresses_are_those_of_the_rfcs() {
    for good in [
        "stun:example.org",
        "stuns:example.org:443",
        "turn:192.0.2.1",
        "turn:[2001:db8::1]:3478",
        "TURNS:a_b.example?transport=tcp",
    ] {
        assert!(good.parse::<IceUrl>().is_ok(), "{good}");
    }
    assert_eq!(urls(&["stun:a"])[0].protocol(), Protocol::Stun);
    let bad = [
        ("", IceUrlError::Scheme),
        ("https://example.org", IceUrlError::Scheme),
        ("turn://example.org", IceUrlError::Scheme),
        ("turn:", IceUrlError::Host),
        ("turn:user@example.org", IceUrlError::Host),
        ("turn:[::1", IceUrlError::Host),
        ("turn:[nothing]", IceUrlError::Host),
        ("turn:[::1]3478", IceUrlError::Port),
        ("turn:example.org:0", IceUrlError::Port),
        ("turn:example.org:+80", IceUrlError::Port),
        ("turn:example.org:65536", IceUrlError::Port),
        ("turn:example.org:", IceUrlError::Port),
        ("turn:example.org?transport=sctp", IceUrlError::Transport),
        ("stun:example.org?transport=udp", IceUrlError::Transport),
    ];
    for (text, problem) in bad {
        assert_eq!(text.parse::<IceUrl>(), Err(problem), "{text}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_fail(text in "\\PC*") {
        if let Ok(url) = text.parse::<IceUrl>() {
            prop_assert_eq!(url.as_str(), text);
        }
    }

    #[test]
    fn a_username_tells_its_end_and_its_user(user in "\\PC{0,40}", seconds in 1u64..=172_800) {
        if let Ok(made) = secret().credentials(&user, now(), Duration::from_secs(seconds)) {
            let (end, name) = made.username.split_once(':').expect("two parts");
            prop_assert_eq!(end.parse::<i64>().expect("a number"), made.expires_at.timestamp());
            prop_assert_eq!(name, user);
        }
    }
}
