//! A notification as Expo's message, without whom it is for.

use serde_json::{Value, json};

use crate::fit::{Fitted, fit_notification};
use crate::{Error, Notification, Urgency};

/// Bytes of what a phone gets in the end.
pub const LIMIT: usize = 4096;

/// Bytes that are left for what Expo adds when it passes a message on: names of its own, and the data once more as text.
/// How many it needs is not documented.
const RESERVE: usize = 512;

pub(super) fn build(notification: &Notification) -> Result<Fitted, Error> {
    fit_notification(LIMIT - RESERVE, notification, |body| message(notification, body))
}

fn message(notification: &Notification, body: &str) -> Value {
    let mut message = json!({
        "data": notification.app_data(),
        "ttl": notification.seconds_to_live(),
        "priority": match notification.urgency {
            Urgency::High => "high",
            Urgency::Normal => "normal",
        },
    });
    for (name, text) in [("title", notification.title.as_str()), ("body", body)] {
        if !text.is_empty() {
            message[name] = json!(text);
        }
    }
    if notification.is_silent() {
        message["_contentAvailable"] = json!(true);
    } else if let Some(sound) = notification.sound_name() {
        message["sound"] = json!(sound);
    }
    if let Some(number) = notification.badge {
        message["badge"] = json!(number);
    }
    if let Some(channel) = &notification.channel {
        message["channelId"] = json!(channel);
    }
    message
}
