//! Text messages.

use entity::id::{CallId, MessageId};
use entity::{CompanyScope, TextDirection, text_message};
use sea_orm::{
    ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
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

/// Who has sent a message, and who got it: an index begins with each.
pub const SIDES: [text_message::Column; 2] =
    [text_message::Column::FromNumber, text_message::Column::ToNumber];

/// The messages to and from numbers outside, newest first, behind `before`. Each is asked for by itself: of several at once, SQLite
/// would read all messages of the company.
pub async fn with_numbers<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    numbers: &[&str],
    before: Option<MessageId>,
    limit: u64,
) -> Result<Vec<text_message::Model>> {
    let mut rows = Vec::new();
    for (number, side) in numbers.iter().flat_map(|number| SIDES.map(|side| (*number, side))) {
        let query = scope
            .find::<text_message::Entity>()
            .filter(side.eq(number))
            .apply_if(before, |query, before| query.filter(text_message::Column::Id.lt(before)))
            .order_by_desc(text_message::Column::Id)
            .limit(limit);
        rows.extend(query.all(db).await?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    rows.dedup_by_key(|row| row.id);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows)
}

pub async fn count_of_call(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<u64> {
    Ok(scope.find::<text_message::Entity>().filter(text_message::Column::CallId.eq(call)).count(tx).await?)
}
