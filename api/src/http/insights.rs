//! What stands out, and what the next week brings.

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, QueueId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::envelope::{Reply, Success};
use crate::app::App;
use crate::authz::{Can, ReadInsights};
use crate::insights::{self, Ahead, Insight, Insights, Kind, Reason, Slot, Wish};

pub struct InsightsOfCompanies;

/// What an insight tells of.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
enum InsightKind {
    /// An hour that was not like the same hour of the weeks before.
    UnusualHour,
    /// A queue that has missed its service level.
    TargetMissed,
    /// An agent who was busy for nearly all of the time in which he could take calls.
    Overloaded,
}

impl From<Kind> for InsightKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::UnusualHour => Self::UnusualHour,
            Kind::TargetMissed => Self::TargetMissed,
            Kind::Overloaded => Self::Overloaded,
        }
    }
}

/// A figure by its name. Names that end in `Percent`, `Hours` or `Seconds` are in that unit, others are numbers of their kind.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct InsightFigure {
    name: String,
    value: f64,
}

/// Why a queue has missed its target, as far as figures tell.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct InsightReason {
    /// `more_calls`, `longer_calls`, `offers_not_taken`, `agents_busy` or `in_one_hour`.
    name: String,
    /// For people, in English.
    sentence: String,
}

impl From<Reason> for InsightReason {
    fn from(reason: Reason) -> Self {
        Self { name: reason.name().to_owned(), sentence: reason.sentence() }
    }
}

/// Something that stands out.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct InsightOut {
    kind: InsightKind,
    queue_id: Option<Uuid>,
    queue_name: Option<String>,
    agent_id: Option<Uuid>,
    agent_name: Option<String>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Where it comes from.
    figures: Vec<InsightFigure>,
    /// Empty unless a target was missed, and when no single figure says why.
    because: Vec<InsightReason>,
    /// For people, in English.
    sentence: String,
    /// The calls behind it.
    link: String,
}

impl From<Insight> for InsightOut {
    fn from(insight: Insight) -> Self {
        let (queue_id, queue_name) = insight.queue.map(|(id, name)| (id.0, name)).unzip();
        let (agent_id, agent_name) = insight.agent.map(|(id, name)| (id.0, name)).unzip();
        let figure = |(name, value): (&str, f64)| InsightFigure { name: name.to_owned(), value };
        Self {
            kind: insight.kind.into(),
            queue_id,
            queue_name,
            agent_id,
            agent_name,
            from: insight.from,
            to: insight.to,
            figures: insight.figures.into_iter().map(figure).collect(),
            because: insight.because.into_iter().map(Into::into).collect(),
            sentence: insight.sentence,
            link: insight.link,
        }
    }
}

/// A half hour of the next week.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ForecastInterval {
    from: DateTime<Utc>,
    /// Expected.
    calls: f64,
    /// Nine of ten such half hours lie between the two.
    low: f64,
    high: f64,
    /// Agents needed by Erlang C, in which nobody gives up. Absent as long as too few calls say how long one takes.
    agents_erlang_c: Option<u32>,
    /// By Erlang A, in which callers give up as they have. Absent as long as too few have.
    agents_erlang_a: Option<u32>,
}

impl From<Slot> for ForecastInterval {
    fn from(slot: Slot) -> Self {
        Self {
            from: slot.from,
            calls: slot.calls,
            low: slot.low,
            high: slot.high,
            agents_erlang_c: slot.agents_c,
            agents_erlang_a: slot.agents_a,
        }
    }
}

/// The next seven days of a queue, from today's midnight in the company's zone.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ForecastOut {
    queue_id: Uuid,
    queue_name: String,
    /// For people, in English; says so when there is too little history.
    sentence: String,
    /// The calls from which it follows.
    link: String,
    /// What agents are needed for: so many percent answered within so many seconds.
    target_percent: Option<u32>,
    target_seconds: Option<u32>,
    /// Of an agent, for a call with its wrap-up, on average.
    handle_seconds: Option<f64>,
    /// After which a caller gives up, on average.
    patience_seconds: Option<f64>,
    /// Absent when there is too little history.
    intervals: Option<Vec<ForecastInterval>>,
}

impl From<Ahead> for ForecastOut {
    fn from(ahead: Ahead) -> Self {
        let forecast = ahead.forecast;
        Self {
            queue_id: ahead.queue.0.0,
            queue_name: ahead.queue.1,
            sentence: ahead.sentence,
            link: ahead.link,
            target_percent: forecast.as_ref().map(|forecast| forecast.target_percent),
            target_seconds: forecast.as_ref().map(|forecast| forecast.target_seconds),
            handle_seconds: forecast.as_ref().and_then(|forecast| forecast.handle),
            patience_seconds: forecast.as_ref().and_then(|forecast| forecast.patience),
            intervals: forecast.map(|forecast| forecast.slots.into_iter().map(Into::into).collect()),
        }
    }
}

/// What stands out in a range, and what the next week brings.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct InsightsOut {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// The company's zone, whose days and hours are meant.
    tz: String,
    /// Missed targets first, then overloaded agents, then unusual hours; each kind with the worst first.
    insights: Vec<InsightOut>,
    /// One a queue.
    forecasts: Vec<ForecastOut>,
}

impl From<Insights> for InsightsOut {
    fn from(found: Insights) -> Self {
        Self {
            from: found.from,
            to: found.to,
            tz: found.zone.name().to_owned(),
            insights: found.insights.into_iter().map(Into::into).collect(),
            forecasts: found.ahead.into_iter().map(Into::into).collect(),
        }
    }
}

#[OpenApi(tag = "Tag::Insights")]
impl InsightsOfCompanies {
    /// Says what stands out, and how many agents the next week needs.
    ///
    /// Unusual hours, queues that miss their target and why, who is overloaded; and for each queue the calls of the next seven
    /// days by half hours, with the agents that they need by Erlang C and A. The formulas are in docs/staffing.md.
    #[oai(path = "/api/analytics/company/:companyId/insights", method = "get", operation_id = "getInsights")]
    async fn get(
        &self,
        can: Can<ReadInsights>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        /// What stands out from then on; a week before `to` when absent.
        Query(from): Query<Option<DateTime<Utc>>>,
        /// And before then; now when absent. A month after `from` at most.
        Query(to): Query<Option<DateTime<Utc>>>,
        /// Only this queue, beside agents.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
    ) -> Reply<InsightsOut> {
        let wish = Wish { from, to, queue: queue.map(QueueId) };
        Success::ok(insights::of(app, can.scope_of(CompanyId(company))?, wish).await?)
    }
}
