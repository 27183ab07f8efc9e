//! Agents as routing sees them: what they want, what they hold, what they can.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, ChangeId, QueueId, ReasonId, UserId};
use entity::{
    CompanyScope, Inserted, agent, agent_change, agent_skill, agent_skill_today, availability_reason,
    membership, queue_member, skill,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn agent<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: AgentId) -> Result<agent::Model> {
    scope.find_by_id::<agent::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Agent))
}

/// Who the agent is.
pub async fn user_of<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: AgentId) -> Result<Option<UserId>> {
    let row = agent(scope, db, id).await?;
    let member = scope.find_by_id::<membership::Entity>(row.membership_id).one(db).await?;
    Ok(member.map(|row| row.user_id))
}

pub async fn lock_agent(scope: CompanyScope, tx: &Tx, id: AgentId) -> Result<agent::Model> {
    scope
        .find_by_id::<agent::Entity>(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound(Subject::Agent))
}

/// These agents, or all of the company, but for those who have ceased to be one.
pub async fn agents<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Option<&[AgentId]>,
) -> Result<Vec<agent::Model>> {
    let mut query = scope.find::<agent::Entity>().filter(agent::Column::RemovedAt.is_null());
    if let Some(ids) = ids {
        query = query.filter(agent::Column::Id.is_in(ids.iter().copied()));
    }
    Ok(query.all(db).await?)
}

pub async fn skills_of_agents<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Option<&[AgentId]>,
) -> Result<Vec<agent_skill::Model>> {
    let mut query = scope.find::<agent_skill::Entity>();
    if let Some(ids) = ids {
        query = query.filter(agent_skill::Column::AgentId.is_in(ids.iter().copied()));
    }
    Ok(query.all(db).await?)
}

pub async fn memberships_of_agents<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Option<&[AgentId]>,
) -> Result<Vec<queue_member::Model>> {
    let mut query = scope.find::<queue_member::Entity>();
    if let Some(ids) = ids {
        query = query.filter(queue_member::Column::AgentId.is_in(ids.iter().copied()));
    }
    Ok(query.all(db).await?)
}

/// Who serves the queue.
pub async fn members_of_queue<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
) -> Result<Vec<AgentId>> {
    Ok(scope
        .find::<queue_member::Entity>()
        .select_only()
        .column(queue_member::Column::AgentId)
        .filter(queue_member::Column::QueueId.eq(queue))
        .into_tuple()
        .all(db)
        .await?)
}

/// By id or by name, as flows name an agent; of two with one name the one who came first.
pub async fn agent_by_name<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    name: &str,
) -> Result<Option<AgentId>> {
    let by = match name.parse::<AgentId>() {
        Ok(id) => agent::Column::Id.eq(id),
        Err(_) => agent::Column::Name.eq(name),
    };
    let found = scope.find::<agent::Entity>().filter(by).order_by_asc(agent::Column::Id).one(db).await?;
    Ok(found.map(|agent| agent.id))
}

pub async fn skills<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<skill::Model>> {
    Ok(scope.find::<skill::Entity>().all(db).await?)
}

/// Writes an agent's state with the line of its history that says why: neither can be written without the other.
/// `agents::state` alone calls this.
pub async fn change_state(
    scope: CompanyScope,
    tx: &Tx,
    row: &agent::Model,
    change: agent_change::Model,
) -> Result<()> {
    let state = agent::ActiveModel {
        availability: Set(row.availability),
        availability_reason: Set(row.availability_reason.clone()),
        available_since: Set(row.available_since),
        not_responding_since: Set(row.not_responding_since),
        next_availability: Set(row.next_availability),
        next_reason: Set(row.next_reason.clone()),
        next_asked_by: Set(row.next_asked_by),
        ..Default::default()
    };
    scope.update::<agent::Entity, _>(tx, row.id, state).await?;
    Ok(scope.insert::<agent_change::Entity, _>(tx, change).await?)
}

