//! Moments as Twilio writes them: RFC 2822, whole seconds, always UTC.

use chrono::{DateTime, Utc};

/// Any RFC 2822 date; `None` when it is none.
pub(crate) fn read(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|moment| moment.to_utc())
}

pub(crate) fn write(moment: &DateTime<Utc>) -> String {
    moment.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
