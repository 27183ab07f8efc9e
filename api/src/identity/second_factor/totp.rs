//! Codes that change with the time (RFC 6238): HMAC-SHA-1, six digits, steps of thirty seconds, which is what every
//! authenticator knows. Pure.

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Of one step.
const SECONDS: i64 = 30;
/// A clock may be so many steps ahead or behind.
const DRIFT: i64 = 1;
/// RFC 4648, section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub fn step_at(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(SECONDS)
}

/// The code of a step (RFC 4226, section 5.3), of six digits.
pub fn code(secret: &[u8], step: i64) -> String {
    format!("{:06}", truncated(secret, step) % 1_000_000)
}

/// The step among those near `now` whose code this is.
pub fn step_of(secret: &[u8], code_given: &str, now: DateTime<Utc>) -> Option<i64> {
    let middle = step_at(now);
    (middle - DRIFT..=middle + DRIFT).find(|step| same(&code(secret, *step), code_given))
}

/// What an authenticator reads from a square code.
pub fn url(secret: &[u8], account: &str) -> String {
    let account = crate::outbound::percent_encode(account);
    format!(
        "otpauth://totp/CallDocker:{account}?secret={}&issuer=CallDocker&algorithm=SHA1&digits=6&period={SECONDS}",
        base32(secret)
    )
}

/// Without padding, as authenticators want it.
pub fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut bits = [0_u8; 8];
        bits[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(bits);
        for place in 0..(group.len() * 8).div_ceil(5) {
            let index = (bits >> (35 - 5 * place)) & 31;
            text.push(char::from(BASE32[index as usize]));
        }
    }
    text
}

fn truncated(secret: &[u8], step: i64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&step.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let start = usize::from(hash[hash.len() - 1] & 0x0F);
    u32::from_be_bytes([hash[start], hash[start + 1], hash[start + 2], hash[start + 3]]) & 0x7FFF_FFFF
}

/// In a time that does not tell how much of it is right.
fn same(ours: &str, given: &str) -> bool {
    ours.len() == given.len() && ours.bytes().zip(given.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    /// RFC 6238, appendix B: the codes of eight digits for SHA-1.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (time, digits) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let now = DateTime::from_timestamp(time, 0).unwrap();
            assert_eq!(truncated(SECRET, step_at(now)) % 100_000_000, digits, "{time}");
            assert_eq!(code(SECRET, step_at(now)), format!("{:06}", digits % 1_000_000), "{time}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let now = DateTime::from_timestamp(1_111_111_111, 0).unwrap();
        let middle = step_at(now);
        for (step, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let found = step_of(SECRET, &code(SECRET, middle + step), now);
            assert_eq!(found, good.then_some(middle + step), "{step}");
        }
        for bad in ["", "0", "not a code", "05047", "0504711"] {
            assert_eq!(step_of(SECRET, bad, now), None, "{bad}");
        }
    }

    /// RFC 4648, section 10.
    #[test]
    fn base32_is_that_of_the_standard() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        assert_eq!(
            url(SECRET, "ann@example.com"),
            "otpauth://totp/CallDocker:ann%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=CallDocker&algorithm=SHA1&digits=6&period=30"
        );
    }
}
