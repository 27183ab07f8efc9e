//! The shapes of reports: what they are of, and their rows.

use ::reports::{Interval, Length};
use chrono::{DateTime, Utc};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use super::super::Word;
use super::figures::{CallFigures, OffersOut, QueueFigures, SatisfactionOut, TimeOut, WorkOut};
use super::links::{AgentLinks, CallLinks, OfferLinks, QueueLinks, Row, SatisfactionLinks};
use crate::reports::answer::{AgentLine, Line, Overview, QueueLine};
use crate::reports::ask::Asked;

/// How long a row is: 15, 30 or 60 minutes, or a day of the zone, which may have 23 or 25 hours.
#[derive(Enum, Clone, Copy, Debug)]
pub enum IntervalIn {
    #[oai(rename = "15")]
    Quarter,
    #[oai(rename = "30")]
    HalfHour,
    #[oai(rename = "60")]
    Hour,
    #[oai(rename = "day")]
    Day,
}

impl From<IntervalIn> for Length {
    fn from(interval: IntervalIn) -> Self {
        match interval {
            IntervalIn::Quarter => Self::Quarter,
            IntervalIn::HalfHour => Self::HalfHour,
            IntervalIn::Hour => Self::Hour,
            IntervalIn::Day => Self::Day,
        }
    }
}

/// What a row of queues is of.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum QueuesBy {
    /// A queue in all of the range.
    Queue,
    /// A queue in an interval; those in which nothing happened are left out.
    Interval,
}

/// What a row of agents is of.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum AgentsBy {
    /// An agent in all of the range.
    Agent,
    /// An agent in an interval; those in which nothing happened are left out.
    Interval,
    /// An agent in a queue; without his time by the clock, which is of all queues.
    Queue,
}

/// How a figure is made.
#[derive(Object, Debug)]
pub struct FormulaOut {
    /// Its name in the answer.
    figure: String,
    formula: String,
}

/// What the figures are of.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct About {
    /// In whole quarters of an hour.
    from: DateTime<Utc>,
    /// Not any more.
    to: DateTime<Utc>,
    tz: String,
    /// `activity_driven`: each figure in the interval in which it happened, times clipped; `contact_driven`: all of a
    /// call's figures in the interval in which it ended, once it is over.
    attribution: Word<entity::Attribution>,
    /// Whatever was written before this moment is in the figures: never more than some seconds ago.
    as_of: DateTime<Utc>,
    formulas: Vec<FormulaOut>,
}

impl From<&Asked> for About {
    fn from(asked: &Asked) -> Self {
        let formula = |one: &::reports::figures::Formula| FormulaOut {
            figure: one.figure.to_owned(),
            formula: one.formula.to_owned(),
        };
        Self {
            from: asked.range.from(),
            to: asked.range.to(),
            tz: asked.zone.name().to_owned(),
            attribution: Word(asked.attribution),
            as_of: asked.as_of,
            formulas: ::reports::figures::FORMULAS.iter().map(formula).collect(),
        }
    }
}

/// All of the company in the range.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct OverviewOut {
    about: About,
    calls: CallFigures,
    /// Of all queues.
    queues: QueueFigures,
    offers: OffersOut,
    /// Of all agents.
    time: TimeOut,
    satisfaction: SatisfactionOut,
    /// The calls behind `calls`.
    call_links: CallLinks,
    /// The calls behind `queues`.
    queue_links: QueueLinks,
    /// The calls behind `offers`.
    offer_links: OfferLinks,
    /// The calls behind `satisfaction`.
    satisfaction_links: SatisfactionLinks,
}

impl From<(Asked, Overview)> for OverviewOut {
    fn from((asked, overview): (Asked, Overview)) -> Self {
        let all = Row::of(asked.attribution, asked.range);
        Self {
            calls: (&overview.calls).into(),
            queues: QueueFigures::of(&asked, &overview.line),
            offers: (&overview.agents).into(),
            time: overview.time.into(),
            satisfaction: (&overview.calls).into(),
            call_links: all.into(),
            queue_links: all.into(),
            offer_links: all.into(),
            satisfaction_links: all.into(),
            about: (&asked).into(),
        }
    }
}

/// Calls of an interval.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallsRow {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    calls: CallFigures,
    links: CallLinks,
}

/// Calls by interval.
#[derive(Object, Debug)]
pub struct CallsReport {
    pub about: About,
    pub rows: Vec<CallsRow>,
}

/// What callers met in an interval.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct IntervalRow {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    figures: QueueFigures,
    links: QueueLinks,
}

/// What callers met, by interval.
#[derive(Object, Debug)]
pub struct IntervalsReport {
    pub about: About,
    pub rows: Vec<IntervalRow>,
}

/// What callers met in a queue.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct QueueRow {
    queue_id: Uuid,
    name: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    figures: QueueFigures,
    links: QueueLinks,
}

/// What callers met, by queue.
#[derive(Object, Debug)]
pub struct QueuesReport {
    pub about: About,
    pub rows: Vec<QueueRow>,
}

/// What an agent did.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct AgentRow {
    agent_id: Uuid,
    name: String,
    queue_id: Option<Uuid>,
    queue: Option<String>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    work: WorkOut,
    offers: OffersOut,
    time: Option<TimeOut>,
    satisfaction: SatisfactionOut,
    links: AgentLinks,
}

/// What agents did.
#[derive(Object, Debug)]
pub struct PerformanceReport {
    pub about: About,
    pub rows: Vec<AgentRow>,
}

impl QueueRow {
    pub fn of(asked: &Asked, line: QueueLine) -> Self {
        let row = Row { queue: Some(line.queue), ..Row::of(asked.attribution, line.interval) };
        Self {
            queue_id: line.queue.0,
            name: line.name,
            from: line.interval.from(),
            to: line.interval.to(),
            figures: QueueFigures::of(asked, &line.line),
            links: row.into(),
        }
    }
}

impl AgentRow {
    pub fn of(asked: &Asked, line: AgentLine) -> Self {
        let AgentLine { agent, name, queue, interval, counters, time } = line;
        let queue_id = queue.as_ref().map(|(id, _)| *id);
        let row = Row { queue: queue_id, agent: Some(agent), ..Row::of(asked.attribution, interval) };
        Self {
            agent_id: agent.0,
            name,
            queue_id: queue_id.map(|id| id.0),
            queue: queue.map(|(_, name)| name),
            from: interval.from(),
            to: interval.to(),
            work: (&counters).into(),
            offers: (&counters).into(),
            time: time.map(Into::into),
            satisfaction: (&counters).into(),
            links: row.into(),
        }
    }
}

/// A day unless said.
pub fn length(interval: Option<IntervalIn>) -> Length {
    interval.map_or(Length::Day, Into::into)
}

impl CallsRow {
    pub fn of(asked: &Asked, interval: Interval, counters: &::reports::Counters) -> Self {
        let links = Row::of(asked.attribution, interval).into();
        Self { from: interval.from(), to: interval.to(), calls: counters.into(), links }
    }
}

impl IntervalRow {
    pub fn of(asked: &Asked, interval: Interval, line: &Line) -> Self {
        let row = Row { queue: asked.queue, ..Row::of(asked.attribution, interval) };
        Self {
            from: interval.from(),
            to: interval.to(),
            figures: QueueFigures::of(asked, line),
            links: row.into(),
        }
    }
}
