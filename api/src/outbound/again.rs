//! When somebody who could not answer is asked again.

use chrono::{DateTime, TimeDelta, Utc};

/// What a `Retry-After` comes to (RFC 9110, 10.2.3): seconds, or a time. `None` when it says nothing that can be used.
pub fn retry_after(header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let header = header.trim();
    match header.parse::<u32>() {
        Ok(seconds) => Some(TimeDelta::seconds(seconds.into())),
        Err(_) => {
            let then = DateTime::parse_from_rfc2822(header).ok()?.with_timezone(&Utc);
            Some((then - now).max(TimeDelta::zero()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_in_seconds_or_as_a_time() {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        for (header, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Mon, 02 Mar 2026 12:05:00 GMT", Some(300)),
            ("Mon, 02 Mar 2026 11:00:00 GMT", Some(0)),
            ("-5", None),
            ("99999999999", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(header, now), seconds.map(TimeDelta::seconds), "{header}");
        }
    }
}
