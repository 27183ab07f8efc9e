//! Tokens against those of Agora's own tests (`vectors/agora.json`), and against what must hold for all.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use flate2::read::ZlibDecoder;
use proptest::prelude::*;
use rtc_tokens::agora::{Account, App, Channel, MAX_TTL, Privilege, TokenError, Uid, v006, v007};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/agora.json")).expect("JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().expect("a number")).expect("of 32 bits")
}

fn moment(seconds: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::from(seconds), 0).expect("a moment")
}

fn app() -> App {
    let vectors = vectors();
    App::new(text(&vectors["app_id"]), text(&vectors["app_certificate"])).expect("an app")
}

fn privilege(number: &str) -> Privilege {
    let place = number.parse::<usize>().expect("a number") - 1;
    Privilege::PUBLISHER[place]
}

fn inflated(token: &str) -> Vec<u8> {
    let content = BASE64_STANDARD.decode(token.strip_prefix("007").expect("the form")).expect("base64");
    let mut bytes = Vec::new();
    ZlibDecoder::new(content.as_slice()).read_to_end(&mut bytes).expect("zlib");
    bytes
}

#[test]
fn tokens_007_have_the_bytes_of_agoras_own() {
    let vectors = vectors();
    let cases = vectors["v007"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let ttl = Duration::from_secs(u64::from(number(&vectors["expire"])));
        let mut token = v007::Token::new(moment(number(&vectors["issue_ts"])), ttl, number(&vectors["salt"]));
        for service in case["services"].as_array().expect("services") {
            let privileges = service["privileges"].as_object().expect("privileges");
            token = match text(&service["type"]) {
                "rtc" => token.rtc_with(
                    Channel::new(text(&service["channel"])).expect("a channel"),
                    Uid::number(number(&service["uid"])),
                    privileges.iter().map(|(key, seconds)| {
                        (privilege(key), Duration::from_secs(u64::from(number(seconds))))
                    }),
                ),
                "rtm" => token.rtm(Account::new(text(&service["user_id"])).expect("a user")),
                other => panic!("the vectors have a new service, {other}"),
            };
        }
        let made = token.sign(&app()).expect("a token");
        assert_eq!(hex::encode(inflated(&made)), text(&case["inflated_hex"]), "{}", case["id"]);
        assert_eq!(inflated(&made), inflated(text(&case["token"])), "{}", case["id"]);
        assert_eq!(hex::encode(&inflated(&made)[2..34]), text(&case["signature_hex"]), "{}", case["id"]);
        assert_eq!(made, token.sign(&app()).expect("a token"), "the same arguments, the same token");
    }
}

#[test]
fn tokens_006_are_those_of_agoras_own() {
    let vectors = vectors();
    let cases = vectors["v006"].as_array().expect("cases");
    assert_eq!(cases.len(), 3);
    for case in cases {
        let messages = case["messages"].as_object().expect("messages");
        let token = v006::Token {
            ends_at: moment(number(&case["ts"])),
            salt: number(&case["salt"]),
            channel: Channel::new(text(&vectors["channel"])).expect("a channel"),
            uid: Uid::number(number(&case["uid"])),
            privileges: messages.iter().map(|(key, end)| (privilege(key), moment(number(end)))).collect(),
        };
        assert_eq!(token.sign(&app()).expect("a token"), text(&case["token"]), "{}", case["id"]);
    }
}

#[test]
fn a_006_token_is_good_for_a_day_and_its_privileges_until_they_end() {
    let channel = Channel::new("call-7").expect("a channel");
    let now = moment(1_760_000_000);
    let end = moment(1_760_000_600);
    let made = v006::Token::new(now, 1, channel, Uid::number(7), &[Privilege::Join], end).expect("a token");
    assert_eq!(made.ends_at, moment(1_760_086_400));
    assert_eq!(made.privileges, BTreeMap::from([(Privilege::Join, end)]));
}

#[test]
fn what_agora_would_refuse_is_not_made() {
    let now = moment(1_760_000_000);
    let token = |ttl| v007::Token::new(now, ttl, 1).rtm(Account::new("ana").expect("a user")).sign(&app());
    assert!(token(MAX_TTL).is_ok());
    for ttl in [Duration::ZERO, Duration::from_millis(999), MAX_TTL + Duration::from_secs(1), Duration::MAX] {
        assert_eq!(token(ttl), Err(TokenError::Ttl(ttl)));
    }
    let nothing = v007::Token::new(now, MAX_TTL, 1);
    assert_eq!(nothing.sign(&app()), Err(TokenError::Nothing));
    let channel = Channel::new("c").expect("a channel");
    assert_eq!(nothing.rtc(channel, Uid::Anyone, &[]).sign(&app()), Err(TokenError::Nothing));
    let early = DateTime::from_timestamp(-1, 0).expect("a moment");
    let early = v007::Token::new(early, MAX_TTL, 1).rtm(Account::new("ana").expect("a user"));
    assert_eq!(early.sign(&app()), Err(TokenError::Moment));

    for name in ["", "ä", "a/b", "a\nb", &"x".repeat(64)] {
        assert_eq!(Channel::new(name), Err(TokenError::Channel), "{name}");
    }
    assert!(Channel::new("x".repeat(63)).is_ok());
    assert_eq!(App::new("short", "5CFd2fd1755d40ecb72977518be15d3b"), Err(TokenError::AppId));
    assert_eq!(App::new("970CA35de60c44645bbae8a215061b33", "x"), Err(TokenError::Certificate));
}

#[test]
fn the_certificate_is_not_shown() {
    let shown = format!("{:?}", app());
    assert!(shown.contains("970CA35de60c44645bbae8a215061b33"));
    assert!(!shown.contains("5CFd2fd1755d40ecb72977518be15d3b"));
}

proptest! {
    #[test]
    fn every_channel_and_user_that_is_taken_stands_whole_in_the_token(
        name in "\\PC{0,70}", account in "\\PC{0,70}", salt: u32, issued in 0u32.., ttl in 1u64..=86_400,
    ) {
        if let (Ok(channel), Ok(account)) = (Channel::new(name.clone()), Account::new(account)) {
            let token = v007::Token::new(moment(issued), Duration::from_secs(ttl), salt)
                .rtc(channel, Uid::Account(account.clone()), &Privilege::PUBLISHER);
            let bytes = inflated(&token.sign(&app()).expect("a token"));
            let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
            prop_assert!(holds(&name) && holds(account.as_str()));
        }
    }
}
