//! Rows of a report: quarters, half hours, hours or days of a named zone.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use crate::span::Quarter;

/// How long a row is. A day has as many hours as the zone's clock gives it: 23, 24 or 25.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    Quarter,
    HalfHour,
    Hour,
    Day,
}

/// A row: quarters from `first` to `end`, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    pub first: Quarter,
    pub end: Quarter,
}

impl Interval {
    pub fn contains(self, quarter: Quarter) -> bool {
        self.first <= quarter && quarter < self.end
    }

    pub fn from(self) -> DateTime<Utc> {
        self.first.begins()
    }

    pub fn to(self) -> DateTime<Utc> {
        self.end.begins()
    }

    pub fn quarters(self) -> i32 {
        self.end.0.saturating_sub(self.first.0)
    }
}

/// The rows of a range, in order and without a gap; the first and the last may be clipped by the range. A row begins where the
/// zone's clock on the wall shows a multiple of its length: hours of Kathmandu begin a quarter after UTC's, and an hour that the
/// clock shows twice is two rows.
pub fn intervals(range: Interval, length: Length, zone: Tz) -> Vec<Interval> {
    let mut rows: Vec<Interval> = Vec::new();
    let mut last = None;
    for number in range.first.0..range.end.0 {
        let quarter = Quarter(number);
        let key = wall(quarter, length, zone);
        match rows.last_mut() {
            Some(row) if last == Some(key) => row.end = quarter.next(),
            Some(_) | None => rows.push(Interval { first: quarter, end: quarter.next() }),
        }
        last = Some(key);
    }
    rows
}

/// The row of a range that a quarter lies in: the same as [`intervals`] has there.
pub fn row_of(range: Interval, quarter: Quarter, length: Length, zone: Tz) -> Interval {
    let key = wall(quarter, length, zone);
    let (mut first, mut end) = (quarter, quarter.next());
    while first > range.first && wall(first.previous(), length, zone) == key {
        first = first.previous();
    }
    while end < range.end && wall(end, length, zone) == key {
        end = end.next();
    }
    Interval { first, end }
}

/// What the wall shows at the beginning of the row, and how far it is from UTC.
fn wall(quarter: Quarter, length: Length, zone: Tz) -> (NaiveDateTime, i32) {
    let local = quarter.begins().with_timezone(&zone);
    let (wall, offset) = (local.naive_local(), local.offset().fix().local_minus_utc());
    let minutes = match length {
        Length::Quarter => 15,
        Length::HalfHour => 30,
        Length::Hour => 60,
        Length::Day => return (wall.date().and_time(NaiveTime::MIN), 0),
    };
    let over =
        TimeDelta::minutes(i64::from(wall.minute() % minutes)) + TimeDelta::seconds(i64::from(wall.second()));
    (wall - over, offset)
}

/// When a day of the zone began; where the clock jumps over midnight, the first moment after it.
pub fn day_began(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let tried = (0..=12).map(|quarter| midnight + TimeDelta::minutes(15 * quarter));
    tried
        .into_iter()
        .find_map(|wall| zone.from_local_datetime(&wall).earliest())
        .map(|at| at.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(date: &str, zone: Tz) -> Interval {
        let date: NaiveDate = date.parse().unwrap();
        let (from, to) = (day_began(date, zone).unwrap(), day_began(date.succ_opt().unwrap(), zone).unwrap());
        Interval { first: Quarter::of(from), end: Quarter::of(to) }
    }

    fn rows_of(date: &str, zone: Tz) -> [usize; 4] {
        [Length::Quarter, Length::HalfHour, Length::Hour, Length::Day]
            .map(|length| intervals(day(date, zone), length, zone).len())
    }

    #[test]
    fn days_have_23_24_and_25_hours() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(rows_of("2026-03-29", berlin), [92, 46, 23, 1]);
        assert_eq!(rows_of("2026-03-30", berlin), [96, 48, 24, 1]);
        assert_eq!(rows_of("2026-10-25", berlin), [100, 50, 25, 1]);
        assert_eq!(rows_of("2026-03-08", chrono_tz::America::New_York), [92, 46, 23, 1]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_rows() {
        let rows =
            intervals(day("2026-10-25", chrono_tz::Europe::Berlin), Length::Hour, chrono_tz::Europe::Berlin);
        assert_eq!((rows[2].from(), rows[2].to()), (at("2026-10-25T00:00:00Z"), at("2026-10-25T01:00:00Z")));
        assert_eq!((rows[3].from(), rows[3].to()), (at("2026-10-25T01:00:00Z"), at("2026-10-25T02:00:00Z")));
    }

    #[test]
    fn zones_lie_half_hours_and_quarters_from_utc() {
        for (zone, minute) in [
            (chrono_tz::Asia::Kolkata, 30),
            (chrono_tz::Asia::Kathmandu, 15),
            (chrono_tz::Pacific::Chatham, 15),
        ] {
            let rows = intervals(day("2026-06-15", zone), Length::Hour, zone);
            assert_eq!((rows.len(), rows[1].from().minute()), (24, minute), "{zone}");
        }
    }

    #[test]
    fn a_clock_that_moves_by_half_an_hour_or_over_midnight() {
        // Lord Howe goes from 2:00 to 2:30, Santiago from midnight to 1:00.
        assert_eq!(rows_of("2026-10-04", chrono_tz::Australia::Lord_Howe), [94, 47, 24, 1]);
        assert_eq!(rows_of("2026-09-06", chrono_tz::America::Santiago), [92, 46, 23, 1]);
    }

    #[test]
    fn the_row_of_a_quarter_is_the_one_of_the_range() {
        for (date, zone) in [
            ("2026-03-29", chrono_tz::Europe::Berlin),
            ("2026-10-25", chrono_tz::Europe::Berlin),
            ("2026-06-15", chrono_tz::Asia::Kathmandu),
            ("2026-10-04", chrono_tz::Australia::Lord_Howe),
        ] {
            let mut range = day(date, zone);
            range.first = range.first.next();
            for length in [Length::Quarter, Length::HalfHour, Length::Hour, Length::Day] {
                for row in intervals(range, length, zone) {
                    for quarter in (row.first.0..row.end.0).map(Quarter) {
                        assert_eq!(row_of(range, quarter, length, zone), row, "{date} {zone} {length:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_range_clips_its_first_and_last_row() {
        let range = Interval {
            first: Quarter::of(at("2026-03-02T10:45:00Z")),
            end: Quarter::of(at("2026-03-02T12:15:00Z")),
        };
        let rows = intervals(range, Length::Hour, Tz::UTC);
        assert_eq!(rows.iter().map(|row| row.quarters()).collect::<Vec<_>>(), [1, 4, 1]);
    }
}
