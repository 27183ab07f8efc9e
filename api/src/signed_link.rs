//! Addresses of ours that open something to whoever has them, for a while and without an account. The path and the end of the
//! while are signed with a key that is derived from MASTER_KEY (HMAC-SHA-256): nobody makes one, or makes one last longer.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::error::{Error, Result};
use crate::keys::Keys;

/// `path` as it opens until `until`, to the second.
pub fn sign(keys: &Keys, path: &str, until: DateTime<Utc>) -> Result<String> {
    let until = until.timestamp();
    let signature = hex::encode(mac(keys, path, until)?.finalize().into_bytes());
    Ok(format!("{path}?until={until}&signature={signature}"))
}

/// Whether we signed that `path` opens until `until` (seconds since 1970), and it is not that late yet.
pub fn opens(keys: &Keys, path: &str, until: i64, signature: &str, now: DateTime<Utc>) -> Result<bool> {
    let Ok(signature) = hex::decode(signature) else { return Ok(false) };
    let ours = mac(keys, path, until)?.verify_slice(&signature).is_ok();
    Ok(ours && now.timestamp() < until)
}

fn mac(keys: &Keys, path: &str, until: i64) -> Result<Hmac<Sha256>> {
    let mut mac = Hmac::new_from_slice(&keys.derive("signed links")?)
        .map_err(|cause| Error::internal("sign a link", cause))?;
    mac.update(format!("{path}?until={until}").as_bytes());
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::secret::Secret;

    fn keys(master: &str) -> Keys {
        Keys { jwt: Secret::new("j".repeat(32)), master: Secret::new(master.repeat(32)) }
    }

    #[test]
    fn a_link_opens_what_it_names_for_its_while_and_nothing_else() {
        let (ours, now) = (keys("m"), "2026-03-02T12:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let until = now + TimeDelta::minutes(5);
        let link = sign(&ours, "/media/1/recordings/2", until).unwrap();
        let (link, signature) = link.rsplit_once("&signature=").unwrap();
        assert_eq!(link, format!("/media/1/recordings/2?until={}", until.timestamp()));
        let opens = |keys: &Keys, path: &str, until: i64, signature: &str, now| {
            super::opens(keys, path, until, signature, now).unwrap()
        };
        let (path, end) = ("/media/1/recordings/2", until.timestamp());
        assert!(opens(&ours, path, end, signature, now));
        assert!(!opens(&ours, path, end, signature, until), "its while is over");
        assert!(!opens(&ours, path, end + 60, signature, now), "it lasts longer than we said");
        assert!(!opens(&ours, "/media/1/recordings/3", end, signature, now), "it is about something else");
        assert!(!opens(&keys("n"), path, end, signature, now), "somebody else's key");
        for forged in ["", "00", "zz", &signature[2..], &signature.replace('0', "1").replace('a', "b")] {
            assert!(!opens(&ours, path, end, forged, now), "{forged}");
        }
    }
}
