//! Credentials of limited time for a TURN server that shares a secret with us (coturn's `use-auth-secret`).
//!
//! Owns their text. It must never read a clock, and never shows the secret when it is formatted.
//!
//! Source: draft-uberti-behave-turn-rest-00, section 2.2; coturn's `turnserver.conf`, `static-auth-secret`.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The secret that the TURN server knows as `static-auth-secret`.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnSecret(String);

impl fmt::Debug for TurnSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnSecret(…)")
    }
}

/// What a client shows to the TURN server. The server takes it until `expires_at`; an allocation that was made before
/// stays. Shows no password when it is formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct TurnCredentials {
    /// `<unix seconds of the end>:<user>`.
    pub username: String,
    /// Base64 of HMAC-SHA1 of the username.
    pub password: String,
    /// In whole seconds.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for TurnCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnCredentials")
            .field("username", &self.username)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// Why no credentials were made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TurnError {
    #[error("a TURN server's secret is empty")]
    NoSecret,
    #[error("credentials are good for 1 second to 48 hours, not for {0:?}")]
    Ttl(Duration),
    #[error(
        "a user's name may not be empty, have a colon or control characters, or more than {MAX_USER} bytes"
    )]
    User,
}

/// Ours, so that a slip of the unit is noticed; the protocol has no limit. The draft recommends a day.
pub const MAX_TTL: Duration = Duration::from_secs(48 * 60 * 60);

/// Leaves room for the time in a STUN USERNAME, which has fewer than 509 bytes (RFC 8489, 14.3).
pub const MAX_USER: usize = 400;

impl TurnSecret {
    pub fn new(secret: impl Into<String>) -> Result<Self, TurnError> {
        let secret = secret.into();
        if secret.is_empty() { Err(TurnError::NoSecret) } else { Ok(Self(secret)) }
    }

    /// Credentials for `user`, good for `ttl` (whole seconds, at most [`MAX_TTL`]) from `now`. `user` is for the TURN
    /// server's log and its quota by user (`user-quota`); it proves nothing.
    pub fn credentials(
        &self,
        user: &str,
        now: DateTime<Utc>,
        ttl: Duration,
    ) -> Result<TurnCredentials, TurnError> {
        let user_fits = (1..=MAX_USER).contains(&user.len());
        if !user_fits || user.chars().any(|char| char == ':' || char.is_control()) {
            return Err(TurnError::User);
        }
        if ttl.as_secs() == 0 || ttl > MAX_TTL {
            return Err(TurnError::Ttl(ttl));
        }
        let seconds = i64::try_from(ttl.as_secs()).map_err(|_| TurnError::Ttl(ttl))?;
        let span = TimeDelta::try_seconds(seconds).ok_or(TurnError::Ttl(ttl))?;
        let expires_at = now.trunc_subsecs(0).checked_add_signed(span).ok_or(TurnError::Ttl(ttl))?;
        let username = format!("{}:{user}", expires_at.timestamp());
        let password = self.password(&username);
        Ok(TurnCredentials { username, password, expires_at })
    }

    /// What the TURN server computes from the name that it is shown.
    fn password(&self, username: &str) -> String {
        let mut mac = <Hmac<Sha1> as KeyInit>::new_from_slice(self.0.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(username.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }
}
