//! How a queue stands now, and how it did today.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use entity::id::QueueId;
use entity::{CompanyScope, EntryOutcome, ServiceLevel};
use routing::QueueFigures;

use super::get;
use crate::app::App;
use crate::error::Result;
use crate::store::{callbacks, companies, queueing};

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

/// The service level of those who came since the company's midnight and whose visit is over: variant 8 of the field,
/// `answered in time / (answered + abandoned - short abandons)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceLevelToday {
    pub target: ServiceLevel,
    pub answered: u64,
    pub answered_in_time: u64,
    pub abandoned: u64,
    /// Those of `abandoned` who gave up within `target.short_abandon_seconds`.
    pub short_abandons: u64,
}

impl ServiceLevelToday {
    /// Of a hundred; `None` while nobody counts.
    pub fn percent(&self) -> Option<f64> {
        let counted = self.answered + self.abandoned - self.short_abandons;
        (counted > 0).then(|| self.answered_in_time as f64 * 100.0 / counted as f64)
    }

    fn of(target: ServiceLevel, visits: &[(DateTime<Utc>, EntryOutcome, DateTime<Utc>)]) -> Self {
        let mut today = Self { target, answered: 0, answered_in_time: 0, abandoned: 0, short_abandons: 0 };
        let within = |waited: TimeDelta, seconds: u32| waited <= TimeDelta::seconds(i64::from(seconds));
        for (entered, outcome, left) in visits {
            let waited = *left - *entered;
            match outcome {
                EntryOutcome::Answered => {
                    today.answered += 1;
                    today.answered_in_time += u64::from(within(waited, target.target_seconds));
                }
                EntryOutcome::Abandoned => {
                    today.abandoned += 1;
                    today.short_abandons += u64::from(within(waited, target.short_abandon_seconds));
                }
                EntryOutcome::Overflow
                | EntryOutcome::Callback
                | EntryOutcome::Voicemail
                | EntryOutcome::Error
                | EntryOutcome::Moved
                | EntryOutcome::Withdrawn
                | EntryOutcome::Outbound
                | EntryOutcome::Unreached => {}
            }
        }
        today
    }
}

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
    let company = companies::own(scope, app.db.reader()).await?;
    let zone = company.and_then(|company| company.time_zone.parse().ok()).unwrap_or(Tz::UTC);
    let visits = queueing::visits_since(scope, app.db.reader(), id, midnight(zone, now)).await?;
    let service_level = ServiceLevelToday::of(queue.rules.service_level, &visits);
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

    #[test]
    fn short_abandons_have_no_influence_and_overflows_neither() {
        let visit = |outcome, seconds| {
            let came = at("2026-03-02T12:00:00Z");
            (came, outcome, came + TimeDelta::seconds(seconds))
        };
        let visits = [
            visit(EntryOutcome::Answered, 20),
            visit(EntryOutcome::Answered, 21),
            visit(EntryOutcome::Abandoned, 5),
            visit(EntryOutcome::Abandoned, 6),
            visit(EntryOutcome::Overflow, 60),
        ];
        let today = ServiceLevelToday::of(ServiceLevel::default(), &visits);
        assert_eq!((today.answered, today.answered_in_time), (2, 1));
        assert_eq!((today.abandoned, today.short_abandons), (2, 1));
        assert_eq!(today.percent(), Some(100.0 / 3.0));
        assert_eq!(ServiceLevelToday::of(ServiceLevel::default(), &[]).percent(), None);
    }
}
