//! Queues and who serves them.

use std::collections::HashMap;

use entity::id::{AgentId, QueueId};
use entity::{CompanyScope, queue, queue_member};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};

/// A queue with the agents who serve it.
#[derive(Clone, Debug)]
pub struct QueueWithAgents {
    pub queue: queue::Model,
    pub agents: Vec<AgentId>,
}

/// The company's queues by name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<QueueWithAgents>, DbErr> {
    let queues = scope.find::<queue::Entity>().order_by_asc(queue::Column::Name).all(db).await?;
    with_agents(scope, db, queues).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: QueueId,
) -> Result<Option<QueueWithAgents>, DbErr> {
    let queue = scope.find_by_id::<queue::Entity>(id).one(db).await?;
    Ok(with_agents(scope, db, queue.into_iter().collect()).await?.pop())
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
