//! The account's own numbers, and which URLs they ask.

use serde::{Deserialize, Serialize};

use super::form::form;
use super::{Client, Error, lenient};
use crate::twiml::Method;
use crate::webhook::Params;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncomingNumber {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    /// E.164.
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub phone_number: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub friendly_name: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub voice_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub voice_fallback_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub status_callback: Option<String>,
    /// When it is set, `voice_url` is not asked.
    #[serde(default, deserialize_with = "lenient::text")]
    pub voice_application_sid: Option<String>,
    /// When it is set, no URL for voice is asked.
    #[serde(default, deserialize_with = "lenient::text")]
    pub trunk_sid: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub sms_url: Option<String>,
}

/// What to set about a number; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberSettings(Params);

impl NumberSettings {
    /// Sets nothing.
    pub fn new() -> Self {
        Self::default()
    }
}

form!(NumberSettings {
    text friendly_name = "FriendlyName";
    /// Asked when a call arrives.
    text voice_url = "VoiceUrl";
    one voice_method: Method = "VoiceMethod";
    /// Asked when `voice_url` fails.
    text voice_fallback_url = "VoiceFallbackUrl";
    one voice_fallback_method: Method = "VoiceFallbackMethod";
    /// Empty so that `voice_url` is asked.
    text voice_application_sid = "VoiceApplicationSid";
    /// Empty so that `voice_url` is asked.
    text trunk_sid = "TrunkSid";
    /// Looks the names of callers up, which costs.
    on caller_id_lookup = "VoiceCallerIdLookup";
    off no_caller_id_lookup = "VoiceCallerIdLookup";
    /// Told when a call ends.
    text status_callback = "StatusCallback";
    one status_callback_method: Method = "StatusCallbackMethod";
    /// Asked when a message arrives.
    text sms_url = "SmsUrl";
    one sms_method: Method = "SmsMethod";
    /// Asked when `sms_url` fails.
    text sms_fallback_url = "SmsFallbackUrl";
    one sms_fallback_method: Method = "SmsFallbackMethod";
    /// Empty so that `sms_url` is asked.
    text sms_application_sid = "SmsApplicationSid";
});

impl Client {
    /// The account's numbers; with `phone_number`, those that have these digits (E.164, `*` for any digit).
    pub async fn list_incoming_numbers(
        &self,
        phone_number: Option<&str>,
        limit: usize,
    ) -> Result<Vec<IncomingNumber>, Error> {
        let filter = phone_number.map(|number| ("PhoneNumber", number)).into_iter().collect();
        self.list(self.url(&["IncomingPhoneNumbers.json"]), "incoming_phone_numbers", &filter, limit).await
    }

    /// Buys a number (E.164). After [`Error::Unknown`] or [`Error::Server`] it may be bought all the same.
    pub async fn create_incoming_number(
        &self,
        phone_number: &str,
        settings: &NumberSettings,
    ) -> Result<IncomingNumber, Error> {
        let form = settings.params().clone().with("PhoneNumber", phone_number);
        self.post(self.url(&["IncomingPhoneNumbers.json"]), &form).await
    }

    pub async fn update_incoming_number(
        &self,
        number_sid: &str,
        settings: &NumberSettings,
    ) -> Result<IncomingNumber, Error> {
        self.post(self.url(&["IncomingPhoneNumbers", &format!("{number_sid}.json")]), settings.params()).await
    }
}
