//! Provider tokens: a JWT (ES256) that says which team sends.
//!
//! Apple wants a new one after 20 minutes at the earliest and 60 at the latest. Its moment of issue is the beginning of
//! the present span of 40 minutes, so that all nodes of a server, and one that starts again, say the same one.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::Error;

/// Seconds for which a provider token is used.
pub const REFRESH_SECONDS: i64 = 40 * 60;

/// An authentication key of a developer's team, as its `.p8` file and two ids of ten characters. Does not show the key
/// when it is formatted. Clones share the token that is in use.
#[derive(Clone)]
pub struct Key {
    team_id: String,
    header: Header,
    key: EncodingKey,
    current: Arc<Mutex<Option<Current>>>,
}

struct Current {
    issued_at: i64,
    token: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("team_id", &self.team_id)
            .field("key_id", &self.header.kid)
            .finish_non_exhaustive()
    }
}

impl Key {
    /// `p8` is the file's text: a P-256 key as PKCS #8 in PEM.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] says what is wrong, without showing any of it.
    pub fn new(p8: &str, key_id: &str, team_id: &str) -> Result<Self, Error> {
        for (what, id) in [("key", key_id), ("team", team_id)] {
            if id.len() != 10 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(Error::misconfigured(format!("Apple's {what} ids have ten letters and digits")));
            }
        }
        let no_key = |_error| Error::misconfigured("the .p8 file is no P-256 key in PEM");
        let key = EncodingKey::from_ec_pem(p8.as_bytes()).map_err(no_key)?;
        let header = Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::ES256) };
        let key = Self { team_id: team_id.to_owned(), header, key, current: Arc::default() };
        key.sign(0).map_err(no_key)?;
        Ok(key)
    }

    pub(super) fn token(&self, now: DateTime<Utc>) -> Result<String, Error> {
        let issued_at = now.timestamp() - now.timestamp().rem_euclid(REFRESH_SECONDS);
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = current.as_ref().filter(|current| current.issued_at == issued_at) {
            return Ok(current.token.clone());
        }
        let token = self.sign(issued_at).map_err(|error| Error::misconfigured(error.to_string()))?;
        *current = Some(Current { issued_at, token: token.clone() });
        Ok(token)
    }

    fn sign(&self, issued_at: i64) -> Result<String, jsonwebtoken::errors::Error> {
        jsonwebtoken::encode(&self.header, &Claims { iss: &self.team_id, iat: issued_at }, &self.key)
    }
}
