//! What calls can have been about.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{DispositionId, QueueId};
use entity::{CompanyScope, Inserted, call, disposition, disposition_queue, segment};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;

/// A disposition with the queues that it is for; without any it is for all.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub row: disposition::Model,
    pub queues: Vec<QueueId>,
}

/// By name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<Listed>, DbErr> {
    let rows = scope
        .find::<disposition::Entity>()
        .order_by_asc(disposition::Column::Name)
        .order_by_asc(disposition::Column::Id)
        .all(db)
        .await?;
    let mut queues: HashMap<DispositionId, Vec<QueueId>> = HashMap::new();
    let of_queues = scope.find::<disposition_queue::Entity>();
    for row in of_queues.order_by_asc(disposition_queue::Column::QueueId).all(db).await? {
        queues.entry(row.disposition_id).or_default().push(row.queue_id);
    }
    Ok(rows
        .into_iter()
        .map(|row| Listed { queues: queues.remove(&row.id).unwrap_or_default(), row })
        .collect())
}

/// The disposition, locked until the transaction ends.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    id: DispositionId,
) -> Result<Option<disposition::Model>, DbErr> {
    scope.find_by_id::<disposition::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts it unless another that is in use has its name.
pub async fn insert(scope: CompanyScope, tx: &Tx, listed: Listed) -> Result<Inserted, DbErr> {
    let id = listed.row.id;
    match scope.insert_or_ignore::<disposition::Entity, _>(tx, listed.row).await? {
        Inserted::Conflicted => Ok(Inserted::Conflicted),
        Inserted::Yes => {
            set_queues(scope, tx, id, &listed.queues).await?;
            Ok(Inserted::Yes)
        }
    }
}

pub async fn save(scope: CompanyScope, tx: &Tx, listed: Listed) -> Result<(), DbErr> {
    let id = listed.row.id;
    scope.save::<disposition::Entity, _>(tx, id, listed.row).await?;
    set_queues(scope, tx, id, &listed.queues).await
}

async fn set_queues(
    scope: CompanyScope,
    tx: &Tx,
    id: DispositionId,
    queues: &[QueueId],
) -> Result<(), DbErr> {
    let before = disposition_queue::Column::DispositionId.eq(id);
    scope.delete_many::<disposition_queue::Entity>().filter(before).exec(tx).await?;
    let company_id = scope.company();
    let rows = queues.iter().map(|queue_id| disposition_queue::Model {
        disposition_id: id,
        company_id,
        queue_id: *queue_id,
    });
    scope.insert_many::<disposition_queue::Entity, _>(tx, rows.collect()).await
}

/// Whether a call or a conversation has this word.
pub async fn is_used(scope: CompanyScope, tx: &Tx, name: &str) -> Result<bool, DbErr> {
    let call = scope.find::<call::Entity>().filter(call::Column::Disposition.eq(name));
    if call.select_only().column(call::Column::Id).into_tuple::<uuid::Uuid>().one(tx).await?.is_some() {
        return Ok(true);
    }
    let segment = scope.find::<segment::Entity>().filter(segment::Column::Disposition.eq(name));
    let found = segment.select_only().column(segment::Column::Id).into_tuple::<uuid::Uuid>().one(tx).await?;
    Ok(found.is_some())
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: DispositionId) -> Result<(), DbErr> {
    scope.delete_many::<disposition::Entity>().filter(disposition::Column::Id.eq(id)).exec(tx).await.map(drop)
}

/// The queue is no more: what was for its calls alone is chosen no more.
pub async fn forget_queue(
    scope: CompanyScope,
    tx: &Tx,
    queue: QueueId,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let listed = all(scope, tx).await?;
    let alone: Vec<DispositionId> =
        listed.iter().filter(|one| one.queues == [queue]).map(|one| one.row.id).collect();
    let of_queue = disposition_queue::Column::QueueId.eq(queue);
    scope.delete_many::<disposition_queue::Entity>().filter(of_queue).exec(tx).await?;
    scope
        .update_many::<disposition::Entity>()
        .col_expr(disposition::Column::ArchivedAt, Expr::value(now))
        .filter(disposition::Column::Id.is_in(alone))
        .filter(disposition::Column::ArchivedAt.is_null())
        .exec(tx)
        .await
        .map(drop)
}
