//! What Expo answers.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::LIMIT;
use crate::Error;
use crate::http::{Effect, Reply, reason};

/// Expo asks for "a few seconds" before the first repetition.
const REQUEST_PAUSE: Duration = Duration::from_secs(5);
/// Before a phone that got too many gets another.
const DEVICE_PAUSE: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Vec<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Failure {
    code: String,
    message: String,
}

/// A ticket, or a receipt, which has no id of its own.
#[derive(Deserialize)]
struct Outcome {
    status: String,
    id: Option<String>,
    #[serde(default)]
    details: Value,
}

/// The `data` of an answer that is a success.
pub(super) fn data(reply: &Reply, effect: Effect, now: DateTime<Utc>) -> Result<Value, Error> {
    let answer: Option<Answer> = serde_json::from_slice(&reply.body).ok();
    let failure = answer.as_ref().and_then(|answer| answer.errors.first());
    match (answer.as_ref(), failure) {
        (Some(answer), None) if reply.status.is_success() => Ok(answer.data.clone()),
        (None, _) if reply.status.is_success() => Err(effect.unreadable("the answer is no JSON".into())),
        (_, failure) => Err(meaning(reply, failure, now)),
    }
}

fn meaning(reply: &Reply, failure: Option<&Failure>, now: DateTime<Utc>) -> Error {
    let (code, words) = failure.map_or(("", ""), |failure| (failure.code.as_str(), failure.message.as_str()));
    let reason = reason(reply.status, (!code.is_empty()).then_some(code), &without_tokens(words));
    let wait = reply.retry_after(now);
    match code {
        "UNAUTHORIZED" | "PUSH_TOO_MANY_EXPERIENCE_IDS" => return Error::Misconfigured { reason },
        "TOO_MANY_REQUESTS" => return Error::RetryAfter { wait: wait.unwrap_or(REQUEST_PAUSE), reason },
        _ => {}
    }
    match reply.status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Misconfigured { reason },
        StatusCode::TOO_MANY_REQUESTS => Error::RetryAfter { wait: wait.unwrap_or(REQUEST_PAUSE), reason },
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooBig { limit: LIMIT },
        status if status.is_server_error() => match wait {
            Some(wait) => Error::RetryAfter { wait, reason },
            None => Error::Down { reason },
        },
        _ => Error::Refused { reason },
    }
}

/// Expo's words quote tokens, which are in brackets.
fn without_tokens(words: &str) -> String {
    let mut depth = 0_u32;
    let mut text = String::new();
    for char in words.chars() {
        depth = if char == ']' { depth.saturating_sub(1) } else { depth };
        if depth == 0 {
            text.push(char);
        }
        depth = if char == '[' { depth.saturating_add(1) } else { depth };
    }
    text
}

/// The tickets of a request, in the order of its messages.
pub(super) fn read(data: Value) -> Result<Vec<Result<String, Error>>, Error> {
    let outcomes: Vec<Outcome> = serde_json::from_value(data)
        .map_err(|error| Effect::Sends.unreadable(format!("no tickets: {error}")))?;
    let ticket = |outcome: Outcome| match (verdict(&outcome), outcome.id) {
        (Ok(()), Some(id)) => Ok(id),
        (Ok(()), None) => Err(Effect::Sends.unreadable("a ticket has no id".into())),
        (Err(error), _) => Err(error),
    };
    Ok(outcomes.into_iter().map(ticket).collect())
}

/// The receipts that there are, by ticket.
pub(super) fn read_receipts(data: Value) -> Result<BTreeMap<String, Result<(), Error>>, Error> {
    let outcomes: BTreeMap<String, Outcome> = serde_json::from_value(data)
        .map_err(|error| Effect::Asks.unreadable(format!("no receipts: {error}")))?;
    Ok(outcomes.into_iter().map(|(id, outcome)| (id, verdict(&outcome))).collect())
}

fn verdict(outcome: &Outcome) -> Result<(), Error> {
    if outcome.status == "ok" {
        return Ok(());
    }
    let code: String = outcome.details["error"].as_str().unwrap_or("no code").chars().take(100).collect();
    Err(match code.as_str() {
        "DeviceNotRegistered" => Error::dead(code),
        "MessageTooBig" => Error::TooBig { limit: LIMIT },
        "MessageRateExceeded" => Error::RetryAfter { wait: DEVICE_PAUSE, reason: code },
        "InvalidCredentials" | "MismatchSenderId" => Error::misconfigured(code),
        "ExpoError" | "ProviderError" => Error::down(code),
        // "DeveloperError", and what is new.
        _ => Error::refused(code),
    })
}
