//! Signs what is sent to a tenant's address, by Standard Webhooks (<https://www.standardwebhooks.com>): whoever has the secret
//! can tell that it is ours, is meant for him, and is not old. `webhook-id` is the same each time that a message is sent.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// What a secret begins with; the rest is the key in base64.
const PREFIX: &str = "whsec_";
/// Of a key; the specification asks for 24 to 64.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that nobody has seen yet.
pub fn new_secret() -> Secret {
    let mut key = [0_u8; 32];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut key);
    Secret::new(format!("{PREFIX}{}", BASE64_STANDARD.encode(key)))
}

/// Whether something can be signed with it.
pub fn is_secret(secret: &Secret) -> bool {
    key(secret).is_some()
}

fn key(secret: &Secret) -> Option<Vec<u8>> {
    let key = BASE64_STANDARD.decode(secret.expose().strip_prefix(PREFIX)?).ok()?;
    BYTES.contains(&key.len()).then_some(key)
}

/// A message as it is signed.
pub struct Message<'a> {
    /// Without a full stop.
    pub id: &'a str,
    pub at: DateTime<Utc>,
    pub body: &'a [u8],
}

impl Message<'_> {
    /// The headers that prove it.
    pub fn headers(&self, secret: &Secret) -> Result<BTreeMap<String, String>> {
        let refused = || Error::internal("sign a message", "the secret is none");
        let at = self.at.timestamp().to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret).ok_or_else(refused)?)
            .map_err(|cause| Error::internal("sign a message", cause))?;
        for part in [self.id.as_bytes(), b".", at.as_bytes(), b".", self.body] {
            mac.update(part);
        }
        let signature = format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()));
        Ok([("webhook-id", self.id.to_owned()), ("webhook-timestamp", at), ("webhook-signature", signature)]
            .map(|(name, value)| (name.to_owned(), value))
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_specification_says() {
        // The example of the specification's reference libraries.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let message = Message {
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            at: DateTime::from_timestamp(1_614_265_330, 0).unwrap(),
            body: br#"{"test": 2432232314}"#,
        };
        let headers = message.headers(&secret).unwrap();
        assert_eq!(headers["webhook-id"], "msg_p5jXN8AQM9LWM0D4loKWxJek");
        assert_eq!(headers["webhook-timestamp"], "1614265330");
        assert_eq!(headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_of_ours_signs_and_no_two_are_alike() {
        let (first, second) = (new_secret(), new_secret());
        assert!(is_secret(&first) && first != second);
    }

    #[test]
    fn what_is_too_short_too_long_or_no_base64_is_no_secret() {
        let of = |bytes: usize| Secret::new(format!("whsec_{}", BASE64_STANDARD.encode(vec![7; bytes])));
        assert!(is_secret(&of(24)) && is_secret(&of(64)));
        for bad in [of(23), of(65), Secret::new("whsec_"), Secret::new("whsec_?"), Secret::new("secret")] {
            assert!(!is_secret(&bad), "{}", bad.expose());
        }
    }
}
