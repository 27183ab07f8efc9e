//! How a queue stands now, and how it did today.

use std::time::Duration;

use ::reports::{Counters, Purpose, Ratio, Visit};
use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use entity::id::QueueId;
use entity::{CompanyScope, EntryOutcome, ReportSettings, ServiceLevel, ServiceLevelVariant, queue};
use routing::QueueFigures;

use super::get;
use crate::app::App;
use crate::companies;
use crate::error::Result;
use crate::reports::{ask, facts};
use crate::store::{callbacks, queueing};

/// A supervisor's screen is not older than this.
const OLDEST: TimeDelta = TimeDelta::seconds(1);

#[derive(Clone, Debug)]
pub struct Live {
    pub queue: QueueId,
    pub at: DateTime<Utc>,
    pub figures: QueueFigures,
    /// Of somebody who would come now and ask for nothing special; `None` without data.
    pub expected_wait: Option<Duration>,
    /// Who is to be called back, in the line or later.
    pub callbacks: u64,
    pub service_level: ServiceLevelToday,
}

/// The service level of those who came since the company's midnight, as the company counts it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServiceLevelToday {
    /// With the company's limit of short abandons, where it says one for all queues.
    pub target: ServiceLevel,
    pub variant: ServiceLevelVariant,
    pub ratio: Ratio,
    pub answered: u64,
    pub answered_in_time: u64,
    pub abandoned: u64,
    /// Those of `abandoned` who gave up within `target.short_abandon_seconds`.
    pub short_abandons: u64,
}

impl ServiceLevelToday {
    fn of(settings: &ReportSettings, queue: &queue::Model, visits: &[Came]) -> Self {
        let (target_seconds, short_abandon_seconds) = ask::limits(settings, queue);
        let target = ServiceLevel { target_seconds, short_abandon_seconds, ..queue.rules.service_level };
        let mut counters = Counters::default();
        for (entered_at, outcome, left_at) in visits {
            let end = outcome.map(facts::visit_end);
            // An agent who calls out waits nowhere.
            if end == Some(None) {
                continue;
            }
            let end = end.flatten().zip(*left_at);
            let (queue, entered_at) = (queue.id.0, *entered_at);
            ::reports::caller(&mut counters, &Visit { queue, purpose: Purpose::Caller, entered_at, end });
        }
        let variant = settings.variant;
        Self {
            target,
            variant,
            ratio: ask::variant(variant).of(&counters, target_seconds, short_abandon_seconds),
            answered: counters.answered,
            answered_in_time: counters.answered_waits.within(target_seconds),
            abandoned: counters.abandoned,
            short_abandons: counters.abandoned_waits.within(short_abandon_seconds),
        }
    }
}

/// When a visit began, how it ended, and when.
type Came = (DateTime<Utc>, Option<EntryOutcome>, Option<DateTime<Utc>>);

pub async fn live(app: &App, scope: CompanyScope, id: QueueId) -> Result<Live> {
    let queue = get(app, scope, id).await?.queue;
    let now = app.clock.now();
    let routed = routing::QueueId(id.0);
    let (figures, expected_wait) = app
        .desks
        .ask(app, scope, OLDEST, |index| {
            (index.queue_figures(routed, now), index.expected_wait_of_next(routed, now))
        })
        .await?;
    let company = companies::get(app, scope).await?;
    let zone = company.time_zone.parse().unwrap_or(Tz::UTC);
    let visits = queueing::visits_since(scope, app.db.reader(), id, midnight(zone, now)).await?;
    let service_level = ServiceLevelToday::of(&company.report_settings, &queue, &visits);
    let callbacks = callbacks::open_in(scope, app.db.reader(), id).await?;
    Ok(Live { queue: id, at: now, figures, expected_wait, callbacks, service_level })
}

/// When the day began; where the clock jumps over midnight, the first moment after it.
fn midnight(zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let day = now.with_timezone(&zone).date_naive();
    let of_hour = |hour| {
        let wall = day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?);
        zone.from_local_datetime(&wall).earliest()
    };
    (0..4).find_map(of_hour).map_or(now, |began| began.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_the_company_s_midnight() {
        let now = at("2026-03-02T03:00:00Z");
        assert_eq!(midnight(Tz::UTC, now), at("2026-03-02T00:00:00Z"));
        assert_eq!(midnight(chrono_tz::America::New_York, now), at("2026-03-01T05:00:00Z"));
        // Santiago puts its clock forward at midnight.
        let spring = at("2026-09-06T15:00:00Z");
        assert_eq!(midnight(chrono_tz::America::Santiago, spring), at("2026-09-06T04:00:00Z"));
    }
}
