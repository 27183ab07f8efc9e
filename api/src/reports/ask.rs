//! What is asked of a report: a range in a zone, in rows of a length, by one of the two attributions.

use std::collections::BTreeMap;

use ::reports::{Interval, Length, Limits, Quarter, Variant, day_began, intervals};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CompanyScope, ReportSettings, ServiceLevelVariant, queue};

use super::count;
use crate::app::App;
use crate::companies;
use crate::error::{Error, Result, Subject};
use crate::store::calls_counted::Limited;
use crate::store::reports as store;

/// The longest range.
const DAYS: i64 = 400;
/// The rows of an answer.
const ROWS: usize = 10_000;
/// Zones of earlier times are no whole quarters from UTC.
const EARLIEST: &str = "2000-01-01T00:00:00Z";

/// As it came. Without a range it is today.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// A day of the zone, or a moment (RFC 3339).
    pub from: Option<String>,
    /// The last day of the range, or a moment that is not in it.
    pub to: Option<String>,
    /// The company's unless said.
    pub tz: Option<String>,
    pub attribution: Option<Attribution>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
}

/// Read, with all that an answer needs of the company.
#[derive(Clone, Debug)]
pub struct Asked {
    pub range: Interval,
    pub zone: Tz,
    pub attribution: Attribution,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    pub settings: ReportSettings,
    /// All that are or were.
    pub queues: Vec<queue::Model>,
    /// Whatever was written before is in the figures.
    pub as_of: DateTime<Utc>,
}

impl Asked {
    pub async fn read(app: &App, scope: CompanyScope, question: Question) -> Result<Self> {
        let company = companies::get(app, scope).await?;
        let zone = match &question.tz {
            Some(name) => name
                .parse()
                .map_err(|_| Error::invalid("tz", "is no zone of the IANA database, as Europe/Berlin"))?,
            None => company.time_zone.parse().unwrap_or(Tz::UTC),
        };
        let range = range(&question, zone, app.clock.now())?;
        let queues = store::queues_ever(scope, app.db.reader()).await?;
        if let Some(queue) = question.queue
            && !queues.iter().any(|row| row.id == queue)
        {
            return Err(Error::NotFound(Subject::Queue));
        }
        let as_of = count::freshen(app, scope).await?;
        Ok(Self {
            range,
            zone,
            attribution: question.attribution.unwrap_or(Attribution::ActivityDriven),
            queue: question.queue,
            agent: question.agent,
            settings: company.report_settings,
            queues,
            as_of,
        })
    }

    /// All of the company, of whatever range.
    pub async fn of_all(app: &App, scope: CompanyScope, attribution: Attribution) -> Result<Self> {
        let now = app.clock.now();
        Ok(Self {
            range: Interval { first: Quarter::of(now), end: Quarter::of(now) },
            zone: Tz::UTC,
            attribution,
            queue: None,
            agent: None,
            settings: companies::get(app, scope).await?.report_settings,
            queues: store::queues_ever(scope, app.db.reader()).await?,
            as_of: now,
        })
    }

    /// The rows of the range; one that is all of it without a length.
    ///
    /// # Errors
    /// More rows than an answer has, where each comes once for `subjects`.
    pub fn rows(&self, length: Option<Length>, subjects: usize) -> Result<Vec<Interval>> {
        let rows = match length {
            Some(length) => intervals(self.range, length, self.zone),
            None => vec![self.range],
        };
        if rows.len().saturating_mul(subjects.max(1)) > ROWS {
            let problem = format!("gives more than {ROWS} rows: ask for longer intervals or a shorter range");
            return Err(Error::invalid("interval", problem));
        }
        Ok(rows)
    }

    /// Threshold and limit of short abandons in a queue, in seconds.
    pub fn limits(&self, queue: &queue::Model) -> (u32, u32) {
        limits(&self.settings, queue)
    }

    pub fn variant(&self) -> Variant {
        variant(self.settings.variant)
    }
}

/// Threshold and limit of short abandons in a queue, in seconds.
pub fn limits(settings: &ReportSettings, queue: &queue::Model) -> (u32, u32) {
    let rule = queue.rules.service_level;
    (rule.target_seconds, settings.short_abandon_seconds.unwrap_or(rule.short_abandon_seconds))
}

