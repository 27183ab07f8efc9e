//! Who is overloaded.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Availability, CompanyScope, agent, agent_change};

use super::{Insight, Kind, Range, between};
use crate::agents::Axes;
use crate::app::App;
use crate::error::Result;
use crate::store::agents as rows;
use crate::store::insights::{self as store, Busy};

/// The share of the time that can be kept up: above it people fall ill and leave (a common rule of planners).
pub const MOST: f64 = 0.85;
/// Conversations, and milliseconds in which calls could come, below which a share says nothing.
const CONVERSATIONS: u64 = 10;
const TIME: i64 = 3_600_000;

/// What an agent did in the range; milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub agent: AgentId,
    pub name: String,
    pub conversations: u64,
    /// With callers and wrapping up; what overlaps counts once.
    pub busy: i64,
    /// Wanted calls.
    pub available: i64,
}

impl Work {
    /// The share of the time for calls in which there was one: busy / (busy + idle). Who went on talking after he wanted no
    /// more calls was busy with nothing idle beside it.
    pub fn occupancy(&self) -> f64 {
        if self.busy == 0 { 0.0 } else { self.busy as f64 / self.available.max(self.busy) as f64 }
    }
}

pub async fn work(app: &App, scope: CompanyScope, range: &Range) -> Result<Vec<Work>> {
    let db = app.db.reader();
    let mut by_agent: BTreeMap<AgentId, Vec<Busy>> = BTreeMap::new();
    for busy in store::busy(scope, db, range.span()).await? {
        by_agent.entry(busy.agent_id).or_default().push(busy);
    }
    let mut changes: BTreeMap<AgentId, Vec<agent_change::Model>> = BTreeMap::new();
    for change in store::changes(scope, db, range.from).await? {
        changes.entry(change.agent_id).or_default().push(change);
    }
    let mut of = |agent: agent::Model| {
        let busy = by_agent.remove(&agent.id).unwrap_or_default();
        let changes = changes.get(&agent.id).map(Vec::as_slice).unwrap_or_default();
        Work {
            agent: agent.id,
            conversations: u64::try_from(busy.len()).unwrap_or_default(),
            busy: covered(range, &busy),
            available: available(range, changes, agent.availability),
            name: agent.name,
        }
    };
    Ok(rows::all(scope, db, range.now).await?.into_iter().map(|row| of(row.agent)).collect())
}

/// The time within the range that conversations cover, which come in the order of their beginnings.
fn covered(range: &Range, busy: &[Busy]) -> i64 {
    let (mut covered, mut until) = (0, range.from);
    for one in busy {
        let end = one.wrapped_up_at.or(one.ended_at).unwrap_or(one.connected_at).min(range.to);
        let begin = one.connected_at.max(until);
        if end > begin {
            covered += (end - begin).num_milliseconds();
            until = end;
        }
    }
    covered
}

/// The time within the range in which an agent wanted calls: changes since its beginning, in their order, and what he wants now.
fn available(range: &Range, changes: &[agent_change::Model], now: Availability) -> i64 {
    let read = |axes: &serde_json::Value| serde_json::from_value::<Axes>(axes.clone()).ok();
    let wants = |axes: &serde_json::Value| {
        read(axes)
            .is_some_and(|axes| axes.availability == Some(Availability::Available) && !axes.not_responding)
    };
    let mut at = range.from;
    let mut is = changes.first().map_or(now == Availability::Available, |change| wants(&change.before));
    let mut sum = 0;
    let mut pass = |is: bool, from: &mut DateTime<Utc>, to: DateTime<Utc>| {
        let to = to.min(range.to);
        if is && to > *from {
            sum += (to - *from).num_milliseconds();
        }
        *from = to.max(*from);
    };
    for change in changes {
        pass(is, &mut at, change.at);
        is = wants(&change.after);
    }
    pass(is, &mut at, range.to);
    sum
}

/// Agents whose occupancy is too high, the worst first.
pub fn overloaded(range: &Range, work: &[Work]) -> Vec<Insight> {
    let is = |work: &&Work| {
        work.occupancy() >= MOST
            && work.conversations >= CONVERSATIONS
            && work.available.max(work.busy) >= TIME
    };
    let mut found: Vec<_> = work.iter().filter(is).collect();
    found.sort_by(|one, other| other.occupancy().total_cmp(&one.occupancy()));
    let insight = |work: &Work| {
        let (percent, hours) = (work.occupancy() * 100.0, work.busy as f64 / 3_600_000.0);
        Insight {
            kind: Kind::Overloaded,
            queue: None,
            agent: Some((work.agent, work.name.clone())),
            from: range.from,
            to: range.to,
            figures: vec![
                ("occupancyPercent", percent),
                ("limitPercent", MOST * 100.0),
                ("conversations", work.conversations as f64),
                ("busyHours", hours),
            ],
            because: Vec::new(),
            sentence: format!(
                "{} was busy for {percent:.0} % of the time in which calls could come: {} conversations in {hours:.1} hours.",
                work.name, work.conversations
            ),
            link: format!("/api/calls?by=conversation&agentId={}&{}", work.agent, between(&range.span())),
        }
    };
    found.into_iter().map(insight).collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::ChangeCause;
    use serde_json::json;
    use uuid::Uuid;

    use super::super::Wish;
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn minute(number: i64) -> DateTime<Utc> {
        noon() + TimeDelta::minutes(number)
    }

    /// Noon to one o'clock.
    fn range() -> Range {
        let wish = Wish { from: Some(noon()), to: Some(minute(60)), queue: None };
        Range::read(wish, minute(90), chrono_tz::UTC).unwrap()
    }

    fn change(at: i64, before: Availability, after: Availability) -> agent_change::Model {
        let axes =
            |availability| json!({"availability": availability, "reason": null, "notResponding": false});
        agent_change::Model {
            id: Uuid::nil().into(),
            company_id: Uuid::nil().into(),
            agent_id: Uuid::nil().into(),
            changed_by: None,
            because: ChangeCause::Agent,
            before: axes(before),
            after: axes(after),
            at: minute(at),
        }
    }

    #[test]
    fn the_time_for_calls_is_read_from_changes() {
        use Availability::{Available, Break, Offline};
        let minutes = |changes: &[_], now| available(&range(), changes, now) / 60_000;
        assert_eq!(minutes(&[], Available), 60);
        assert_eq!(minutes(&[], Offline), 0);
        assert_eq!(minutes(&[change(10, Offline, Available), change(40, Available, Break)], Break), 30);
        assert_eq!(minutes(&[change(10, Available, Break)], Break), 10);
        assert_eq!(minutes(&[change(75, Available, Offline)], Offline), 60, "he went later");
    }

    #[test]
    fn conversations_at_once_count_once() {
        let busy = |from, to| Busy {
            agent_id: Uuid::nil().into(),
            connected_at: minute(from),
            ended_at: Some(minute(from)),
            wrapped_up_at: Some(minute(to)),
        };
        let minutes = |busy: &[Busy]| covered(&range(), busy) / 60_000;
        assert_eq!(minutes(&[busy(0, 10), busy(5, 15), busy(6, 7), busy(20, 30)]), 25);
        assert_eq!(minutes(&[busy(50, 80)]), 10, "what is behind the range is not in it");
    }
}
