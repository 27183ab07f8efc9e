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
/// What a signature by HMAC-SHA256 begins with.
const VERSION: &str = "v1,";
/// So many signatures of one message are looked at.
const MOST_SIGNATURES: usize = 8;
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
#[derive(Clone, Copy)]
pub struct Message<'a> {
    /// Without a full stop.
    pub id: &'a str,
    pub at: DateTime<Utc>,
    pub body: &'a [u8],
}

impl Message<'_> {
    /// The headers that prove it.
    pub fn headers(&self, secret: &Secret) -> Result<BTreeMap<String, String>> {
        self.headers_by(&[secret])
    }

    /// The headers that prove it to who knows one of these secrets.
    pub fn headers_by(&self, secrets: &[&Secret]) -> Result<BTreeMap<String, String>> {
        let signatures = secrets.iter().map(|secret| {
            let signature = BASE64_STANDARD.encode(self.mac(secret)?.finalize().into_bytes());
            Ok(format!("{VERSION}{signature}"))
        });
        let signatures = signatures.collect::<Result<Vec<_>>>()?.join(" ");
        let at = self.at.timestamp().to_string();
        Ok([("webhook-id", self.id.to_owned()), ("webhook-timestamp", at), ("webhook-signature", signatures)]
            .map(|(name, value)| (name.to_owned(), value))
            .into())
    }

    /// Whether one of the signatures of a `webhook-signature` is by one of these secrets.
    pub fn is_signed(&self, secrets: &[Secret], header: &str) -> bool {
        let given =
            header.split(' ').filter_map(|one| BASE64_STANDARD.decode(one.strip_prefix(VERSION)?).ok());
        let given: Vec<_> = given.take(MOST_SIGNATURES).collect();
        secrets.iter().any(|secret| {
            // Compared in constant time.
            given
                .iter()
                .any(|signature| self.mac(secret).is_ok_and(|mac| mac.verify_slice(signature).is_ok()))
        })
    }

    fn mac(&self, secret: &Secret) -> Result<Hmac<Sha256>> {
        let refused = || Error::internal("sign a message", "the secret is none");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret).ok_or_else(refused)?)
            .map_err(|cause| Error::internal("sign a message", cause))?;
        for part in [self.id.as_bytes(), b".", self.at.timestamp().to_string().as_bytes(), b".", self.body] {
            mac.update(part);
        }
        Ok(mac)
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
    fn who_knows_either_secret_sees_that_a_message_is_ours() {
        let [first, second, other] = [new_secret(), new_secret(), new_secret()];
        let at = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let message = Message { id: "msg_1", at, body: b"{}" };
        let signed = &message.headers_by(&[&first, &second]).unwrap()["webhook-signature"];
        assert_eq!(signed.split(' ').count(), 2);
        for known in [&first, &second] {
            assert!(message.is_signed(&[other.clone(), known.clone()], signed));
        }
        assert!(!message.is_signed(&[other], signed));
        assert!(!message.is_signed(&[], signed));
        let changed = [
            Message { body: b"{ }", ..message },
            Message { id: "msg_2", ..message },
            Message { at: at + chrono::TimeDelta::seconds(1), ..message },
        ];
        for changed in changed {
            assert!(!changed.is_signed(std::slice::from_ref(&first), signed));
        }
        for header in ["", "v1,", "v1", &signed.replace("v1,", "v1a,"), &signed.to_uppercase()] {
            assert!(!message.is_signed(std::slice::from_ref(&first), header), "{header}");
        }
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
