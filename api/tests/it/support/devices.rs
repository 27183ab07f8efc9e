//! Devices of people in the tests that take part in encrypted chats: they sign as real ones do, and encrypt nothing.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use calldocker::store::chat_devices::Published;
use entity::id::{ChatDeviceId, CompanyId, UserId};
use entity::{chat_device, chat_device_key};
use serde_json::{Value, json};

const OLM: &str = "m.olm.v1.curve25519-aes-sha2";

pub struct Device {
    pub id: ChatDeviceId,
    pub user: UserId,
    company: CompanyId,
    seed: u8,
    pair: Ed25519KeyPair,
}

impl Device {
    /// `seed`: another one makes other keys.
    pub fn new(company: CompanyId, user: UserId, id: ChatDeviceId, seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a seed of 32 bytes");
        Self { id, user, company, seed, pair }
    }

    fn sign(&self, signed: &Value) -> String {
        STANDARD_NO_PAD.encode(self.pair.sign(signed.to_string().as_bytes()))
    }

    /// What it publishes of itself.
    pub fn body(&self) -> Value {
        let identity_key = STANDARD_NO_PAD.encode([self.seed; 32]);
        let signing_key = STANDARD_NO_PAD.encode(self.pair.public_key());
        let signed = json!({
            "user_id": format!("@{}:{}", self.user, self.company), "device_id": self.id, "algorithms": [OLM],
            "keys": { format!("curve25519:{}", self.id): identity_key, format!("ed25519:{}", self.id): signing_key },
        });
        json!({
            "algorithms": [OLM], "identityKey": identity_key, "signingKey": signing_key,
            "signature": self.sign(&signed),
        })
    }

    fn public(&self, number: u8) -> String {
        let mut bytes = [number; 32];
        bytes[0] = self.seed;
        STANDARD_NO_PAD.encode(bytes)
    }

    /// A key that is given out once.
    pub fn key(&self, number: u8) -> Value {
        let key = self.public(number);
        let signature = self.sign(&json!({ "key": key }));
        json!({ "keyId": format!("AAAA{number:03}"), "key": key, "signature": signature })
    }

    pub fn fallback(&self, number: u8) -> Value {
        let key = self.public(number);
        let signature = self.sign(&json!({ "fallback": true, "key": key }));
        json!({ "keyId": format!("FFFF{number:03}"), "key": key, "signature": signature })
    }

    /// As rows: the device, with a fallback key, and this key that is given out once.
    pub fn rows(
        &self,
        number: u8,
        now: chrono::DateTime<chrono::Utc>,
    ) -> (chat_device::Model, chat_device_key::Model) {
        let text = |value: &Value, name: &str| value[name].as_str().expect("a text").to_owned();
        let published = |value: &Value| Published {
            key_id: text(value, "keyId"),
            key: text(value, "key"),
            signature: text(value, "signature"),
        };
        let (body, once, fallback) =
            (self.body(), published(&self.key(number)), published(&self.fallback(number)));
        let device = chat_device::Model {
            company_id: self.company,
            user_id: self.user,
            id: self.id,
            name: None,
            algorithms: body["algorithms"].clone(),
            identity_key: text(&body, "identityKey"),
            signing_key: text(&body, "signingKey"),
            signature: text(&body, "signature"),
            fallback_key_id: Some(fallback.key_id),
            fallback_key: Some(fallback.key),
            fallback_signature: Some(fallback.signature),
            fallback_used: false,
            published_at: now,
        };
        let key = chat_device_key::Model {
            company_id: self.company,
            user_id: self.user,
            device_id: self.id,
            key_id: once.key_id,
            key: once.key,
            signature: once.signature,
            published_at: now,
            claimed_at: None,
        };
        (device, key)
    }
}

/// A message for these devices, as `from` has encrypted it: each is told who it is.
pub fn sealed(from: &Device, to: &[&Device]) -> Value {
    let text = |device: &&Device| {
        let body = STANDARD_NO_PAD.encode(format!("for {}", device.id));
        json!({ "userId": device.user, "deviceId": device.id, "type": 0, "body": body })
    };
    json!({ "deviceId": from.id, "ciphertexts": to.iter().map(text).collect::<Vec<_>>() })
}
