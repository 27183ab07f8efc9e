//! Apple's push service: iPhones that registered with Apple itself, for alerts or for VoIP.
//!
//! Source: Apple, "Sending notification requests to APNs", "Establishing a token-based connection to APNs", "Handling
//! notification responses from APNs".

mod key;
mod payload;
mod reasons;

use chrono::DateTime;
use clock::Clock;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use serde::Deserialize;

use crate::http::{self, Effect, Http, Versions};
use crate::{Endpoint, Error, Notification, Sent};
pub use key::{Key, REFRESH_SECONDS};
pub use payload::{LIMIT, VOIP_LIMIT};

/// Apps from the App Store and TestFlight.
pub const PRODUCTION: &str = "https://api.push.apple.com";
/// Apps that were built for development. Their tokens are not those of production.
pub const SANDBOX: &str = "https://api.sandbox.push.apple.com";

/// What a token was given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Use {
    Alert,
    /// By PushKit. The phone stops an app that is woken so and does not ring: only calls go there.
    Voip,
}

/// A device token: 2 to 200 hexadecimal digits. Not shown when it is formatted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token {
    hex: String,
    of: Use,
}

impl Token {
    /// # Errors
    /// [`Error::DeadToken`] for a text that cannot be one.
    pub fn new(hex: impl Into<String>, of: Use) -> Result<Self, Error> {
        let mut hex = hex.into();
        let is_hex = (2..=200).contains(&hex.len())
            && hex.len().is_multiple_of(2)
            && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.make_ascii_lowercase();
        if is_hex { Ok(Self { hex, of }) } else { Err(Error::dead("not the form of an APNs token")) }
    }

    pub fn as_str(&self) -> &str {
        &self.hex
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "apns::Token({:?}, …)", self.of)
    }
}

/// One app of one developer's team. Keeps one connection and one provider token for all who send; share the client.
pub struct Client {
    http: Http,
    key: Key,
    bundle_id: String,
    clock: Clock,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("key", &self.key)
            .field("bundle_id", &self.bundle_id)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// `bundle_id` is the app's, such as `com.example.app`; its VoIP topic is made of it. Connects when it is first used.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] for an address or a bundle id that is none.
    pub fn new(
        key: Key,
        bundle_id: impl Into<String>,
        endpoint: &Endpoint,
        clock: Clock,
    ) -> Result<Self, Error> {
        let bundle_id = bundle_id.into();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if !(1..=155).contains(&bundle_id.len()) || !bundle_id.bytes().all(good) {
            return Err(Error::misconfigured(
                "a bundle id has letters, digits, hyphens and dots, as com.example.app",
            ));
        }
        Ok(Self { http: Http::new(endpoint, Versions::Two)?, key, bundle_id, clock })
    }

    /// Sends to one phone, once.
    pub async fn send(&self, to: &Token, notification: &Notification) -> Result<Sent, Error> {
        let now = self.clock.now();
        let fitted = payload::build(notification, to.of)?;
        let headers = payload::headers(notification, to.of, &self.bundle_id, now);
        let mut authorization = HeaderValue::try_from(format!("bearer {}", self.key.token(now)?))
            .map_err(|error| Error::misconfigured(error.to_string()))?;
        authorization.set_sensitive(true);
        let mut request = self
            .http
            .post(&["3", "device", &to.hex])
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(fitted.payload.to_string());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let reply = http::send(request, Effect::Sends).await?;
        if reply.status.is_success() {
            let id = reply.headers.get("apns-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
            return Ok(Sent { id: id.to_owned(), text: fitted.text });
        }
        let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
        let since = refusal.timestamp.and_then(DateTime::from_timestamp_millis);
        let wait = reply.retry_after(now);
        Err(reasons::meaning(reply.status, &refusal.reason, since, wait, payload::limit(to.of)))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    reason: String,
    /// Milliseconds: when the token was last found dead.
    timestamp: Option<i64>,
}
