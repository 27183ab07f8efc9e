//! Messages: what the customer sends is kept and reported as delivered; what people send reaches the customer.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::callbacks::Callback;
use crate::faults::CallbackKind;
use crate::script::Answer;
use crate::sid::{self, Kind};
use crate::state::Shared;
use crate::twiml::{Link, Method};
use crate::webhook::Params;

/// Twilio's states of a message that are imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageStatus {
    Queued,
    Sent,
    Delivered,
    Undelivered,
    Received,
}

impl MessageStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            MessageStatus::Queued => "queued",
            MessageStatus::Sent => "sent",
            MessageStatus::Delivered => "delivered",
            MessageStatus::Undelivered => "undelivered",
            MessageStatus::Received => "received",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageDirection {
    Inbound,
    OutboundApi,
}

impl MessageDirection {
    pub fn as_str(self) -> &'static str {
        match self {
            MessageDirection::Inbound => "inbound",
            MessageDirection::OutboundApi => "outbound-api",
        }
    }
}

/// A message, in either direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    pub sid: String,
    pub from: String,
    pub to: String,
    pub body: String,
    pub media: Vec<String>,
    pub messaging_service_sid: Option<String>,
    pub direction: MessageDirection,
    pub status: MessageStatus,
    pub error_code: Option<u32>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
}

/// A message to be sent by the REST API.
pub(crate) struct Outgoing {
    pub from: String,
    pub to: String,
    pub body: String,
    pub media: Vec<String>,
    pub messaging_service_sid: Option<String>,
    pub status_callback: Option<String>,
}

/// Between two states of a message on its way.
const HOP: Duration = Duration::from_secs(1);

impl Shared {
    /// Takes a message and reports it sent, and then delivered or undelivered (30003, when the phone is unreachable).
    pub(crate) fn send_message(self: &Arc<Self>, outgoing: Outgoing) -> Message {
        let now = self.clock.now();
        let message = Message {
            sid: sid::new(Kind::Message),
            from: outgoing.from,
            to: outgoing.to,
            body: outgoing.body,
            media: outgoing.media,
            messaging_service_sid: outgoing.messaging_service_sid,
            direction: MessageDirection::OutboundApi,
            status: MessageStatus::Queued,
            error_code: None,
            created_at: now,
            updated_at: now,
            sent_at: None,
        };
        {
            let mut state = self.lock();
            state.messages.insert(message.sid.clone(), message.clone());
            state.messages.trim(self.settings.keep_calls, |_| true);
        }
        // Nobody else has the telephone: it is read here, or at /carrier/messages.
        tracing::info!(to = %message.to, text = %message.body, "a message");
        let (shared, sid, to) = (self.clone(), message.sid.clone(), message.to.clone());
        let mut busy = Some(self.clock.busy());
        tokio::spawn(async move {
            let reachable =
                shared.lock().endpoints.get(&to).is_none_or(|phone| phone.answer != Answer::Unreachable);
            let last = if reachable { MessageStatus::Delivered } else { MessageStatus::Undelivered };
            for status in [MessageStatus::Sent, last] {
                let sleep = shared.clock.sleep(HOP);
                busy = Some(crate::webhook::released(&mut busy, sleep).await);
                shared.move_message(&sid, status, outgoing.status_callback.as_deref());
            }
        });
        message
    }

    fn move_message(self: &Arc<Self>, sid: &str, status: MessageStatus, callback: Option<&str>) {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(message) = state.messages.get_mut(sid) else { return };
        message.status = status;
        message.updated_at = now;
        match status {
            MessageStatus::Sent => message.sent_at = Some(now),
            MessageStatus::Undelivered => message.error_code = Some(30003),
            MessageStatus::Queued | MessageStatus::Delivered | MessageStatus::Received => {}
        }
        let Some(url) = callback else { return };
        let mut params: Params = [
            ("AccountSid", self.settings.account_sid.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("From", &message.from),
            ("To", &message.to),
            ("MessageSid", sid),
            ("SmsSid", sid),
            ("MessageStatus", status.as_str()),
            ("SmsStatus", status.as_str()),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        if let Some(service) = &message.messaging_service_sid {
            params.push(("MessagingServiceSid".to_owned(), service.clone()));
        }
        if let Some(code) = message.error_code {
            params.push(("ErrorCode".to_owned(), code.to_string()));
        }
        let link = Link { url: url.to_owned(), method: Method::Post };
        let callback = Callback {
            kind: CallbackKind::Message,
            event: status.as_str().to_owned(),
            link,
            params,
            leg: None,
        };
        self.call_back(sid, callback);
    }

    /// Somebody sends a message to one of the customer's numbers; `None` when that number is nobody's or has no
    /// address for messages.
    pub(crate) fn receive_message(
        self: &Arc<Self>,
        from: &str,
        to: &str,
        body: &str,
        media: &[String],
    ) -> Option<Message> {
        let now = self.clock.now();
        let message = Message {
            sid: sid::new(Kind::Message),
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            media: media.to_vec(),
            messaging_service_sid: None,
            direction: MessageDirection::Inbound,
            status: MessageStatus::Received,
            error_code: None,
            created_at: now,
            updated_at: now,
            sent_at: Some(now),
        };
        let mut state = self.lock();
        let hook = state.number(to)?.sms.clone();
        if !hook.is_set() {
            return None;
        }
        state.messages.insert(message.sid.clone(), message.clone());
        let pair = (to.to_owned(), from.to_owned());
        match body.trim().to_uppercase().as_str() {
            "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" => {
                state.opted_out.insert(pair);
            }
            "START" | "UNSTOP" | "YES" => {
                state.opted_out.remove(&pair);
            }
            _ => {}
        }
        drop(state);
        let mut params: Params = [
            ("AccountSid", self.settings.account_sid.as_str()),
            ("ApiVersion", "2010-04-01"),
            ("Body", body),
            ("From", from),
            ("To", to),
            ("MessageSid", &message.sid),
            ("SmsSid", &message.sid),
            ("SmsMessageSid", &message.sid),
            ("NumMedia", &media.len().to_string()),
            ("NumSegments", &body.chars().count().div_ceil(160).max(1).to_string()),
            ("SmsStatus", "received"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (n, url) in media.iter().enumerate() {
            params.push((format!("MediaUrl{n}"), url.clone()));
            params.push((format!("MediaContentType{n}"), "image/jpeg".to_owned()));
        }
        let link = Link { url: hook.url, method: hook.method };
        let callback =
            Callback { kind: CallbackKind::Message, event: "received".to_owned(), link, params, leg: None };
        self.call_back(&message.sid, callback);
        Some(message)
    }
}
