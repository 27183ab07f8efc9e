//! Reports: counters added up as they were asked for.

use std::collections::BTreeMap;

use ::reports::figures::Time;
use ::reports::{Counters, Interval, Length, Quarter, Ratio, Span};
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CompanyScope, agent, queue};
use uuid::Uuid;

use super::ask::{Asked, Question};
use super::sums::{self, Sums};
use super::{count, states};
use crate::app::App;
use crate::authz::Whose;
use crate::error::{Error, Result, Subject};
use crate::store::reports as store;

/// The service level of one or more queues, each with its own threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ServiceLevel {
    pub ratio: Ratio,
    /// X and S, where all queues have the same.
    pub limits: Option<(u32, u32)>,
    /// Abandoned within S.
    pub short_abandons: u64,
}

/// What callers met, in one queue or in several.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub counters: Counters,
    pub service_level: ServiceLevel,
}

/// A row of a queue.
#[derive(Clone, Debug)]
pub struct QueueLine {
    pub queue: QueueId,
    pub name: String,
    pub interval: Interval,
    pub line: Line,
}

/// A row of an agent.
#[derive(Clone, Debug)]
pub struct AgentLine {
    pub agent: AgentId,
    pub name: String,
    /// With its name, where rows are by queue.
    pub queue: Option<(QueueId, String)>,
    pub interval: Interval,
    pub counters: Counters,
    /// Absent where rows are of a queue: his time by the clock is of all of them.
    pub time: Option<Time>,
}

/// All of the company in the whole range.
#[derive(Clone, Debug)]
pub struct Overview {
    pub calls: Counters,
    pub line: Line,
    /// Of all agents.
    pub agents: Counters,
    pub time: Time,
}

/// By what the rows of a report are told apart, beside intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// One a subject for the whole range.
    Whole,
    /// One a subject and interval.
    Intervals(Length),
}

impl Rows {
    fn length(self) -> Option<Length> {
        match self {
            Self::Whole => None,
            Self::Intervals(length) => Some(length),
        }
    }
}

pub async fn overview(app: &App, scope: CompanyScope, question: Question) -> Result<(Asked, Overview)> {
    let asked = Asked::read(app, scope, question).await?;
    let Sums { calls, queues, agents, time } = sums::of(app, scope, &asked).await?;
    let line = together(&asked, queues.iter().map(|(queue, counters)| (*queue, counters)));
    Ok((asked, Overview { calls, line, agents, time }))
}

/// The company's calls by interval.
pub async fn calls(
    app: &App,
    scope: CompanyScope,
    question: Question,
    length: Length,
) -> Result<(Asked, Vec<(Interval, Counters)>)> {
    let asked = Asked::read(app, scope, question).await?;
    let rows = asked.rows(Some(length), 1)?;
    let none = [QueueId(Uuid::nil())];
    let mut sums = queue_sums(app, scope, &asked, &rows, Some(&none)).await?;
    let row = |(index, row)| (row, sums.remove(&(index, Uuid::nil())).unwrap_or_default());
    let rows = rows.into_iter().enumerate().map(row).collect();
    Ok((asked, rows))
}

/// What callers met by interval, in all queues or in one.
pub async fn intervals(
    app: &App,
    scope: CompanyScope,
    question: Question,
    length: Length,
) -> Result<(Asked, Vec<(Interval, Line)>)> {
    let asked = Asked::read(app, scope, question).await?;
    let rows = asked.rows(Some(length), 1)?;
    let only = asked.queue.map(|queue| [queue]);
    let sums = queue_sums(app, scope, &asked, &rows, only.as_ref().map(|only| only.as_slice())).await?;
    let of_row = |index| sums.range((index, Uuid::nil())..=(index, Uuid::max()));
    let line = |index| together(&asked, of_row(index).map(|((_, queue), counters)| (*queue, counters)));
    let rows = rows.iter().enumerate().map(|(index, row)| (*row, line(index))).collect();
    Ok((asked, rows))
}

