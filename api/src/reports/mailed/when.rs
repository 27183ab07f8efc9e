//! When a report is due, and of which period it then is: pure. Hours are those of the zone's clock on the wall; one that the
//! clock leaves out is the first moment after it, one that it shows twice the first of the two.

use ::reports::day_began;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use entity::ReportPeriod;

/// A report is due at `at`, and of what lies from `from` to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    pub at: DateTime<Utc>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// The first and the last day of it.
    pub days: (NaiveDate, NaiveDate),
}

/// The last time at which one was due, and the next. `None` beside a day that the zone left out, and at the end of the
/// calendar.
pub fn around(period: ReportPeriod, hour: u32, zone: Tz, now: DateTime<Utc>) -> Option<(Due, Due)> {
    let mut day = first_day(period, now.with_timezone(&zone).date_naive());
    // Where the clock is changed, today's hour may lie on the other side of `now` than the wall says.
    day = next_day(period, day)?;
    let mut next = due(period, day, hour, zone)?;
    loop {
        let earlier = previous_day(period, day)?;
        let last = due(period, earlier, hour, zone)?;
        if last.at <= now {
            return Some((last, next));
        }
        (day, next) = (earlier, last);
    }
}

/// The report that is due on this day.
fn due(period: ReportPeriod, day: NaiveDate, hour: u32, zone: Tz) -> Option<Due> {
    let first = previous_day(period, day)?;
    let at = wall(day, hour, zone)?;
    let (from, to) = (day_began(first, zone)?, day_began(day, zone)?);
    Some(Due { at, from, to, days: (first, day.pred_opt()?) })
}

fn wall(day: NaiveDate, hour: u32, zone: Tz) -> Option<DateTime<Utc>> {
    let hour = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
    let tried = (0..=12).map(|quarter| hour + TimeDelta::minutes(15 * quarter));
    let mut moments = tried.filter_map(|wall| zone.from_local_datetime(&wall).earliest());
    moments.next().map(|at| at.with_timezone(&Utc))
}

/// The day of the period on which `day` lies, or it itself.
fn first_day(period: ReportPeriod, day: NaiveDate) -> NaiveDate {
    match period {
        ReportPeriod::Daily => day,
        ReportPeriod::Weekly => day - Days::new(u64::from(day.weekday().num_days_from_monday())),
        ReportPeriod::Monthly => day.with_day(1).unwrap_or(day),
    }
}

fn next_day(period: ReportPeriod, day: NaiveDate) -> Option<NaiveDate> {
    match period {
        ReportPeriod::Daily => day.succ_opt(),
        ReportPeriod::Weekly => day.checked_add_days(Days::new(7)),
        ReportPeriod::Monthly => day.checked_add_months(Months::new(1)),
    }
}

fn previous_day(period: ReportPeriod, day: NaiveDate) -> Option<NaiveDate> {
    match period {
        ReportPeriod::Daily => day.pred_opt(),
        ReportPeriod::Weekly => day.checked_sub_days(Days::new(7)),
        ReportPeriod::Monthly => day.checked_sub_months(Months::new(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ReportPeriod::{Daily, Monthly, Weekly};

    fn times(period: ReportPeriod, hour: u32, zone: Tz, now: &str) -> [String; 4] {
        let (last, next) = around(period, hour, zone, now.parse().unwrap()).unwrap();
        [last.at, last.from, last.to, next.at].map(|at| at.format("%m-%dT%H:%M").to_string())
    }

    #[test]
    fn a_report_is_of_the_last_whole_day_week_or_month_of_the_zone() {
        let berlin = chrono_tz::Europe::Berlin;
        for (period, now, expected) in [
            // A Wednesday.
            (Daily, "2026-03-04T06:59:59Z", ["03-03T07:00", "03-01T23:00", "03-02T23:00", "03-04T07:00"]),
            (Daily, "2026-03-04T07:00:00Z", ["03-04T07:00", "03-02T23:00", "03-03T23:00", "03-05T07:00"]),
            (Weekly, "2026-03-04T07:00:00Z", ["03-02T07:00", "02-22T23:00", "03-01T23:00", "03-09T07:00"]),
            (Weekly, "2026-03-02T06:00:00Z", ["02-23T07:00", "02-15T23:00", "02-22T23:00", "03-02T07:00"]),
            (Monthly, "2026-03-01T06:59:00Z", ["02-01T07:00", "12-31T23:00", "01-31T23:00", "03-01T07:00"]),
            (Monthly, "2026-03-04T07:00:00Z", ["03-01T07:00", "01-31T23:00", "02-28T23:00", "04-01T06:00"]),
        ] {
            assert_eq!(times(period, 8, berlin, now), expected, "{period:?} {now}");
        }
    }

    #[test]
    fn the_hour_is_the_wall_s_where_the_clock_is_changed() {
        let berlin = chrono_tz::Europe::Berlin;
        // 2026-03-29 has no 2 o'clock, and 2026-10-25 has two.
        assert_eq!(
            times(Daily, 2, berlin, "2026-03-29T00:59:00Z"),
            ["03-28T01:00", "03-26T23:00", "03-27T23:00", "03-29T01:00"]
        );
        assert_eq!(
            times(Daily, 2, berlin, "2026-03-30T12:00:00Z"),
            ["03-30T00:00", "03-28T23:00", "03-29T22:00", "03-31T00:00"]
        );
        assert_eq!(
            times(Daily, 2, berlin, "2026-10-25T01:30:00Z"),
            ["10-25T00:00", "10-23T22:00", "10-24T22:00", "10-26T01:00"]
        );
    }

    #[test]
    fn the_days_that_are_named_are_the_first_and_the_last_of_the_period() {
        let now = "2026-03-04T12:00:00Z".parse().unwrap();
        let days = |period| {
            let (last, _) = around(period, 8, Tz::UTC, now).unwrap();
            (last.days.0.to_string(), last.days.1.to_string())
        };
        let of = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(days(Daily), of("2026-03-03", "2026-03-03"));
        assert_eq!(days(Weekly), of("2026-02-23", "2026-03-01"));
        assert_eq!(days(Monthly), of("2026-02-01", "2026-02-28"));
    }
}
