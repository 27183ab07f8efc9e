//! Who is to be called back.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, CallbackId, QueueId};
use entity::{CallbackState, CompanyScope, Inserted, callback, queue_member};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use super::Tx;

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: CallbackId,
) -> Result<Option<callback::Model>, DbErr> {
    scope.find_by_id::<callback::Entity>(id).one(db).await
}

/// The callback, locked until the transaction ends. Locked after the call that is its try, as everywhere.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: CallbackId) -> Result<Option<callback::Model>, DbErr> {
    scope.find_by_id::<callback::Entity>(id).lock_exclusive().one(tx).await
}

/// The open one of this number in the queue, locked.
pub async fn open_for(
    scope: CompanyScope,
    tx: &Tx,
    queue: QueueId,
    number: &str,
) -> Result<Option<callback::Model>, DbErr> {
    scope
        .find::<callback::Entity>()
        .filter(callback::Column::QueueId.eq(queue))
        .filter(callback::Column::Number.eq(number))
        .filter(callback::Column::State.eq(CallbackState::Open))
        .lock_exclusive()
        .one(tx)
        .await
}

/// The one of which this call is the try, locked.
pub async fn of_try(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<Option<callback::Model>, DbErr> {
    scope.find::<callback::Entity>().filter(callback::Column::CallId.eq(call)).lock_exclusive().one(tx).await
}

/// Writes a new one, unless the number has an open one in the queue.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: callback::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<callback::Entity, _>(tx, row).await
}

/// Writes one that this transaction has locked.
pub async fn save(scope: CompanyScope, tx: &Tx, row: callback::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<callback::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// How many are open in the queue, due or not.
pub async fn open_in(scope: CompanyScope, db: &impl ConnectionTrait, queue: QueueId) -> Result<u64, DbErr> {
    scope
        .find::<callback::Entity>()
        .filter(callback::Column::QueueId.eq(queue))
        .filter(callback::Column::State.eq(CallbackState::Open))
        .count(db)
        .await
}

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub state: Option<CallbackState>,
    pub queue: Option<QueueId>,
    /// Those that this agent has to do with.
    pub of_agent: Option<AgentId>,
    /// Those made before this one.
    pub before: Option<CallbackId>,
}

/// The newest first: an id is ordered by time.
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<callback::Model>, DbErr> {
    let mut query = scope.find::<callback::Entity>().order_by_desc(callback::Column::Id).limit(limit);
    if let Some(state) = filter.state {
        query = query.filter(callback::Column::State.eq(state));
    }
    if let Some(queue) = filter.queue {
        query = query.filter(callback::Column::QueueId.eq(queue));
    }
    if let Some(agent) = filter.of_agent {
        query = query.filter(of_agent(scope, agent));
    }
    if let Some(before) = filter.before {
        query = query.filter(callback::Column::Id.lt(before));
    }
    query.all(db).await
}

/// Whether an agent has to do with it: it is assigned to him, or to nobody in a queue that he serves.
pub async fn concerns(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    id: CallbackId,
) -> Result<bool, DbErr> {
    let found = scope.find_by_id::<callback::Entity>(id).filter(of_agent(scope, agent)).count(db).await?;
    Ok(found > 0)
}

pub fn of_agent(scope: CompanyScope, agent: AgentId) -> Condition {
    let served = scope
        .find::<queue_member::Entity>()
        .select_only()
        .column(queue_member::Column::QueueId)
        .filter(queue_member::Column::AgentId.eq(agent));
    let unassigned = callback::Column::AgentId.is_null();
    Condition::any()
        .add(callback::Column::AgentId.eq(agent))
        .add(Condition::all().add(unassigned).add(callback::Column::QueueId.in_subquery(served.into_query())))
}

/// Whether he has talked with an agent in this call since then.
pub async fn has_talked(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: CallId,
    since: DateTime<Utc>,
) -> Result<bool, DbErr> {
    use entity::call;
    let found = scope.find_by_id::<call::Entity>(call).filter(call::Column::AnsweredAt.gte(since));
    Ok(found.count(db).await? > 0)
}
