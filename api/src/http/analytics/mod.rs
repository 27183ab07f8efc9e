//! What calls, queues and agents did: figures with the formulas by which they are made.

mod asked;
mod figures;
mod links;
mod shapes;

use entity::id::{AgentId, CompanyId, QueueId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use uuid::Uuid;

use self::asked::Asked;
use self::shapes::{
    AgentRow, AgentsBy, CallsReport, CallsRow, IntervalIn, IntervalRow, IntervalsReport, OverviewOut,
    PerformanceReport, QueueRow, QueuesBy, QueuesReport, length,
};
use super::Tag;
use super::envelope::{Reply, Success};
use crate::app::App;
use crate::authz::{Can, ReadPerformance, ReadReports};
use crate::reports::answer::{self, Rows, Subjects};
use crate::reports::ask::Question;

pub struct Analytics;

#[OpenApi(tag = "Tag::Analytics")]
impl Analytics {
    /// Shows what the whole company did in a range.
    ///
    /// Without a range it is today. A range is of 400 days at most and counted in whole quarters of an hour.
    #[oai(path = "/api/analytics/company/:companyId/overview", method = "get", operation_id = "getOverview")]
    async fn overview(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Asked(question): Asked,
    ) -> Reply<OverviewOut> {
        Success::ok(answer::overview(app, can.scope_of(CompanyId(company))?, question).await?)
    }

    /// Counts the company's calls by interval.
    #[oai(path = "/api/analytics/company/:companyId/calls", method = "get", operation_id = "getCallsReport")]
    async fn calls(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Asked(question): Asked,
        /// Minutes of a row, or `day`, unless said.
        Query(interval): Query<Option<IntervalIn>>,
    ) -> Reply<CallsReport> {
        let scope = can.scope_of(CompanyId(company))?;
        let (asked, rows) = answer::calls(app, scope, question, length(interval)).await?;
        let rows = rows.iter().map(|(row, counters)| CallsRow::of(&asked, *row, counters)).collect();
        Success::ok(CallsReport { about: (&asked).into(), rows })
    }

    /// Shows what callers met, by interval: in all queues, or in one.
    #[oai(
        path = "/api/analytics/company/:companyId/intervals",
        method = "get",
        operation_id = "getIntervals"
    )]
    async fn intervals(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Asked(question): Asked,
        /// Minutes of a row, or `day`, unless said.
        Query(interval): Query<Option<IntervalIn>>,
        /// Only this queue.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
    ) -> Reply<IntervalsReport> {
        let question = Question { queue: queue.map(QueueId), ..question };
        let scope = can.scope_of(CompanyId(company))?;
        let (asked, rows) = answer::intervals(app, scope, question, length(interval)).await?;
        let rows = rows.iter().map(|(row, line)| IntervalRow::of(&asked, *row, line)).collect();
        Success::ok(IntervalsReport { about: (&asked).into(), rows })
    }

    /// Shows what callers met in each queue.
    #[oai(
        path = "/api/analytics/company/:companyId/queues",
        method = "get",
        operation_id = "getQueuesReport"
    )]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the address")]
    async fn queues(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Asked(question): Asked,
        /// What a row is of: a `queue` unless said.
        #[oai(name = "groupBy")]
        Query(by): Query<Option<QueuesBy>>,
        /// Minutes of a row, or `day`, unless said; with `groupBy=interval`.
        Query(interval): Query<Option<IntervalIn>>,
        /// Only this queue.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
    ) -> Reply<QueuesReport> {
        let question = Question { queue: queue.map(QueueId), ..question };
        let by = match by.unwrap_or(QueuesBy::Queue) {
            QueuesBy::Queue => Rows::Whole,
            QueuesBy::Interval => Rows::Intervals(length(interval)),
        };
        let (asked, lines) = answer::queues(app, can.scope_of(CompanyId(company))?, question, by).await?;
        let rows = lines.into_iter().map(|line| QueueRow::of(&asked, line)).collect();
        Success::ok(QueuesReport { about: (&asked).into(), rows })
    }

    /// Shows what each agent did; an agent sees himself.
    #[oai(
        path = "/api/analytics/company/:companyId/agents/performance",
        method = "get",
        operation_id = "getAgentPerformance"
    )]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the address")]
    async fn performance(
        &self,
        can: Can<ReadPerformance>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Asked(question): Asked,
        /// What a row is of: an `agent` unless said.
        #[oai(name = "groupBy")]
        Query(by): Query<Option<AgentsBy>>,
        /// Minutes of a row, or `day`, unless said; with `groupBy=interval`.
        Query(interval): Query<Option<IntervalIn>>,
        /// Only this agent.
        #[oai(name = "agentId")]
        Query(agent): Query<Option<Uuid>>,
        /// Only this queue; with `groupBy=queue`.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
    ) -> Reply<PerformanceReport> {
        let question = Question { queue: queue.map(QueueId), agent: agent.map(AgentId), ..question };
        let (by, subjects) = match by.unwrap_or(AgentsBy::Agent) {
            AgentsBy::Agent => (Rows::Whole, Subjects::Agents),
            AgentsBy::Interval => (Rows::Intervals(length(interval)), Subjects::Agents),
            AgentsBy::Queue => (Rows::Whole, Subjects::AgentsByQueue),
        };
        let scope = can.scope_of(CompanyId(company))?;
        let (asked, lines) = answer::performance(app, scope, can.whose(), question, by, subjects).await?;
        let rows = lines.into_iter().map(|line| AgentRow::of(&asked, line)).collect();
        Success::ok(PerformanceReport { about: (&asked).into(), rows })
    }
}
