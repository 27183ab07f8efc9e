//! Opening hours by name.

use entity::id::ScheduleId;
use entity::{CompanyScope, Inserted, queue, schedule};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;

/// By name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<schedule::Model>, DbErr> {
    scope.find::<schedule::Entity>().order_by_asc(schedule::Column::Name).all(db).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ScheduleId,
) -> Result<Option<schedule::Model>, DbErr> {
    scope.find_by_id::<schedule::Entity>(id).one(db).await
}

/// The schedule, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ScheduleId) -> Result<Option<schedule::Model>, DbErr> {
    scope.find_by_id::<schedule::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts a schedule unless the company has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: schedule::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<schedule::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: schedule::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<schedule::Entity, _>(tx, id, row).await?;
    Ok(())
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: ScheduleId) -> Result<(), DbErr> {
    scope.delete_many::<schedule::Entity>().filter(schedule::Column::Id.eq(id)).exec(tx).await.map(drop)
}

/// The queues that go by it, locked until the transaction ends.
pub async fn queues_with(scope: CompanyScope, tx: &Tx, id: ScheduleId) -> Result<Vec<queue::Model>, DbErr> {
    let in_use = scope.find::<queue::Entity>().filter(queue::Column::DeletedAt.is_null());
    let mut queues = in_use.order_by_asc(queue::Column::Id).lock_exclusive().all(tx).await?;
    queues.retain(|queue| queue.rules.schedule_id == Some(id));
    Ok(queues)
}
