//! A notification as FCM's `Message`, without whom it is for.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use crate::fit::{Fitted, fit_notification};
use crate::{Error, Kind, Notification, Urgency};

/// Bytes of a message to a phone. FCM counts keys and values of what the phone gets; we count the whole message as JSON
/// but for the token, which is always more.
pub const LIMIT: usize = 4096;

pub(super) fn build(notification: &Notification, now: DateTime<Utc>) -> Result<Fitted, Error> {
    fit_notification(LIMIT, notification, |body| message(notification, body, now))
}

fn message(notification: &Notification, body: &str, now: DateTime<Utc>) -> Value {
    let is_call = notification.kind == Kind::Call;
    let text = text(notification, body);
    let mut data: Map<String, Value> =
        notification.app_data().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    if is_call {
        // A message without `notification` is brought to the app also when it is not open: it rings by itself.
        data.extend(text.clone());
    }
    let mut message = json!({
        "data": data,
        "android": android(notification),
        "apns": apple(notification, &text, now),
    });
    if !is_call && !notification.is_silent() {
        message["notification"] = Value::Object(text);
    }
    message
}

/// Title and body, as far as there are any.
fn text(notification: &Notification, body: &str) -> Map<String, Value> {
    let parts = [("title", notification.title.as_str()), ("body", body)];
    parts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect()
}

fn android(notification: &Notification) -> Value {
    let priority = match notification.urgency {
        Urgency::High => "HIGH",
        Urgency::Normal => "NORMAL",
    };
    let mut android = json!({ "priority": priority, "ttl": format!("{}s", notification.seconds_to_live()) });
    if let Some(key) = &notification.collapse_key {
        android["collapse_key"] = json!(key);
    }
    if notification.kind != Kind::Call && !notification.is_silent() {
        let mut shown = Map::new();
        if let Some(sound) = notification.sound_name() {
            shown.insert("sound".into(), json!(sound));
        }
        if let Some(channel) = &notification.channel {
            shown.insert("channel_id".into(), json!(channel));
        }
        if let Some(number) = notification.badge.and_then(|number| i32::try_from(number).ok()) {
            shown.insert("notification_count".into(), json!(number));
        }
        if let Some(key) = &notification.collapse_key {
            shown.insert("tag".into(), json!(key));
        }
        android["notification"] = Value::Object(shown);
    }
    android
}

/// For iPhones that registered with Firebase: the headers and the payload that it gives to APNs.
fn apple(notification: &Notification, text: &Map<String, Value>, now: DateTime<Utc>) -> Value {
    let silent = notification.is_silent();
    let priority = match notification.urgency {
        Urgency::High if !silent => "10",
        Urgency::High | Urgency::Normal => "5",
    };
    let mut headers = json!({
        "apns-priority": priority,
        "apns-push-type": if silent { "background" } else { "alert" },
        "apns-expiration": notification.expiration(now).to_string(),
    });
    if let Some(key) = &notification.collapse_key {
        headers["apns-collapse-id"] = json!(key);
    }
    let mut aps = Map::new();
    if silent {
        aps.insert("content-available".into(), json!(1));
    } else {
        if notification.kind == Kind::Call {
            aps.insert("alert".into(), Value::Object(text.clone()));
        }
        if let Some(sound) = notification.sound_name() {
            aps.insert("sound".into(), json!(sound));
        }
    }
    if let Some(number) = notification.badge {
        aps.insert("badge".into(), json!(number));
    }
    json!({ "headers": headers, "payload": { "aps": aps } })
}
