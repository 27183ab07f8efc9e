//! Queues, as calls find them.

use entity::id::QueueId;
use entity::{CompanyScope, queue};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect, Select};

use crate::error::{Error, Result, Subject};
use crate::store::Tx;

pub async fn queue<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: QueueId) -> Result<queue::Model> {
    scope.find_by_id::<queue::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Queue))
}

/// The queues in which somebody can wait.
pub async fn queues<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<queue::Model>> {
    Ok(in_use(scope).all(db).await?)
}

/// A queue in which somebody can wait.
pub async fn queue_in_use<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: QueueId,
) -> Result<Option<queue::Model>> {
    Ok(in_use(scope).filter(queue::Column::Id.eq(id)).one(db).await?)
}

/// Keeps everybody else who asks for it out of the queue until the transaction ends.
pub async fn lock_queue(scope: CompanyScope, tx: &Tx, id: QueueId) -> Result<()> {
    scope.find_by_id::<queue::Entity>(id).lock_exclusive().one(tx).await?;
    Ok(())
}

fn in_use(scope: CompanyScope) -> Select<queue::Entity> {
    scope.find::<queue::Entity>().filter(queue::Column::DeletedAt.is_null())
}

/// By id or by name, as flows name a queue.
pub async fn queue_by_name<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    name: &str,
) -> Result<Option<queue::Model>> {
    let by = match name.parse::<QueueId>() {
        Ok(id) => queue::Column::Id.eq(id),
        Err(_) => queue::Column::Name.eq(name),
    };
    Ok(in_use(scope).filter(by).one(db).await?)
}
