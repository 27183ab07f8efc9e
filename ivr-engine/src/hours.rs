//! Opening hours: when a company is there, in the wall time of its own zone.
//!
//! The rule is about the clock on the wall, not about elapsed time. An interval from 01:00 to 03:00 lasts one hour
//! on the day on which the clock jumps from 02:00 to 03:00, and three on the day on which it goes back; nobody has
//! to think of it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{
    DateTime, Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone,
    Timelike, Utc,
};
use chrono_tz::Tz;

const DAY_MINUTES: u16 = 24 * 60;
/// How far ahead a change is looked for when no exception is there. A week would do, were it not for intervals that
/// the clock jumps over.
const LOOK_AHEAD_DAYS: i64 = 22;

/// A schedule: intervals for each day of the week, and dated exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    pub(crate) zone: Tz,
    /// From Monday.
    pub(crate) weekly: [Vec<Interval>; 7],
    pub(crate) exceptions: BTreeMap<NaiveDate, Exception>,
}

/// A stretch of open time; it belongs to the day on which it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    /// Minute of the day, 0 to 1439.
    from: u16,
    /// Minute counted from the same midnight; more than 1440 when it ends on the next day, never more than 2880.
    to: u16,
}

/// A date that does not go by the week.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exception {
    pub(crate) intervals: Vec<Interval>,
    pub(crate) name: Option<String>,
}

/// What a schedule says of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoursStatus<'a> {
    pub opening: Opening,
    pub day: Day<'a>,
}

/// Whether a date goes by the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day<'a> {
    Ordinary,
    /// It does not; by this name, if it has one.
    Exception {
        name: Option<&'a str>,
    },
}

/// Whether somebody is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    Open,
    Closed,
}

impl Interval {
    /// Both in minutes of the day, `to` up to 1440. When `to` is not after `from` it is on the next day; so equal
    /// times are 24 hours.
    pub(crate) fn new(from: u16, to: u16) -> Self {
        Self { from, to: if to <= from { to + DAY_MINUTES } else { to } }
    }

    fn has(self, minute: u16) -> bool {
        (self.from..self.to).contains(&minute)
    }
}

impl Hours {
    /// Whether it is open at this moment.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.status(at).opening == Opening::Open
    }

    /// What the schedule says of this moment. An exception rules its whole date: also an interval that began on the
    /// evening before ends at that midnight.
    pub fn status(&self, at: DateTime<Utc>) -> HoursStatus<'_> {
        let wall = self.wall(at);
        let (date, minute) = (wall.date(), minute_of(wall.time()));
        let exception = self.exceptions.get(&date);
        let open_today = self.intervals(date).iter().any(|interval| interval.has(minute));
        let open_since_yesterday = exception.is_none()
            && date.pred_opt().is_some_and(|yesterday| {
                self.intervals(yesterday).iter().any(|interval| interval.has(minute + DAY_MINUTES))
            });
        HoursStatus {
            opening: if open_today || open_since_yesterday { Opening::Open } else { Opening::Closed },
            day: exception
                .map_or(Day::Ordinary, |exception| Day::Exception { name: exception.name.as_deref() }),
        }
    }

    /// The first moment after `after` at which it opens or closes; none when it never does again.
    pub fn next_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let today = self.wall(after).date();
        let near: Vec<NaiveDate> = (-1..=LOOK_AHEAD_DAYS).filter_map(|days| shift(today, days)).collect();
        self.first_change(after, &near).or_else(|| {
            // The week by itself changes nothing, so only what surrounds a distant exception can.
            let horizon = shift(today, LOOK_AHEAD_DAYS)?;
            let distant = self.exceptions.range(horizon..).map(|(date, _)| *date);
            let far: BTreeSet<NaiveDate> =
                distant.flat_map(|date| (-1..=2).filter_map(move |days| shift(date, days))).collect();
            self.first_change(after, &far.into_iter().collect::<Vec<_>>())
        })
    }

    fn first_change(&self, after: DateTime<Utc>, dates: &[NaiveDate]) -> Option<DateTime<Utc>> {
        let open = self.is_open(after);
        let mut moments: Vec<_> = dates.iter().flat_map(|date| self.possible_changes(*date)).collect();
        moments.retain(|moment| *moment > after);
        moments.sort_unstable();
        moments.into_iter().find(|moment| self.is_open(*moment) != open)
    }

    fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.with_timezone(&self.zone).naive_local()
    }

    fn intervals(&self, date: NaiveDate) -> &[Interval] {
        match self.exceptions.get(&date) {
            Some(exception) => &exception.intervals,
            None => &self.weekly[date.weekday().num_days_from_monday() as usize],
        }
    }

    /// All moments of a local date at which the answer can change: the ends of intervals, midnight, and the moments
    /// at which the clock is put forward or back.
    fn possible_changes(&self, date: NaiveDate) -> Vec<DateTime<Utc>> {
        let today = self.intervals(date).iter().flat_map(|interval| [interval.from, interval.to]);
        let yesterday = date.pred_opt().map(|date| self.intervals(date)).unwrap_or_default();
        let overnight = yesterday.iter().filter_map(|interval| interval.to.checked_sub(DAY_MINUTES));
        let mut moments = Vec::new();
        for minute in [0].into_iter().chain(today.filter(|minute| *minute < DAY_MINUTES)).chain(overnight) {
            let wall = date.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::minutes(minute.into()));
            match wall.map(|wall| self.zone.from_local_datetime(&wall)) {
                Some(MappedLocalTime::Single(moment)) => moments.push(moment.with_timezone(&Utc)),
                Some(MappedLocalTime::Ambiguous(early, late)) => {
                    moments.extend([early.with_timezone(&Utc), late.with_timezone(&Utc)]);
                }
                // The clock jumps over it: what counts is the moment of the jump, added below.
                Some(MappedLocalTime::None) | None => {}
            }
        }
        moments.extend(self.clock_changes(date));
        moments
    }

    /// When the zone's offset changes on or near a local date.
    fn clock_changes(&self, date: NaiveDate) -> Vec<DateTime<Utc>> {
        const STEP_HOURS: i64 = 6;
        let noon = date.and_time(NaiveTime::MIN).and_utc();
        // A local date lies within these hours of the same date in UTC, whatever the zone.
        let (from, to) = (-15, 41);
        let mut changes = Vec::new();
        let mut hours = from;
        while hours < to {
            let bounds = (
                noon.checked_add_signed(TimeDelta::hours(hours)),
                noon.checked_add_signed(TimeDelta::hours(hours + STEP_HOURS)),
            );
            if let (Some(before), Some(after)) = bounds {
                changes.extend(self.clock_change_between(before, after));
            }
            hours += STEP_HOURS;
        }
        changes
    }

    fn clock_change_between(
        &self,
        mut before: DateTime<Utc>,
        mut after: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let offset = |at: DateTime<Utc>| self.wall(at) - at.naive_utc();
        if offset(before) == offset(after) {
            return None;
        }
        while after - before > TimeDelta::seconds(1) {
            let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
            if offset(middle) == offset(before) {
                before = middle;
            } else {
                after = middle;
            }
        }
        Some(after)
    }
}

fn minute_of(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(0)
}

fn shift(date: NaiveDate, days: i64) -> Option<NaiveDate> {
    let span = Days::new(days.unsigned_abs());
    if days < 0 { date.checked_sub_days(span) } else { date.checked_add_days(span) }
}

/// Minutes of the day from `09:00`; `24:00` is the end of the day.
pub(crate) fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    if hours.len() != 2
        || minutes.len() != 2
        || !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':')
    {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}
