//! Text messages.

use entity::id::{CallId, MessageId};
use entity::{CompanyScope, text_message};
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::Result;

pub async fn insert(scope: CompanyScope, tx: &Tx, row: text_message::Model) -> Result<()> {
    Ok(scope.insert::<text_message::Entity, _>(tx, row).await?)
}

pub async fn message<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: MessageId,
) -> Result<Option<text_message::Model>> {
    Ok(scope.find_by_id::<text_message::Entity>(id).one(db).await?)
}

/// The message, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: MessageId) -> Result<Option<text_message::Model>> {
    Ok(scope.find_by_id::<text_message::Entity>(id).lock_exclusive().one(tx).await?)
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: text_message::Model) -> Result<()> {
    let id = row.id;
    scope.save::<text_message::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The messages of a call, oldest first.
pub async fn of_call<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<text_message::Model>> {
    Ok(scope
        .find::<text_message::Entity>()
        .filter(text_message::Column::CallId.eq(call))
        .order_by_asc(text_message::Column::Id)
        .all(db)
        .await?)
}

pub async fn count_of_call(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<u64> {
    Ok(scope.find::<text_message::Entity>().filter(text_message::Column::CallId.eq(call)).count(tx).await?)
}