/// How the company counts its service level, and the limits of each queue that is or was.
pub async fn service_level(app: &App, scope: CompanyScope) -> Result<(Variant, Vec<Limited>)> {
    let settings = companies::get(app, scope).await?.report_settings;
    let mut queues: BTreeMap<(u32, u32), Vec<QueueId>> = BTreeMap::new();
    for queue in store::queues_ever(scope, app.db.reader()).await? {
        queues.entry(limits(&settings, &queue)).or_default().push(queue.id);
    }
    let limited = queues
        .into_iter()
        .map(|((threshold, short), queues)| Limited { limits: Limits { threshold, short }, queues })
        .collect();
    Ok((variant(settings.variant), limited))
}

pub fn variant(chosen: ServiceLevelVariant) -> Variant {
    match chosen {
        ServiceLevelVariant::Ignore => Variant::Ignore,
        ServiceLevelVariant::Negative => Variant::Negative,
        ServiceLevelVariant::Positive => Variant::Positive,
        ServiceLevelVariant::Genesys => Variant::Genesys,
        ServiceLevelVariant::Aws => Variant::Aws,
        ServiceLevelVariant::Asterisk => Variant::Asterisk,
        ServiceLevelVariant::AsteriskSecond => Variant::AsteriskSecond,
        ServiceLevelVariant::Classic => Variant::Classic,
        ServiceLevelVariant::ExcludingShortAbandons => Variant::ExcludingShortAbandons,
    }
}

/// Whole quarters: a moment within one stands for all of it.
fn range(question: &Question, zone: Tz, now: DateTime<Utc>) -> Result<Interval> {
    let today = now.with_timezone(&zone).date_naive();
    let from = match &question.from {
        Some(text) => moment("from", text, zone, TimeDelta::zero())?,
        None => began("from", today, zone)?,
    };
    let to = match &question.to {
        Some(text) => moment("to", text, zone, TimeDelta::days(1))?,
        None => began("to", today + TimeDelta::days(1), zone)?,
    };
    let earliest: DateTime<Utc> = EARLIEST.parse().unwrap_or_default();
    if from < earliest {
        return Err(Error::invalid("from", format!("must be {EARLIEST} or later")));
    }
    if to <= from {
        return Err(Error::invalid("to", "must be later than from"));
    }
    if to - from > TimeDelta::days(DAYS) {
        return Err(Error::invalid("to", format!("must be at most {DAYS} days after from")));
    }
    Ok(Interval { first: Quarter::of(from), end: Quarter::at_or_after(to) })
}

/// A moment as it stands there, or the beginning of a day, so many days later.
fn moment(field: &str, text: &str, zone: Tz, later: TimeDelta) -> Result<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.with_timezone(&Utc));
    }
    let wrong = || Error::invalid(field, "must be a day (2026-03-02) or a moment (2026-03-02T09:00:00Z)");
    let day: NaiveDate = text.parse().map_err(|_| wrong())?;
    began(field, day.checked_add_signed(later).ok_or_else(wrong)?, zone)
}

fn began(field: &str, day: NaiveDate, zone: Tz) -> Result<DateTime<Utc>> {
    day_began(day, zone).ok_or_else(|| Error::invalid(field, "is no day in this zone"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(from: &str, to: &str, zone: Tz) -> Result<(String, String), String> {
        let now = "2026-03-02T12:00:00Z".parse().unwrap();
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let question = Question { from: text(from), to: text(to), ..Question::default() };
        match range(&question, zone, now) {
            Ok(range) => Ok((range.from().to_rfc3339(), range.to().to_rfc3339())),
            Err(Error::Invalid { fields, .. }) => Err(fields[0].field.clone()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn days_are_the_zone_s_and_the_last_one_is_in_the_range() {
        let berlin = chrono_tz::Europe::Berlin;
        let range = |from: &str, to: &str| Ok((format!("{from}:00+00:00"), format!("{to}:00+00:00")));
        assert_eq!(read("2026-03-29", "2026-03-29", berlin), range("2026-03-28T23:00", "2026-03-29T22:00"));
        assert_eq!(read("", "", berlin), range("2026-03-01T23:00", "2026-03-02T23:00"));
        let moments = read("2026-03-02T09:07:00+01:00", "2026-03-02T10:01:00+01:00", berlin);
        assert_eq!(moments, range("2026-03-02T08:00", "2026-03-02T09:15"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (from, to, field) in [
            ("yesterday", "", "from"),
            ("", "2026-02-30", "to"),
            ("2026-03-02", "2026-03-01", "to"),
            ("2024-01-01", "2026-03-01", "to"),
            ("1999-12-31", "2000-01-02", "from"),
        ] {
            assert_eq!(read(from, to, Tz::UTC), Err(field.to_owned()), "{from} {to}");
        }
    }
}
