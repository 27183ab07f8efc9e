//! What stands out in a company's figures, and what the next week brings. Nothing is kept: each insight follows from rows of
//! a range of time, and names the figures that it comes from and the calls behind them.
//!
//! The formulas are in `staffing/`; here is what is asked of them, and of whom. docs/staffing.md tells of it for people.

mod agents;
mod ahead;
mod hours;
mod targets;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use entity::id::{AgentId, QueueId};
use entity::{CompanyScope, ServiceLevel, queue};

use crate::app::App;
use crate::companies;
use crate::error::{Error, Result, Subject};
use crate::store::insights::{self as store, Handled, Offers, Span, Visits};
use crate::store::queues;

pub use agents::Work;
pub use ahead::{Ahead, Forecast, Slot};
pub use targets::Reason;

/// What is looked at when nobody says: a week.
const USUAL: TimeDelta = TimeDelta::days(7);
/// The longest range, in days.
const LONGEST: i64 = 31;
/// Weeks before it that tell what is usual.
const WEEKS_BEFORE: u64 = 8;
/// Days before it with which its queues are compared.
const DAYS_BEFORE: i64 = 28;

/// What an insight is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An hour that was not like the same hour of the weeks before.
    UnusualHour,
    /// A queue that has missed its service level.
    TargetMissed,
    /// An agent who was busy for nearly all of the time in which he could take calls.
    Overloaded,
}

/// What stands out.
#[derive(Clone, Debug)]
pub struct Insight {
    pub kind: Kind,
    pub queue: Option<(QueueId, String)>,
    pub agent: Option<(AgentId, String)>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    /// Where it comes from, by names.
    pub figures: Vec<(&'static str, f64)>,
    /// Why, as far as figures tell.
    pub because: Vec<Reason>,
    /// For people, in English.
    pub sentence: String,
    /// The calls behind it.
    pub link: String,
}

/// All that is to be said.
#[derive(Clone, Debug)]
pub struct Insights {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub zone: Tz,
    pub insights: Vec<Insight>,
    /// One a queue.
    pub ahead: Vec<Ahead>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// A week before `to` when absent.
    pub from: Option<DateTime<Utc>>,
    /// Now when absent.
    pub to: Option<DateTime<Utc>>,
    pub queue: Option<QueueId>,
}

/// The range that is looked at, and when that is.
#[derive(Clone, Debug)]
struct Range {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    now: DateTime<Utc>,
    zone: Tz,
    /// The first day of the weeks before, in the zone.
    first_day: NaiveDate,
}

impl Range {
    fn read(wish: Wish, now: DateTime<Utc>, zone: Tz) -> Result<Self> {
        let to = wish.to.unwrap_or(now);
        let from = wish.from.or_else(|| to.checked_sub_signed(USUAL)).unwrap_or(to);
        if from >= to {
            return Err(Error::invalid("from", "must be before `to`"));
        }
        if to > now {
            return Err(Error::invalid("to", "must not be in the future"));
        }
        if to - from > TimeDelta::days(LONGEST) {
            return Err(Error::invalid("from", format!("must be at most {LONGEST} days before `to`")));
        }
        let begins = from.with_timezone(&zone).date_naive();
        let first_day = begins.checked_sub_days(Days::new(7 * WEEKS_BEFORE)).unwrap_or(begins);
        Ok(Self { from, to, now, zone, first_day })
    }

    fn span(&self) -> Span {
        self.from..self.to
    }

    fn before(&self) -> Span {
        self.from - TimeDelta::days(DAYS_BEFORE)..self.from
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.zone).date_naive()
    }

    /// The first moment of a day in the zone.
    fn midnight(&self, day: NaiveDate) -> DateTime<Utc> {
        self.moment(day, 0).unwrap_or_else(|| day.and_time(NaiveTime::MIN).and_utc())
    }

