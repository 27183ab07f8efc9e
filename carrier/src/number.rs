//! The numbers that the customer has: what an inbound call or message to them asks.

use chrono::{DateTime, Utc};

use crate::sid::{self, Kind};
use crate::state::{Shared, State};
use crate::twiml::Method;

/// A number and its configuration; empty addresses are unset, as in Twilio's JSON.
#[derive(Clone, Debug)]
pub struct NewNumber {
    /// E.164.
    pub phone_number: String,
    pub voice_url: String,
    /// Asked with `ErrorCode` and `ErrorUrl` when a document cannot be had.
    pub voice_fallback_url: String,
    /// Told when a call to the number has ended.
    pub status_callback: String,
    /// Asked when a message arrives.
    pub sms_url: String,
}

impl NewNumber {
    /// A number with nothing but the address of its calls.
    pub fn new(phone_number: &str, voice_url: impl Into<String>) -> Self {
        Self {
            phone_number: phone_number.to_owned(),
            voice_url: voice_url.into(),
            voice_fallback_url: String::new(),
            status_callback: String::new(),
            sms_url: String::new(),
        }
    }
}

#[derive(Clone)]
pub(crate) struct Number {
    pub sid: String,
    pub phone_number: String,
    pub friendly_name: String,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub voice: Hook,
    pub voice_fallback: Hook,
    pub status_callback: Hook,
    pub sms: Hook,
    pub sms_fallback: Hook,
    pub caller_id_lookup: bool,
    pub voice_application_sid: String,
    pub sms_application_sid: String,
}

/// An address that may be unset.
#[derive(Clone)]
pub(crate) struct Hook {
    pub url: String,
    pub method: Method,
}

impl Hook {
    fn post(url: String) -> Self {
        Self { url, method: Method::Post }
    }

    pub(crate) fn is_set(&self) -> bool {
        !self.url.is_empty()
    }
}

impl State {
    pub(crate) fn number(&self, phone_number: &str) -> Option<&Number> {
        self.numbers.newest_first().find(|n| n.phone_number == phone_number)
    }
}

impl Shared {
    /// Adds a number and returns its SID.
    pub(crate) fn create_number(&self, new: NewNumber) -> String {
        let sid = sid::new(Kind::Number);
        let now = self.clock.now();
        let number = Number {
            sid: sid.clone(),
            friendly_name: new.phone_number.clone(),
            phone_number: new.phone_number,
            created: now,
            updated: now,
            voice: Hook::post(new.voice_url),
            voice_fallback: Hook::post(new.voice_fallback_url),
            status_callback: Hook::post(new.status_callback),
            sms: Hook::post(new.sms_url),
            sms_fallback: Hook::post(String::new()),
            caller_id_lookup: false,
            voice_application_sid: String::new(),
            sms_application_sid: String::new(),
        };
        self.lock().numbers.insert(sid.clone(), number);
        sid
    }
}
