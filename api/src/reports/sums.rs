//! What a long range comes to: whole days and hours of UTC that are over are made of their quarters once, and kept until their
//! quarters are counted anew. What is left at the ends, and what goes on, is made of quarters.
//!
//! What agents wanted to be is in the sums, too: of a time that is over their histories say nothing new.

use std::collections::BTreeMap;

use ::reports::figures::Time;
use ::reports::{Counters, Interval, Quarter};
use chrono::{DateTime, TimeDelta, Utc};
use entity::{CompanyScope, report_sum};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::answer::{agent_sums, clocks, queue_sums};
use super::ask::Asked;
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::reports::{self as store, DAY, HOUR};

/// So long after its end an hour is over on every node: whatever was under way is written.
const OVER: TimeDelta = TimeDelta::minutes(2);

/// All of a company in a stretch of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sums {
    /// Of the company's calls.
    pub calls: Counters,
    pub queues: BTreeMap<Uuid, Counters>,
    /// Of all agents; without their time by the clock.
    pub agents: Counters,
    /// Of all agents.
    pub time: Time,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.calls.add(&other.calls);
        for (queue, counters) in &other.queues {
            self.queues.entry(*queue).or_default().add(counters);
        }
        self.agents.add(&other.agents);
        self.time.add(other.time);
    }

    fn read(sums: Value) -> Result<Self> {
        serde_json::from_value(sums).map_err(|cause| Error::internal("read sums", cause))
    }

    fn stored(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(|cause| Error::internal("store sums", cause))
    }
}

/// What the whole range comes to.
pub async fn of(app: &App, scope: CompanyScope, asked: &Asked) -> Result<Sums> {
    let (db, parts) = (app.db.reader(), parts(asked.range, app.clock.now()));
    // Whatever is read below is at least as new as this.
    let seen = store::state(scope, db).await?.map(|state| state.version);
    let mut kept = BTreeMap::new();
    for length in [HOUR, DAY] {
        let firsts: Vec<_> =
            parts.iter().filter(|part| part.kept == Some(length)).map(|part| part.interval.first.0).collect();
        for row in store::sums(scope, db, asked.attribution, length, &firsts).await? {
            kept.insert(Quarter(row.first), Sums::read(row.sums)?);
        }
    }
    let (mut total, mut made, mut missing) = (Sums::default(), Vec::new(), Vec::new());
    for part in parts {
        match kept.get(&part.interval.first) {
            Some(sums) if part.kept.is_some() => {
                total.add(sums);
                made.extend(make(app, scope, asked, std::mem::take(&mut missing)).await?);
            }
            Some(_) | None => missing.push(part),
        }
    }
    made.extend(make(app, scope, asked, missing).await?);
    let mut rows = Vec::new();
    for (part, sums) in made {
        total.add(&sums);
        if let Some(quarters) = part.kept {
            rows.push(report_sum::Model {
                company_id: scope.company(),
                attribution: asked.attribution,
                quarters,
                first: part.interval.first.0,
                sums: sums.stored()?,
            });
        }
    }
    if let (Some(seen), false) = (seen, rows.is_empty()) {
        let tx = app.db.begin().await?;
        store::keep_sums(scope, &tx, seen, rows).await?;
        tx.commit().await?;
    }
    Ok(total)
}

/// A part of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    interval: Interval,
    /// Its length, if it is kept.
    kept: Option<i32>,
}

/// Days and hours that are over and whole in the range, and the quarters beside them, in order.
fn parts(range: Interval, now: DateTime<Utc>) -> Vec<Part> {
    let over = Quarter::of(now - OVER).0.min(range.end.0);
    let mut parts: Vec<Part> = Vec::new();
    let mut first = range.first.0;
    while first < range.end.0 {
        let whole = |length: i32| first % length == 0 && first.saturating_add(length) <= over;
        let kept = [DAY, HOUR].into_iter().find(|length| whole(*length));
        let end = first + kept.unwrap_or(1);
        match parts.last_mut() {
            Some(Part { interval, kept: None }) if kept.is_none() => interval.end = Quarter(end),
            Some(_) | None => {
                let interval = Interval { first: Quarter(first), end: Quarter(end) };
                parts.push(Part { interval, kept });
            }
        }
        first = end;
    }
    parts
}

/// Makes parts that follow each other without a gap of their quarters.
async fn make(app: &App, scope: CompanyScope, asked: &Asked, parts: Vec<Part>) -> Result<Vec<(Part, Sums)>> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Ok(Vec::new()) };
    let range = Interval { first: first.interval.first, end: last.interval.end };
    let asked = Asked { range, ..asked.clone() };
    let rows: Vec<_> = parts.iter().map(|part| part.interval).collect();
    let mut sums = vec![Sums::default(); parts.len()];
    for ((index, queue), counters) in queue_sums(app, scope, &asked, &rows, None).await? {
        if queue.is_nil() {
            sums[index].calls = counters;
        } else {
            sums[index].queues.insert(queue, counters);
        }
    }
    for ((index, ..), counters) in agent_sums(app, scope, &asked, &rows, None).await? {
        sums[index].agents.add(&counters);
    }
    for ((index, _), (_, time)) in clocks(app, scope, &asked, &rows, None).await? {
        sums[index].time.add(time);
    }
    Ok(parts.into_iter().zip(sums).collect())
}

/// Names the kept sums that are not what their quarters come to.
pub async fn check(app: &App, scope: CompanyScope) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    let rows = store::all_sums(scope, app.db.reader()).await?;
    let Some(some) = rows.first() else { return Ok(broken) };
    let mut asked = Asked::of_all(app, scope, some.attribution).await?;
    for row in rows {
        let interval = Interval { first: Quarter(row.first), end: Quarter(row.first + row.quarters) };
        asked.attribution = row.attribution;
        let part = Part { interval, kept: Some(row.quarters) };
        for (_, sums) in make(app, scope, &asked, vec![part]).await? {
            if Sums::read(row.sums.clone())? != sums {
                let from = interval.from();
                broken.push(format!("{} quarters from {from}: the sum kept is not theirs", row.quarters));
            }
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(from: i32, to: i32, now: i32) -> Vec<(i32, i32)> {
        let range = Interval { first: Quarter(from), end: Quarter(to) };
        let parts = parts(range, Quarter(now).begins() + OVER);
        assert!(parts.windows(2).all(|pair| pair[0].interval.end == pair[1].interval.first), "{parts:?}");
        assert_eq!((parts[0].interval.first, parts[parts.len() - 1].interval.end), (range.first, range.end));
        parts.iter().map(|part| (part.interval.quarters(), part.kept.unwrap_or_default())).collect()
    }

    #[test]
    fn a_range_is_days_and_hours_that_are_over_and_quarters_beside_them() {
        // Two days of a zone that is two hours before UTC, looked at in the evening.
        let (day, hour) = ((96, 96), (4, 4));
        let both = [vec![hour; 2], vec![day], vec![hour; 22]].concat();
        assert_eq!(lengths(88, 280, 300), both);
        // While the last hour but one goes on, all from there on is made of quarters.
        assert_eq!(lengths(88, 280, 275), [&both[..21 + 2], &[(8, 0)]].concat());
        // Zones at a quarter from UTC have quarters at both ends.
        assert_eq!(lengths(87, 102, 300), [(1, 0), (4, 4), (4, 4), (4, 4), (2, 0)]);
        assert_eq!(lengths(96, 192, 0), [(96, 0)]);
    }
}
