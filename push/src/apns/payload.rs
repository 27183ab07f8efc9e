//! A notification as APNs takes it: a payload and headers.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::Use;
use crate::fit::{Fitted, fit_notification};
use crate::{Error, Kind, Notification, Urgency};

/// Bytes of a payload.
pub const LIMIT: usize = 4096;
/// Bytes of a payload for VoIP.
pub const VOIP_LIMIT: usize = 5120;

pub(super) fn limit(of: Use) -> usize {
    match of {
        Use::Alert => LIMIT,
        Use::Voip => VOIP_LIMIT,
    }
}

pub(super) fn build(notification: &Notification, of: Use) -> Result<Fitted, Error> {
    if of == Use::Voip && notification.kind != Kind::Call {
        return Err(Error::refused("a VoIP token is for calls alone"));
    }
    fit_notification(limit(of), notification, |body| payload(notification, body, of))
}

fn payload(notification: &Notification, body: &str, of: Use) -> Value {
    let parts = [("title", notification.title.as_str()), ("body", body)];
    let text: Map<String, Value> = parts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    let mut payload: Map<String, Value> =
        notification.app_data().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let mut aps = Map::new();
    match of {
        // The app shows the call by itself (CallKit).
        Use::Voip => payload.extend(text),
        Use::Alert if notification.is_silent() => {
            aps.insert("content-available".into(), json!(1));
        }
        Use::Alert => {
            aps.insert("alert".into(), Value::Object(text));
            if let Some(sound) = notification.sound_name() {
                aps.insert("sound".into(), json!(sound));
            }
        }
    }
    if let Some(number) = notification.badge.filter(|_| of == Use::Alert) {
        aps.insert("badge".into(), json!(number));
    }
    payload.insert("aps".into(), Value::Object(aps));
    Value::Object(payload)
}

pub(super) fn headers(
    notification: &Notification,
    of: Use,
    bundle_id: &str,
    now: DateTime<Utc>,
) -> Vec<(&'static str, String)> {
    let (topic, kind, priority) = match (of, notification.urgency) {
        (Use::Voip, Urgency::High | Urgency::Normal) => (format!("{bundle_id}.voip"), "voip", "10"),
        // APNs refuses 10 for these.
        (Use::Alert, Urgency::High | Urgency::Normal) if notification.is_silent() => {
            (bundle_id.to_owned(), "background", "5")
        }
        (Use::Alert, Urgency::High) => (bundle_id.to_owned(), "alert", "10"),
        (Use::Alert, Urgency::Normal) => (bundle_id.to_owned(), "alert", "5"),
    };
    let mut headers = vec![
        ("apns-topic", topic),
        ("apns-push-type", kind.to_owned()),
        ("apns-priority", priority.to_owned()),
        ("apns-expiration", notification.expiration(now).to_string()),
    ];
    headers.extend(notification.collapse_key.iter().map(|key| ("apns-collapse-id", key.clone())));
    headers
}
