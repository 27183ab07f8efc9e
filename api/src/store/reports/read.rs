//! Counters as they are asked for, and the states of agents beside them.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CompanyScope, agent, agent_change, queue, report_agent, report_queue};
use sea_orm::prelude::Json;
use sea_orm::{ColumnTrait, ConnectionTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use crate::error::Result;

#[derive(Clone, Debug, FromQueryResult)]
pub struct QueueRow {
    pub quarter: i32,
    pub queue_id: QueueId,
    pub counters: Json,
}

#[derive(Clone, Debug, FromQueryResult)]
pub struct AgentRow {
    pub quarter: i32,
    pub agent_id: AgentId,
    pub queue_id: QueueId,
    pub counters: Json,
}

/// Counters of queues and of the company, from a quarter to another, which is not in it; of some queues, or of all.
pub async fn queue_rows(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    attribution: Attribution,
    quarters: std::ops::Range<i32>,
    only: Option<&[QueueId]>,
) -> Result<Vec<QueueRow>> {
    let mut query = scope
        .find::<report_queue::Entity>()
        .filter(report_queue::Column::Attribution.eq(attribution))
        .filter(report_queue::Column::Quarter.gte(quarters.start))
        .filter(report_queue::Column::Quarter.lt(quarters.end));
    if let Some(only) = only {
        query = query.filter(report_queue::Column::QueueId.is_in(only.iter().copied()));
    }
    let columns =
        [report_queue::Column::Quarter, report_queue::Column::QueueId, report_queue::Column::Counters];
    Ok(query.select_only().columns(columns).into_model().all(db).await?)
}

/// The same of agents.
pub async fn agent_rows(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    attribution: Attribution,
    quarters: std::ops::Range<i32>,
    only: Option<AgentId>,
) -> Result<Vec<AgentRow>> {
    let mut query = scope
        .find::<report_agent::Entity>()
        .filter(report_agent::Column::Attribution.eq(attribution))
        .filter(report_agent::Column::Quarter.gte(quarters.start))
        .filter(report_agent::Column::Quarter.lt(quarters.end));
    if let Some(only) = only {
        query = query.filter(report_agent::Column::AgentId.eq(only));
    }
    let columns = [
        report_agent::Column::Quarter,
        report_agent::Column::AgentId,
        report_agent::Column::QueueId,
        report_agent::Column::Counters,
    ];
    Ok(query.select_only().columns(columns).into_model().all(db).await?)
}

/// What became of agents' states from a moment to another, which is not in it, in order; of one agent, or of all.
pub async fn changes_of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    only: Option<AgentId>,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<agent_change::Model>> {
    let mut query = scope
        .find::<agent_change::Entity>()
        .filter(agent_change::Column::At.gte(from))
        .filter(agent_change::Column::At.lt(to));
    if let Some(only) = only {
        query = query.filter(agent_change::Column::AgentId.eq(only));
    }
    let ordered = query.order_by_asc(agent_change::Column::At).order_by_asc(agent_change::Column::Id);
    Ok(ordered.all(db).await?)
}

/// The first change of an agent's state at `from` or later.
pub async fn next_change(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    from: DateTime<Utc>,
) -> Result<Option<agent_change::Model>> {
    Ok(scope
        .find::<agent_change::Entity>()
        .filter(agent_change::Column::AgentId.eq(agent))
        .filter(agent_change::Column::At.gte(from))
        .order_by_asc(agent_change::Column::At)
        .order_by_asc(agent_change::Column::Id)
        .one(db)
        .await?)
}

/// Everybody who is or was an agent of the company, or one of them, by name.
pub async fn agents_ever(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    only: Option<AgentId>,
) -> Result<Vec<agent::Model>> {
    let mut query = scope.find::<agent::Entity>();
    if let Some(only) = only {
        query = query.filter(agent::Column::Id.eq(only));
    }
    Ok(query.order_by_asc(agent::Column::Name).order_by_asc(agent::Column::Id).all(db).await?)
}

/// Every queue that is or was, by name.
pub async fn queues_ever(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<queue::Model>> {
    let query = scope.find::<queue::Entity>().order_by_asc(queue::Column::Name);
    Ok(query.order_by_asc(queue::Column::Id).all(db).await?)
}
