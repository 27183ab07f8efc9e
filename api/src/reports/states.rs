//! What agents wanted to be over time, from the lines of their histories.

use std::collections::BTreeMap;

use ::reports::{Span, State, Timeline};
use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Availability, CompanyScope, agent, agent_change};

use crate::agents::Axes;
use crate::app::App;
use crate::error::Result;
use crate::store::reports as store;

/// The states of the company's agents, or of one, as far as `span` needs them; those who are agents no more included.
pub async fn timelines(
    app: &App,
    scope: CompanyScope,
    only: Option<AgentId>,
    span: Span,
) -> Result<BTreeMap<AgentId, Timeline>> {
    let (db, now) = (app.db.reader(), app.clock.now());
    let mut changes: BTreeMap<AgentId, Vec<agent_change::Model>> = BTreeMap::new();
    for change in store::changes_of(scope, db, only, span.from, span.to).await? {
        changes.entry(change.agent_id).or_default().push(change);
    }
    let mut timelines = BTreeMap::new();
    for agent in store::agents_ever(scope, db, only).await? {
        let mut lines = changes.remove(&agent.id).unwrap_or_default();
        // A history has no gap: what he was before the first line behind the span he was in all of it.
        if lines.is_empty() && span.to <= now {
            lines.extend(store::next_change(scope, db, agent.id, span.to).await?);
        }
        timelines.insert(agent.id, timeline(&agent, &lines, now));
    }
    Ok(timelines)
}

fn timeline(agent: &agent::Model, lines: &[agent_change::Model], now: DateTime<Utc>) -> Timeline {
    let current = of_axes(&Axes::of(agent)).unwrap_or(State::Offline);
    let first = match lines.first() {
        Some(line) => of_axes(&Axes::read(&line.before)).unwrap_or(State::Offline),
        None => current,
    };
    // A line of earlier versions says only what has changed.
    let changes = lines.iter().filter_map(|line| Some((line.at, of_axes(&Axes::read(&line.after))?)));
    let life = Span::new(born(agent.id).unwrap_or(DateTime::UNIX_EPOCH), agent.removed_at.unwrap_or(now));
    Timeline { life, first, changes: changes.collect() }
}

/// When somebody became an agent: his id says it.
fn born(id: AgentId) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = id.0.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}

fn of_axes(axes: &Axes) -> Option<State> {
    Some(match axes.availability? {
        Availability::Available if axes.not_responding => State::NotResponding,
        Availability::Available => State::Available,
        Availability::Offline => State::Offline,
        Availability::Busy => State::Busy,
        Availability::Away => State::Away,
        Availability::Break => State::Break,
        Availability::Training => State::Training,
    })
}
