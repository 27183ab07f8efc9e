//! Identifiers and dates in Twilio's spelling.

use chrono::{DateTime, Utc};

/// What a SID names; its two letters come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    ApiKey,
    Call,
    Conference,
    Queue,
    Recording,
    Message,
    Number,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Kind::ApiKey => "SK",
            Kind::Call => "CA",
            Kind::Conference => "CF",
            Kind::Queue => "QU",
            Kind::Recording => "RE",
            Kind::Message => "SM",
            Kind::Number => "PN",
        }
    }
}

/// A new SID: two letters and 32 hexadecimal digits. Always random, also with a seeded set of faults: a customer's
/// database outlives this process, and SIDs may not repeat in it.
pub(crate) fn new(kind: Kind) -> String {
    format!("{}{:032x}", kind.prefix(), rand::random::<u128>())
}

/// RFC 2822 with a numeric zone, whole seconds: the form of every date in REST and webhooks.
pub(crate) fn rfc2822(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sids_have_their_letters_and_32_digits() {
        let sid = new(Kind::Call);
        assert!(sid.starts_with("CA") && sid.len() == 34, "{sid}");
        assert!(sid[2..].bytes().all(|b| b.is_ascii_hexdigit()), "{sid}");
        assert_ne!(sid, new(Kind::Call));
    }

    #[test]
    fn dates_are_written_as_mail_dates() {
        let at = "2026-03-02T09:05:07.123Z".parse().expect("a date");
        assert_eq!(rfc2822(at), "Mon, 02 Mar 2026 09:05:07 +0000");
    }
}