/// What callers met in each queue that is there, or has had any.
pub async fn queues(
    app: &App,
    scope: CompanyScope,
    question: Question,
    by: Rows,
) -> Result<(Asked, Vec<QueueLine>)> {
    let asked = Asked::read(app, scope, question).await?;
    let wanted: Vec<_> =
        asked.queues.iter().filter(|row| asked.queue.is_none_or(|queue| queue == row.id)).collect();
    let rows = asked.rows(by.length(), wanted.len())?;
    let only = asked.queue.map(|queue| [queue]);
    let sums = queue_sums(app, scope, &asked, &rows, only.as_ref().map(|only| only.as_slice())).await?;
    let mut lines = Vec::new();
    for queue in wanted {
        for (index, interval) in rows.iter().enumerate() {
            let counters = sums.get(&(index, queue.id.0));
            // Intervals in which nothing happened are left out, and so are queues of the past.
            if counters.is_none() && (by != Rows::Whole || queue.deleted_at.is_some()) {
                continue;
            }
            let line = together(&asked, counters.map(|counters| (queue.id.0, counters)).into_iter());
            let (id, name) = (queue.id, queue.name.clone());
            let line = if counters.is_none() { untouched(&asked, queue) } else { line };
            lines.push(QueueLine { queue: id, name, interval: *interval, line });
        }
    }
    Ok((asked, lines))
}

/// What agents did: of the whole company, or what the caller may see of it; `by_queue` has a row for each queue of each.
pub async fn performance(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    question: Question,
    by: Rows,
    subjects: Subjects,
) -> Result<(Asked, Vec<AgentLine>)> {
    let only = match (whose, question.agent) {
        (Whose::Everybodys, agent) => agent,
        (Whose::Agents(own), Some(agent)) if agent != own => return Err(Error::NotFound(Subject::Agent)),
        (Whose::Agents(own), _) => Some(own),
        (Whose::Nobodys, _) => return Err(Error::NotFound(Subject::Agent)),
    };
    let asked = Asked::read(app, scope, question).await?;
    let agents = store::agents_ever(scope, app.db.reader(), only).await?;
    if only.is_some() && agents.is_empty() {
        return Err(Error::NotFound(Subject::Agent));
    }
    let rows = asked.rows(by.length(), agents.len())?;
    let sums = agent_sums(app, scope, &asked, &rows, only).await?;
    let mut lines = Vec::new();
    if subjects == Subjects::AgentsByQueue {
        for ((index, agent, queue), counters) in sums {
            if asked.queue.is_some_and(|only| only.0 != queue) {
                continue;
            }
            let named = |row: &&queue::Model| row.id.0 == queue;
            let queue = asked.queues.iter().find(named).map(|row| (row.id, row.name.clone()));
            let Some(agent) = agents.iter().find(|row| row.id.0 == agent) else { continue };
            lines.push(AgentLine { queue, counters, time: None, ..line_of(agent, rows[index]) });
        }
        lines.sort_by(|one, other| {
            (&one.name, one.agent, one.interval).cmp(&(&other.name, other.agent, other.interval))
        });
        return Ok((asked, lines));
    }
    let clocks = clocks(app, scope, &asked, &rows, only).await?;
    for agent in &agents {
        for (index, interval) in rows.iter().enumerate() {
            let mut counters = Counters::default();
            for (_, more) in sums.range((index, agent.id.0, Uuid::nil())..=(index, agent.id.0, Uuid::max())) {
                counters.add(more);
            }
            let (clock, time) = clocks.get(&(index, agent.id)).cloned().unwrap_or_default();
            counters.add(&clock);
            let idle = counters.is_empty() && time == Time::default();
            if idle && (by != Rows::Whole || agent.removed_at.is_some()) {
                continue;
            }
            lines.push(AgentLine { counters, time: Some(time), ..line_of(agent, *interval) });
        }
    }
    Ok((asked, lines))
}

/// Whom a row of agents' figures is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subjects {
    Agents,
    AgentsByQueue,
}

fn line_of(agent: &agent::Model, interval: Interval) -> AgentLine {
    AgentLine {
        agent: agent.id,
        name: agent.name.clone(),
        queue: None,
        interval,
        counters: Counters::default(),
        time: None,
    }
}