    /// When the zone's clock shows so many minutes after a day's midnight; `None` where it leaves that out.
    fn moment(&self, day: NaiveDate, minutes: usize) -> Option<DateTime<Utc>> {
        let wall = day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::try_from(minutes).ok()?);
        self.zone.from_local_datetime(&wall).earliest().map(|at| at.with_timezone(&Utc))
    }

    /// Minutes that the zone's clock shows at a moment, since the first day's midnight.
    fn minutes(&self, at: DateTime<Utc>) -> usize {
        let wall = at.with_timezone(&self.zone).naive_local() - self.first_day.and_time(NaiveTime::MIN);
        usize::try_from(wall.num_minutes()).unwrap_or_default()
    }
}

/// What is known of a queue.
struct Known {
    queue: queue::Model,
    /// By half hours, from the first day on.
    visits: Vec<Visits>,
    /// In the range, and in the days before it.
    handled: Handled,
    handled_before: Handled,
    offers: Offers,
}

impl Known {
    fn name(&self) -> (QueueId, String) {
        (self.queue.id, self.queue.name.clone())
    }

    fn target(&self) -> ServiceLevel {
        self.queue.rules.service_level
    }

    /// All visits of a span, added up.
    fn sum(&self, span: &Span) -> Visits {
        let mut sum = Visits::default();
        self.visits
            .iter()
            .filter(|visits| span.contains(&visits.begins()))
            .for_each(|visits| sum.add(visits));
        sum
    }

    /// Calls by half hours as the zone's clock shows them, of whole days before `end`: each has 48. What the clock leaves out in
    /// spring has none, what it shows twice in autumn has those of both.
    fn half_hours(&self, range: &Range, end: NaiveDate) -> Vec<f64> {
        let days = usize::try_from((end - range.first_day).num_days()).unwrap_or_default();
        let mut calls = vec![0.0; days * ahead::A_DAY];
        for visits in &self.visits {
            if let Some(slot) = calls.get_mut(range.minutes(visits.begins()) / 30) {
                *slot += visits.queued as f64;
            }
        }
        calls
    }
}

/// Finds what is to be said.
///
/// # Errors
/// For a range that has no room, is longer than a month or in the future; for a queue that is not there.
pub async fn of(app: &App, scope: CompanyScope, wish: Wish) -> Result<Insights> {
    let company = companies::get(app, scope).await?;
    let zone = company.time_zone.parse().unwrap_or(Tz::UTC);
    let range = Range::read(wish, app.clock.now(), zone)?;
    let db = app.db.reader();
    let mut known = Vec::new();
    for row in queues::all(scope, db).await? {
        let queue = row.queue;
        if wish.queue.is_some_and(|wanted| wanted != queue.id) {
            continue;
        }
        let rule = queue.rules.service_level;
        let all = range.midnight(range.first_day)..range.now;
        let limits = (rule.target_seconds, rule.short_abandon_seconds);
        known.push(Known {
            visits: store::visits(scope, db, queue.id, all, limits).await?,
            handled: store::handled(scope, db, queue.id, range.span()).await?,
            handled_before: store::handled(scope, db, queue.id, range.before()).await?,
            offers: store::offers(scope, db, queue.id, range.span()).await?,
            queue,
        });
    }
    if wish.queue.is_some() && known.is_empty() {
        return Err(Error::NotFound(Subject::Queue));
    }
    let work = agents::work(app, scope, &range).await?;
    // What takes a processor for a while is not for whoever answers webhooks.
    let found = tokio::task::spawn_blocking(move || say(range, &known, &work));
    found.await.map_err(|cause| Error::internal("find insights", cause))
}

fn say(range: Range, known: &[Known], work: &[Work]) -> Insights {
    let mut insights = targets::missed(&range, known, work);
    insights.extend(agents::overloaded(&range, work));
    insights.extend(known.iter().flat_map(|known| hours::unusual(&range, known)));
    let ahead = known.iter().map(|known| ahead::of(&range, known)).collect();
    Insights { from: range.from, to: range.to, zone: range.zone, insights, ahead }
}

/// The calls that came into a queue in a range.
fn visits_link(queue: QueueId, span: &Span) -> String {
    format!("/api/calls?by=visit&queueId={queue}&{}", between(span))
}

fn between(span: &Span) -> String {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    format!("from={}&to={}", text(span.start), text(span.end))
}
