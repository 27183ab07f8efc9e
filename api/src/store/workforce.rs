//! Agents as routing sees them: what they want, what they hold, what they can.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, ChangeId, QueueId, UserId};
use entity::{CompanyScope, agent, agent_change, agent_skill, queue_member, skill};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn agent<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: AgentId) -> Result<agent::Model> {
    scope.find_by_id::<agent::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Agent))
}

pub async fn lock_agent(scope: CompanyScope, tx: &Tx, id: AgentId) -> Result<agent::Model> {
    scope
        .find_by_id::<agent::Entity>(id)
        .lock_exclusive()
        .one(tx)
        .await?
        .ok_or(Error::NotFound(Subject::Agent))
}

/// These agents, or all of the company.
pub async fn agents<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Option<&[AgentId]>,
) -> Result<Vec<agent::Model>> {
    let mut query = scope.find::<agent::Entity>();
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

pub async fn save_agent(scope: CompanyScope, tx: &Tx, row: agent::Model) -> Result<()> {
    let id = row.id;
    scope.save::<agent::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// A line of an agent's history: who changed him, why, from what, to what.
pub struct Changed {
    pub agent: AgentId,
    pub by: Option<UserId>,
    pub because: &'static str,
    pub before: Value,
    pub after: Value,
    pub at: DateTime<Utc>,
}

pub async fn write_history(scope: CompanyScope, tx: &Tx, id: ChangeId, change: Changed) -> Result<()> {
    let row = agent_change::Model {
        id,
        company_id: scope.company(),
        agent_id: change.agent,
        changed_by: change.by,
        because: change.because.to_owned(),
        before: change.before,
        after: change.after,
        at: change.at,
    };
    Ok(scope.insert::<agent_change::Entity, _>(tx, row).await?)
}
