//! Text messages.

use entity::id::{CallId, MessageId};
use entity::{CompanyScope, TextDirection, text_message};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

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

/// Whether a message with this name of the provider's has come in.
pub async fn has_come_in(scope: CompanyScope, tx: &Tx, sid: &str) -> Result<bool> {
    let found = scope
        .find::<text_message::Entity>()
        .filter(text_message::Column::ProviderSid.eq(sid))
        .filter(text_message::Column::Direction.eq(TextDirection::Inbound));
    Ok(found.count(tx).await? > 0)
}

/// The messages to and from numbers outside, newest first, behind `before`.
pub async fn with_numbers<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    numbers: &[&str],
    before: Option<MessageId>,
    limit: u64,
) -> Result<Vec<text_message::Model>> {
    let mut query = scope
        .find::<text_message::Entity>()
        .filter(is_with(numbers))
        .order_by_desc(text_message::Column::Id)
        .limit(limit);
    if let Some(before) = before {
        query = query.filter(text_message::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// Sent to one of these numbers, or by it.
pub fn is_with(numbers: &[&str]) -> Condition {
    Condition::any()
        .add(text_message::Column::FromNumber.is_in(numbers.iter().copied()))
        .add(text_message::Column::ToNumber.is_in(numbers.iter().copied()))
}

pub async fn count_of_call(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<u64> {
    Ok(scope.find::<text_message::Entity>().filter(text_message::Column::CallId.eq(call)).count(tx).await?)
}
