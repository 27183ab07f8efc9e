//! Calls: make, move on, end, look up.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::form::form;
use super::{Client, Error, lenient};
use crate::twiml::{
    CallEvent, MachineDetection, Method, RecordingEvent, RecordingTrack, Trim, VoiceResponse,
};
use crate::webhook::{AnsweredBy, CallStatus, Direction, Params};

/// A call as Twilio has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub parent_call_sid: Option<String>,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub from: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub to: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: CallStatus,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub direction: Direction,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
    /// When it was answered, or if it never was, when it was begun.
    #[serde(default, with = "lenient::moment")]
    pub start_time: Option<DateTime<Utc>>,
    #[serde(default, with = "lenient::moment")]
    pub end_time: Option<DateTime<Utc>>,
    /// Seconds.
    #[serde(default, with = "lenient::number_text")]
    pub duration: Option<u32>,
    /// Where detection of machines was asked for.
    #[serde(default, deserialize_with = "lenient::some_word")]
    pub answered_by: Option<AnsweredBy>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub forwarded_from: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub caller_name: Option<String>,
    /// A decimal number, negative, in `price_unit`; known some time after the end.
    #[serde(default, deserialize_with = "lenient::text")]
    pub price: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub price_unit: Option<String>,
}

/// A call to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateCall(Params);

impl CreateCall {
    fn between(from: impl Into<String>, to: impl Into<String>) -> Params {
        Params::new().with("To", to).with("From", from)
    }

    /// A call that fetches its document from `url` when it is answered. `to` and `from` are E.164 or
    /// `client:<identity>`; `to` may be a SIP URI.
    pub fn url(from: impl Into<String>, to: impl Into<String>, url: impl Into<String>) -> Self {
        Self(Self::between(from, to).with("Url", url))
    }

    /// A call whose document is known: see [`VoiceResponse::check_for_rest`].
    pub fn twiml(from: impl Into<String>, to: impl Into<String>, document: &VoiceResponse) -> Self {
        Self(Self::between(from, to).with("Twiml", document.to_xml()))
    }
}

form!(CreateCall {
    /// How `url` is fetched.
    one method: Method = "Method";
    text fallback_url = "FallbackUrl";
    one fallback_method: Method = "FallbackMethod";
    text status_callback = "StatusCallback";
    many status_callback_event: CallEvent = "StatusCallbackEvent";
    one status_callback_method: Method = "StatusCallbackMethod";
    /// Seconds of ringing, 60 if none are given, at most 600; Twilio adds about 5.
    number timeout = "Timeout";
    /// Seconds that the call may last.
    number time_limit = "TimeLimit";
    /// Keys sent when it answers.
    text send_digits = "SendDigits";
    /// Shown to the called party where carriers support it.
    text call_reason = "CallReason";
    /// Of the call that this one passes on, whose caller id it may then carry.
    text call_token = "CallToken";
    text caller_id = "CallerId";
    text byoc = "Byoc";
    one machine_detection: MachineDetection = "MachineDetection";
    /// Seconds, 3 to 59.
    number machine_detection_timeout = "MachineDetectionTimeout";
    /// Lets the document begin while the detection still listens.
    on async_amd = "AsyncAmd";
    text async_amd_status_callback = "AsyncAmdStatusCallback";
    one async_amd_status_callback_method: Method = "AsyncAmdStatusCallbackMethod";
    on record = "Record";
    one recording_track: RecordingTrack = "RecordingTrack";
    text recording_status_callback = "RecordingStatusCallback";
    many recording_status_callback_event: RecordingEvent = "RecordingStatusCallbackEvent";
    one recording_status_callback_method: Method = "RecordingStatusCallbackMethod";
    one trim: Trim = "Trim";
});

/// What to do with a call that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateCall {
    /// Leave what it does and go on with the document at this URL. Only a call in progress can.
    Redirect { url: String },
    /// As `Redirect`, with the document itself.
    Twiml(VoiceResponse),
    /// End it, whether it rings or runs.
    Complete,
    /// End it if it is not answered yet.
    Cancel,
}

impl UpdateCall {
    /// The request as it is sent.
    pub fn params(&self) -> Params {
        match self {
            Self::Redirect { url } => Params::new().with("Url", url).with("Method", Method::Post.as_str()),
            Self::Twiml(document) => Params::new().with("Twiml", document.to_xml()),
            Self::Complete => Params::new().with("Status", "completed"),
            Self::Cancel => Params::new().with("Status", "canceled"),
        }
    }
}

/// Which calls to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallFilter(Params);

impl CallFilter {
    /// All calls of the account.
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn status(mut self, status: &CallStatus) -> Self {
        self.0.set("Status", status.as_str());
        self
    }

    /// Calls begun on this day (UTC) or later.
    #[must_use]
    pub fn started_since(mut self, day: DateTime<Utc>) -> Self {
        self.0.set("StartTime>", day.format("%Y-%m-%d").to_string());
        self
    }
}

form!(CallFilter {
    text from = "From";
    text to = "To";
    text parent_call_sid = "ParentCallSid";
});

impl Client {
    /// Makes a call. After [`Error::Unknown`] or [`Error::Server`] it may be ringing all the same.
    pub async fn create_call(&self, call: &CreateCall) -> Result<Call, Error> {
        self.post(self.url(&["Calls.json"]), call.params()).await
    }

    /// [`Error::is_gone`] when the call is over.
    pub async fn update_call(&self, call_sid: &str, update: &UpdateCall) -> Result<Call, Error> {
        self.post(self.url(&["Calls", &format!("{call_sid}.json")]), &update.params()).await
    }

    pub async fn fetch_call(&self, call_sid: &str) -> Result<Call, Error> {
        self.get(self.url(&["Calls", &format!("{call_sid}.json")])).await
    }

    /// The newest first, at most `limit`.
    pub async fn list_calls(&self, filter: &CallFilter, limit: usize) -> Result<Vec<Call>, Error> {
        self.list(self.url(&["Calls.json"]), "calls", filter.params(), limit).await
    }
}