fn untouched(asked: &Asked, queue: &queue::Model) -> Line {
    let none = Counters::default();
    together(asked, [(queue.id.0, &none)].into_iter())
}

/// Adds the counters of queues up, and their service levels, each with the queue's own limits.
fn together<'a>(asked: &Asked, of: impl Iterator<Item = (Uuid, &'a Counters)>) -> Line {
    let mut line = Line::default();
    let mut limits = Vec::new();
    for (queue, counters) in of.filter(|(queue, _)| !queue.is_nil()) {
        line.counters.add(counters);
        let Some(queue) = asked.queues.iter().find(|row| row.id.0 == queue) else { continue };
        let (threshold, short) = asked.limits(queue);
        line.service_level.ratio.add(asked.variant().of(counters, threshold, short));
        line.service_level.short_abandons += counters.abandoned_waits.within(short);
        limits.push((threshold, short));
    }
    limits.dedup();
    line.service_level.limits = limits.first().copied().filter(|_| limits.len() == 1);
    line
}

pub(super) type QueueSums = BTreeMap<(usize, Uuid), Counters>;
pub(super) type AgentSums = BTreeMap<(usize, Uuid, Uuid), Counters>;

pub(super) async fn queue_sums(
    app: &App,
    scope: CompanyScope,
    asked: &Asked,
    rows: &[Interval],
    only: Option<&[QueueId]>,
) -> Result<QueueSums> {
    let quarters = asked.range.first.0..asked.range.end.0;
    let mut sums = QueueSums::new();
    for row in store::queue_rows(scope, app.db.reader(), asked.attribution, quarters, only).await? {
        let counters = count::read(row.counters)?;
        sums.entry((row_of(rows, row.quarter), row.queue_id.0)).or_default().add(&counters);
    }
    Ok(sums)
}

/// Of agents in queues; without their time by the clock.
pub(super) async fn agent_sums(
    app: &App,
    scope: CompanyScope,
    asked: &Asked,
    rows: &[Interval],
    only: Option<AgentId>,
) -> Result<AgentSums> {
    let quarters = asked.range.first.0..asked.range.end.0;
    let mut sums = AgentSums::new();
    for row in store::agent_rows(scope, app.db.reader(), asked.attribution, quarters, only).await? {
        if row.queue_id.0.is_nil() {
            continue;
        }
        let counters = count::read(row.counters)?;
        sums.entry((row_of(rows, row.quarter), row.agent_id.0, row.queue_id.0)).or_default().add(&counters);
    }
    Ok(sums)
}

/// The time by the clock of each agent and row: activity-driven in any case, since a moment is in one interval.
pub(super) async fn clocks(
    app: &App,
    scope: CompanyScope,
    asked: &Asked,
    rows: &[Interval],
    only: Option<AgentId>,
) -> Result<BTreeMap<(usize, AgentId), (Counters, Time)>> {
    let quarters = asked.range.first.0..asked.range.end.0;
    let span = Span::new(asked.range.from(), asked.range.to());
    let timelines = states::timelines(app, scope, only, span).await?;
    let mut sums: BTreeMap<(usize, AgentId), (Counters, Time)> = BTreeMap::new();
    let attribution = Attribution::ActivityDriven;
    for row in store::agent_rows(scope, app.db.reader(), attribution, quarters, only).await? {
        if row.queue_id.0.is_nil() {
            let mut counters = count::read(row.counters)?;
            counters.settle(Quarter(row.quarter), timelines.get(&row.agent_id));
            sums.entry((row_of(rows, row.quarter), row.agent_id)).or_default().0.add(&counters);
        }
    }
    for (agent, timeline) in &timelines {
        for (index, row) in rows.iter().enumerate() {
            let span = Span::new(row.from(), row.to());
            let (counters, time) = sums.entry((index, *agent)).or_default();
            *time = Time::of(timeline, span, counters);
        }
    }
    Ok(sums)
}

/// The row that a quarter of the range lies in.
fn row_of(rows: &[Interval], quarter: i32) -> usize {
    rows.partition_point(|row| row.end <= Quarter(quarter))
}
