//! Messages: SMS and the channels beside it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::form::form;
use super::{Client, Error, lenient};
use crate::webhook::{DeliveryStatus, Params};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub messaging_service_sid: Option<String>,
    /// Absent while a messaging service has not chosen a number.
    #[serde(default, deserialize_with = "lenient::text")]
    pub from: Option<String>,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub to: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub body: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: DeliveryStatus,
    #[serde(default, deserialize_with = "lenient::number")]
    pub error_code: Option<u32>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub error_message: Option<String>,
    #[serde(default, with = "lenient::number_text")]
    pub num_segments: Option<u32>,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
    #[serde(default, with = "lenient::moment")]
    pub date_sent: Option<DateTime<Utc>>,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateMessage(Params);

impl CreateMessage {
    /// From a number or a sender of a channel: E.164, `whatsapp:+15005550006`.
    pub fn from_number(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self(Params::new().with("To", to).with("From", from))
    }

    /// From a number that a messaging service (`MG…`) chooses.
    pub fn from_service(service_sid: impl Into<String>, to: impl Into<String>) -> Self {
        Self(Params::new().with("To", to).with("MessagingServiceSid", service_sid))
    }

    /// One more picture or file, by its URL; at most ten.
    #[must_use]
    pub fn media_url(mut self, url: impl Into<String>) -> Self {
        self.0.push("MediaUrl", url);
        self
    }

    /// Sends it later: only with a messaging service, between 15 minutes and 35 days from now.
    #[must_use]
    pub fn send_at(mut self, moment: DateTime<Utc>) -> Self {
        self.0.set("ScheduleType", "fixed");
        self.0.set("SendAt", moment.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        self
    }
}

form!(CreateMessage {
    /// At most 1600 characters.
    text body = "Body";
    /// A template (`HX…`), which alone may begin a conversation in WhatsApp.
    text content_sid = "ContentSid";
    /// The template's values, a JSON object.
    text content_variables = "ContentVariables";
    text status_callback = "StatusCallback";
    /// Seconds after which it is not sent any more, 1 to 36000.
    number validity_period = "ValidityPeriod";
});

impl Client {
    /// Sends a message. After [`Error::Unknown`] or [`Error::Server`] it may be sent all the same.
    pub async fn create_message(&self, message: &CreateMessage) -> Result<Message, Error> {
        self.post(self.url(&["Messages.json"]), message.params()).await
    }

    pub async fn fetch_message(&self, message_sid: &str) -> Result<Message, Error> {
        self.get(self.url(&["Messages", &format!("{message_sid}.json")])).await
    }
}