/// What routing strategies go by, after a conversation.
pub async fn count_conversation(
    scope: CompanyScope,
    tx: &Tx,
    id: AgentId,
    talked_ms: i64,
    ended_at: Option<DateTime<Utc>>,
) -> Result<()> {
    scope
        .update_many::<agent::Entity>()
        .col_expr(agent::Column::CallsHandled, Expr::col(agent::Column::CallsHandled).add(1))
        .col_expr(agent::Column::TalkMs, Expr::col(agent::Column::TalkMs).add(talked_ms))
        .col_expr(agent::Column::LastCallEndedAt, Expr::value(ended_at))
        .filter(agent::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn save_heartbeat(scope: CompanyScope, tx: &Tx, id: AgentId, at: DateTime<Utc>) -> Result<()> {
    let beat = agent::ActiveModel { heartbeat_at: Set(Some(at)), ..Default::default() };
    scope.update::<agent::Entity, _>(tx, id, beat).await?;
    Ok(())
}

/// The lines of an agent's history before `before`, newest first. An id is a time-ordered UUID, so it is also the cursor.
pub async fn history<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: AgentId,
    before: Option<ChangeId>,
    limit: u64,
) -> Result<Vec<agent_change::Model>> {
    let mut query = scope
        .find::<agent_change::Entity>()
        .filter(agent_change::Column::AgentId.eq(agent))
        .order_by_desc(agent_change::Column::Id)
        .limit(limit);
    if let Some(before) = before {
        query = query.filter(agent_change::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

// ---- skills for today

/// The levels that hold in place of the usual ones at this moment.
pub async fn skills_today<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agents: Option<&[AgentId]>,
    now: DateTime<Utc>,
) -> Result<Vec<agent_skill_today::Model>> {
    let mut query =
        scope.find::<agent_skill_today::Entity>().filter(agent_skill_today::Column::Until.gt(now));
    if let Some(agents) = agents {
        query = query.filter(agent_skill_today::Column::AgentId.is_in(agents.iter().copied()));
    }
    Ok(query.all(db).await?)
}

pub async fn set_skills_today(
    scope: CompanyScope,
    tx: &Tx,
    agent: AgentId,
    levels: Vec<agent_skill_today::Model>,
) -> Result<()> {
    scope
        .delete_many::<agent_skill_today::Entity>()
        .filter(agent_skill_today::Column::AgentId.eq(agent))
        .exec(tx)
        .await?;
    Ok(scope.insert_many::<agent_skill_today::Entity, _>(tx, levels).await?)
}

/// Forgets the levels whose day is over.
pub async fn end_skills_today(
    scope: CompanyScope,
    tx: &Tx,
    agent: AgentId,
    now: DateTime<Utc>,
) -> Result<()> {
    scope
        .delete_many::<agent_skill_today::Entity>()
        .filter(agent_skill_today::Column::AgentId.eq(agent))
        .filter(agent_skill_today::Column::Until.lte(now))
        .exec(tx)
        .await?;
    Ok(())
}

// ---- reasons

pub async fn reasons<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
) -> Result<Vec<availability_reason::Model>> {
    let by_name = scope
        .find::<availability_reason::Entity>()
        .order_by_asc(availability_reason::Column::Availability)
        .order_by_asc(availability_reason::Column::Name);
    Ok(by_name.all(db).await?)
}

pub async fn reason<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: ReasonId,
) -> Result<availability_reason::Model> {
    let found = scope.find_by_id::<availability_reason::Entity>(id).one(db).await?;
    found.ok_or(Error::NotFound(Subject::AvailabilityReason))
}

/// Inserts a reason unless the company has it.
pub async fn insert_reason(
    scope: CompanyScope,
    tx: &Tx,
    row: availability_reason::Model,
) -> Result<Inserted> {
    Ok(scope.insert_or_ignore::<availability_reason::Entity, _>(tx, row).await?)
}

pub async fn save_reason(scope: CompanyScope, tx: &Tx, row: availability_reason::Model) -> Result<()> {
    let id = row.id;
    scope.save::<availability_reason::Entity, _>(tx, id, row).await?;
    Ok(())
}

pub async fn delete_reason(scope: CompanyScope, tx: &Tx, id: ReasonId) -> Result<()> {
    scope
        .delete_many::<availability_reason::Entity>()
        .filter(availability_reason::Column::Id.eq(id))
        .exec(tx)
        .await?;
    Ok(())
}
