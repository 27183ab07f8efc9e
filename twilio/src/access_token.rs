//! Access tokens: what a device of the voice SDK shows to Twilio.
//!
//! Owns the claims and their signature (JWT, HS256). It must never read a clock: the moment of issue is an argument.
//!
//! Source: Twilio docs, "Access Tokens", and tokens made by the official helper libraries (`tests/vectors`).

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// Twilio accepts no token that is good for longer.
pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// What a token for voice allows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VoiceGrant {
    incoming: bool,
    outgoing: Option<(String, Map<String, Value>)>,
    push_credential_sid: Option<String>,
    endpoint_id: Option<String>,
}

impl VoiceGrant {
    /// Allows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows to be rung as `client:<identity>`.
    #[must_use]
    pub fn incoming(mut self) -> Self {
        self.incoming = true;
        self
    }

    /// Allows calls, which are answered by the TwiML application `application_sid` (`AP…`).
    #[must_use]
    pub fn outgoing(self, application_sid: impl Into<String>) -> Self {
        self.outgoing_with(application_sid, Map::new())
    }

    /// As [`VoiceGrant::outgoing`]; `params` come with every such call and cannot be changed by the device.
    #[must_use]
    pub fn outgoing_with(mut self, application_sid: impl Into<String>, params: Map<String, Value>) -> Self {
        self.outgoing = Some((application_sid.into(), params));
        self
    }

    /// Allows to be woken by a push notification (`CR…`).
    #[must_use]
    pub fn push_credential(mut self, sid: impl Into<String>) -> Self {
        self.push_credential_sid = Some(sid.into());
        self
    }

    #[must_use]
    pub fn endpoint(mut self, id: impl Into<String>) -> Self {
        self.endpoint_id = Some(id.into());
        self
    }

    fn to_json(&self) -> Value {
        let mut grant = Map::new();
        if self.incoming {
            grant.insert("incoming".into(), json!({ "allow": true }));
        }
        if let Some((application_sid, params)) = &self.outgoing {
            let mut outgoing = Map::from_iter([("application_sid".to_owned(), json!(application_sid))]);
            if !params.is_empty() {
                outgoing.insert("params".into(), json!(params));
            }
            grant.insert("outgoing".into(), outgoing.into());
        }
        if let Some(sid) = &self.push_credential_sid {
            grant.insert("push_credential_sid".into(), json!(sid));
        }
        if let Some(id) = &self.endpoint_id {
            grant.insert("endpoint_id".into(), json!(id));
        }
        grant.into()
    }
}

/// A token before it is signed.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessToken {
    account_sid: String,
    key_sid: String,
    identity: String,
    grant: VoiceGrant,
    issued_at: DateTime<Utc>,
    ttl: Duration,
    not_before: Option<DateTime<Utc>>,
    region: Option<String>,
}

/// Why a token was not made: Twilio would refuse it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("a token is good for 1 second to 24 hours, not for {0:?}")]
    Ttl(Duration),
    #[error("a token needs {0}")]
    Missing(&'static str),
}

impl AccessToken {
    /// A token for one device, good for an hour from `now`. `key_sid` is the id of an API key (`SK…`) of the account.
    pub fn voice(
        account_sid: impl Into<String>,
        key_sid: impl Into<String>,
        identity: impl Into<String>,
        grant: VoiceGrant,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            account_sid: account_sid.into(),
            key_sid: key_sid.into(),
            identity: identity.into(),
            grant,
            issued_at: now,
            ttl: Duration::from_secs(3600),
            not_before: None,
            region: None,
        }
    }

    /// How long the token is good for, in whole seconds, at most [`MAX_TTL`].
    #[must_use]
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    #[must_use]
    pub fn not_before(mut self, moment: DateTime<Utc>) -> Self {
        self.not_before = Some(moment);
        self
    }

    /// The region of the account, where it is not `us1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The token as a JWT, signed with the secret of the API key.
    pub fn sign(&self, secret: &str) -> Result<String, TokenError> {
        let required = [
            ("an account", self.account_sid.as_str()),
            ("an API key", self.key_sid.as_str()),
            ("an identity", self.identity.as_str()),
            ("a secret", secret),
        ];
        if let Some((what, _)) = required.into_iter().find(|(_, value)| value.is_empty()) {
            return Err(TokenError::Missing(what));
        }
        if self.ttl.as_secs() == 0 || self.ttl > MAX_TTL {
            return Err(TokenError::Ttl(self.ttl));
        }
        let text = format!("{}.{}", encode(&self.header()), encode(&self.payload()));
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        let signature = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        Ok(format!("{text}.{signature}"))
    }

    fn header(&self) -> Value {
        let mut header = json!({ "alg": "HS256", "typ": "JWT", "cty": "twilio-fpa;v=1" });
        if let Some(region) = &self.region {
            header["twr"] = json!(region);
        }
        header
    }

    fn payload(&self) -> Value {
        let issued_at = self.issued_at.timestamp();
        let mut payload = json!({
            "jti": format!("{}-{issued_at}", self.key_sid),
            "iss": self.key_sid,
            "sub": self.account_sid,
            "iat": issued_at,
            "exp": issued_at.saturating_add_unsigned(self.ttl.as_secs()),
            "grants": { "identity": self.identity, "voice": self.grant.to_json() },
        });
        if let Some(moment) = self.not_before {
            payload["nbf"] = json!(moment.timestamp());
        }
        payload
    }
}

fn encode(part: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(part.to_string())
}
