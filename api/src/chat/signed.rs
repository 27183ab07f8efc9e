//! What a device signs, and whether it has. The forms are those of Matrix (Client-Server API, "Signing JSON", and the chapter on
//! end-to-end encryption), so that its kept libraries work as they are: an object of JSON without spaces, its names in order. There a
//! user is called `@USER:COMPANY`.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use entity::id::{ChatDeviceId, CompanyId, UserId};

/// What every device speaks.
pub const OLM: &str = "m.olm.v1.curve25519-aes-sha2";

/// Keys of a device, as it has signed them.
#[derive(Clone, Copy, Debug)]
pub struct DeviceKeys<'a> {
    pub company: CompanyId,
    pub user: UserId,
    pub device: ChatDeviceId,
    /// Letters, digits, `.`, `-` and `_` alone.
    pub algorithms: &'a [String],
    pub identity_key: &'a str,
    pub signing_key: &'a str,
}

impl DeviceKeys<'_> {
    fn signed(&self) -> String {
        let Self { company, user, device, algorithms, identity_key, signing_key } = self;
        let algorithms = algorithms.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
        format!(
            r#"{{"algorithms":[{algorithms}],"device_id":"{device}","keys":{{"curve25519:{device}":"{identity_key}","ed25519:{device}":"{signing_key}"}},"user_id":"@{user}:{company}"}}"#
        )
    }

    pub fn are_signed(&self, signature: &str) -> bool {
        verify(self.signing_key, &self.signed(), signature)
    }
}

/// For what a key is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Once,
    Fallback,
}

pub fn key_is_signed(signing_key: &str, key: &str, used: Use, signature: &str) -> bool {
    let signed = match used {
        Use::Once => format!(r#"{{"key":"{key}"}}"#),
        Use::Fallback => format!(r#"{{"fallback":true,"key":"{key}"}}"#),
    };
    verify(signing_key, &signed, signature)
}

/// Whether it is a public key: 32 bytes, in base64 without padding.
pub fn is_key(text: &str) -> bool {
    bytes::<32>(text).is_some()
}

fn bytes<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    STANDARD_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn verify(key: &str, signed: &str, signature: &str) -> bool {
    let (Some(key), Some(signature)) = (bytes::<32>(key), bytes::<64>(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(signed.as_bytes(), &signature).is_ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_signature_is_good_for_what_was_signed_alone() {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let signing_key = STANDARD_NO_PAD.encode(pair.public_key());
        let sign = |text: &str| STANDARD_NO_PAD.encode(pair.sign(text.as_bytes()));
        let (company, user, device) = (Uuid::from_u128(1), Uuid::from_u128(2), Uuid::from_u128(3));
        let identity_key = STANDARD_NO_PAD.encode([9; 32]);
        let keys = DeviceKeys {
            company: company.into(),
            user: user.into(),
            device: device.into(),
            algorithms: &[OLM.to_owned()],
            identity_key: &identity_key,
            signing_key: &signing_key,
        };
        // As another program writes it.
        let object = serde_json::json!({
            "user_id": format!("@{user}:{company}"), "device_id": device, "algorithms": [OLM],
            "keys": {format!("ed25519:{device}"): signing_key, format!("curve25519:{device}"): identity_key},
        });
        let signature = sign(&object.to_string());
        assert!(keys.are_signed(&signature));
        assert!(!DeviceKeys { user: company.into(), ..keys }.are_signed(&signature));
        assert!(!DeviceKeys { company: user.into(), ..keys }.are_signed(&signature));
        assert!(!DeviceKeys { identity_key: &signing_key, ..keys }.are_signed(&signature));
        let once = sign(&format!(r#"{{"key":"{identity_key}"}}"#));
        assert!(key_is_signed(&signing_key, &identity_key, Use::Once, &once));
        assert!(!key_is_signed(&signing_key, &identity_key, Use::Fallback, &once));
        for wrong in ["", "x", &once[1..], &format!("{once}="), &sign("x")] {
            assert!(!key_is_signed(&signing_key, &identity_key, Use::Once, wrong), "{wrong}");
        }
        assert!(
            is_key(&identity_key) && !is_key("") && !is_key(&format!("{identity_key}=")) && !is_key(&once)
        );
    }
}
