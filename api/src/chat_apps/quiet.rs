//! Hours in which nobody wants to read notices, by the company's clock.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// From a time of the day until another one, over midnight when that is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: NaiveTime,
    until: NaiveTime,
}

impl QuietHours {
    /// Two times such as `22:00`.
    pub fn read(from: &str, until: &str) -> Result<Self> {
        let time = |field: &str, text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .ok()
                .filter(|_| text.len() == 5)
                .ok_or_else(|| Error::invalid(format!("/quietHours/{field}"), "must be a time as in 22:00"))
        };
        let hours = Self { from: time("from", from)?, until: time("until", until)? };
        if hours.from == hours.until {
            return Err(Error::invalid("/quietHours/until", "must be another time than from"));
        }
        Ok(hours)
    }

    pub fn stored(self) -> (String, String) {
        (self.from.format("%H:%M").to_string(), self.until.format("%H:%M").to_string())
    }

    /// When they are over, if they are on.
    pub fn over_at(self, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let local = now.with_timezone(&zone);
        let (time, today) = (local.time(), local.date_naive());
        let tomorrow = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let day = if self.from < self.until {
            (time >= self.from && time < self.until).then_some(today)
        } else if time >= self.from {
            Some(tomorrow)
        } else {
            (time < self.until).then_some(today)
        }?;
        // Where the clock jumps over that time, an hour later.
        let ends = |shift| zone.from_local_datetime(&(day.and_time(self.until) + shift)).earliest();
        let end = ends(TimeDelta::zero()).or_else(|| ends(TimeDelta::hours(1)))?;
        Some(end.with_timezone(&Utc).max(now + TimeDelta::seconds(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_goes_over_midnight_by_the_company_s_clock() {
        let (night, berlin) = (QuietHours::read("22:00", "07:00").unwrap(), chrono_tz::Europe::Berlin);
        let over = |now| night.over_at(berlin, at(now));
        assert_eq!(over("2026-03-02T12:00:00Z"), None);
        assert_eq!(over("2026-03-02T21:30:00Z"), Some(at("2026-03-03T06:00:00Z")));
        assert_eq!(over("2026-03-03T05:59:59Z"), Some(at("2026-03-03T06:00:00Z")));
        assert_eq!(over("2026-03-03T06:00:00Z"), None);
        assert_eq!(
            over("2026-03-28T23:00:00Z"),
            Some(at("2026-03-29T05:00:00Z")),
            "summer begins that night"
        );
        let lunch = QuietHours::read("12:00", "13:00").unwrap();
        assert_eq!(lunch.over_at(Tz::UTC, at("2026-03-02T12:30:00Z")), Some(at("2026-03-02T13:00:00Z")));
        let jumped = QuietHours::read("23:00", "02:30").unwrap();
        assert_eq!(jumped.over_at(berlin, at("2026-03-28T23:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (from, until) in [("22", "07:00"), ("22:00", "25:00"), ("7:00", "08:00"), ("22:00", "22:00")] {
            assert!(QuietHours::read(from, until).is_err(), "{from} {until}");
        }
        assert_eq!(QuietHours::read("22:00", "07:05").unwrap().stored(), ("22:00".into(), "07:05".into()));
    }
}
