//! What is secret at rest: sealed with a key that is derived from MASTER_KEY (HKDF-SHA-256), by AES-256-GCM. What is sealed
//! says what it is about, so that a sealed text that was moved to another row is not opened there.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::secret::Secret;

/// The form of what follows it; another form would get another word.
const FORM: &str = "v1.";

/// Seals `plain`, which is about `about`: the table and the id of its row.
pub fn seal(keys: &Keys, about: &str, plain: &Secret) -> Result<String> {
    let mut text = plain.expose().as_bytes().to_vec();
    let nonce = key(keys)?
        .seal_in_place_append_tag(Aad::from(about.as_bytes()), &mut text)
        .map_err(|cause| Error::internal("seal a secret", cause))?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.append(&mut text);
    Ok(format!("{FORM}{}", BASE64_STANDARD_NO_PAD.encode(sealed)))
}

/// A secret as it is to be stored that may be set anew: without a new one it stays, an empty one takes it away.
pub fn replace(
    keys: &Keys,
    about: &str,
    new: Option<&Secret>,
    old: Option<String>,
) -> Result<Option<String>> {
    match new {
        None => Ok(old),
        Some(new) if new.expose().is_empty() => Ok(None),
        Some(new) => seal(keys, about, new).map(Some),
    }
}

/// What was sealed.
///
/// # Errors
/// When it was sealed with another MASTER_KEY, is about something else, or was changed.
pub fn open(keys: &Keys, about: &str, sealed: &str) -> Result<Secret> {
    let broken = || Error::internal("open a secret", format!("what is sealed about {about} cannot be read"));
    let bytes = sealed.strip_prefix(FORM).and_then(|text| BASE64_STANDARD_NO_PAD.decode(text).ok());
    let bytes = bytes.ok_or_else(broken)?;
    let (nonce, text) = bytes.split_at_checked(NONCE_LEN).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut text = text.to_vec();
    let plain = key(keys)?.open_in_place(nonce, Aad::from(about.as_bytes()), &mut text).map_err(|_| {
        Error::internal(
            "open a secret",
            format!("what is sealed about {about} was sealed with another MASTER_KEY, or was changed"),
        )
    })?;
    String::from_utf8(plain.to_vec()).map(Secret::new).map_err(|_| broken())
}

fn key(keys: &Keys) -> Result<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, &keys.derive("secrets at rest")?)
        .map_err(|cause| Error::internal("derive a key", cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(master: &str) -> Keys {
        Keys { jwt: Secret::new("j".repeat(32)), master: Secret::new(master.repeat(32)) }
    }

    #[test]
    fn what_was_sealed_comes_back_and_looks_different_each_time() {
        let (keys, plain) = (keys("m"), Secret::new("the token is 42"));
        let (first, second) =
            (seal(&keys, "mail:1", &plain).unwrap(), seal(&keys, "mail:1", &plain).unwrap());
        assert_eq!(open(&keys, "mail:1", &first).unwrap(), plain);
        assert_ne!(first, second);
        assert!(!first.contains("42"));
    }

    #[test]
    fn a_secret_stays_goes_or_is_another() {
        let (keys, old) = (keys("m"), Some("sealed".to_owned()));
        let replaced =
            |new: Option<&str>| replace(&keys, "mail:1", new.map(Secret::new).as_ref(), old.clone()).unwrap();
        assert_eq!((replaced(None), replaced(Some(""))), (old.clone(), None));
        let another = replaced(Some("the token is 43")).unwrap();
        assert_eq!(open(&keys, "mail:1", &another).unwrap().expose(), "the token is 43");
    }

    #[test]
    fn nobody_opens_it_with_another_key_in_another_place_or_after_a_change() {
        let (ours, plain) = (keys("m"), Secret::new("the token is 42"));
        let sealed = seal(&ours, "mail:1", &plain).unwrap();
        assert!(open(&keys("n"), "mail:1", &sealed).is_err());
        assert!(open(&ours, "mail:2", &sealed).is_err());
        let mut changed = sealed.clone();
        let last = if changed.pop() == Some('A') { 'B' } else { 'A' };
        changed.push(last);
        for bad in [changed.as_str(), "v1.", "v1.AAAA", "the token is 42", ""] {
            assert!(open(&ours, "mail:1", bad).is_err(), "{bad}");
        }
    }
}
