//! Queues and who serves them.

use std::collections::HashMap;

use entity::id::{AgentId, QueueId};
use entity::{CompanyScope, Inserted, call, queue, queue_entry, queue_member};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, Select};

use super::Tx;

/// A queue with the agents who serve it.
#[derive(Clone, Debug)]
pub struct QueueWithAgents {
    pub queue: queue::Model,
    pub agents: Vec<AgentId>,
}

/// The company's queues by name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<QueueWithAgents>, DbErr> {
    let queues = in_use(scope).order_by_asc(queue::Column::Name).all(db).await?;
    with_agents(scope, db, queues).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: QueueId,
) -> Result<Option<QueueWithAgents>, DbErr> {
    let queue = in_use(scope).filter(queue::Column::Id.eq(id)).one(db).await?;
    Ok(with_agents(scope, db, queue.into_iter().collect()).await?.pop())
}

fn in_use(scope: CompanyScope) -> Select<queue::Entity> {
    scope.find::<queue::Entity>().filter(queue::Column::DeletedAt.is_null())
}

/// Inserts a queue unless the company has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: queue::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<queue::Entity, _>(tx, row).await
}

pub async fn has_other_named(scope: CompanyScope, tx: &Tx, name: &str, id: QueueId) -> Result<bool, DbErr> {
    let other =
        scope.find::<queue::Entity>().filter(queue::Column::Name.eq(name)).filter(queue::Column::Id.ne(id));
    Ok(other.one(tx).await?.is_some())
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: queue::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<queue::Entity, _>(tx, id, row).await?;
    Ok(())
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: QueueId) -> Result<(), DbErr> {
    scope.delete_many::<queue::Entity>().filter(queue::Column::Id.eq(id)).exec(tx).await.map(drop)
}

/// Whether any call is known that waited in it, or was sent there last.
pub async fn was_waited_in(scope: CompanyScope, tx: &Tx, id: QueueId) -> Result<bool, DbErr> {
    let visits = scope.find::<queue_entry::Entity>().filter(queue_entry::Column::QueueId.eq(id));
    let calls = scope.find::<call::Entity>().filter(call::Column::QueueId.eq(id));
    Ok(visits.one(tx).await?.is_some() || calls.one(tx).await?.is_some())
}

pub async fn add_member(scope: CompanyScope, tx: &Tx, queue: QueueId, agent: AgentId) -> Result<(), DbErr> {
    let row = queue_member::Model { company_id: scope.company(), queue_id: queue, agent_id: agent };
    match scope.insert_or_ignore::<queue_member::Entity, _>(tx, row).await? {
        Inserted::Yes | Inserted::Conflicted => Ok(()),
    }
}

pub async fn remove_members(
    scope: CompanyScope,
    tx: &Tx,
    queue: QueueId,
    agents: &[AgentId],
) -> Result<(), DbErr> {
    scope
        .delete_many::<queue_member::Entity>()
        .filter(queue_member::Column::QueueId.eq(queue))
        .filter(queue_member::Column::AgentId.is_in(agents.iter().copied()))
        .exec(tx)
        .await
        .map(drop)
}

async fn with_agents(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    queues: Vec<queue::Model>,
) -> Result<Vec<QueueWithAgents>, DbErr> {
    let members = scope
        .find::<queue_member::Entity>()
        .filter(queue_member::Column::QueueId.is_in(queues.iter().map(|queue| queue.id)))
        .order_by_asc(queue_member::Column::AgentId)
        .all(db)
        .await?;
    let mut agents: HashMap<QueueId, Vec<AgentId>> = HashMap::new();
    for member in members {
        agents.entry(member.queue_id).or_default().push(member.agent_id);
    }
    let with =
        |queue: queue::Model| QueueWithAgents { agents: agents.remove(&queue.id).unwrap_or_default(), queue };
    Ok(queues.into_iter().map(with).collect())
}
