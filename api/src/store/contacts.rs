//! Contacts by number. Those that were deleted are kept as rows and found by nobody.

use chrono::{DateTime, Utc};
use entity::id::ContactId;
use entity::{CompanyScope, Inserted, Updated, contact};
use sea_orm::sea_query::LikeExpr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select, Set,
};

use super::Tx;

/// A part of the living contacts that a search finds, by name, and how many there are in all. `search` is in lower case.
pub async fn page(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    search: &str,
    offset: u64,
    limit: u64,
) -> Result<(Vec<contact::Model>, u64), DbErr> {
    let found = || living(scope).filter(matches(search));
    let total = found().count(db).await?;
    let rows = found()
        .order_by_asc(contact::Column::SearchText)
        .order_by_asc(contact::Column::Id)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    Ok((rows, total))
}

/// Every word of the search stands somewhere in the contact.
fn matches(search: &str) -> Condition {
    search.split_whitespace().fold(Condition::all(), |all, word| {
        let escaped = word.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        all.add(contact::Column::SearchText.like(LikeExpr::new(format!("%{escaped}%")).escape('!')))
    })
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactId,
) -> Result<Option<contact::Model>, DbErr> {
    living(scope).filter(contact::Column::Id.eq(id)).one(db).await
}

/// A contact, deleted or not.
pub async fn even_deleted(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactId,
) -> Result<Option<contact::Model>, DbErr> {
    scope.find_by_id::<contact::Entity>(id).one(db).await
}

/// The living contact with this number, which is in E.164.
pub async fn by_number(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Option<contact::Model>, DbErr> {
    living(scope).filter(contact::Column::Number.eq(number)).one(db).await
}

/// The contact, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ContactId) -> Result<Option<contact::Model>, DbErr> {
    living(scope).filter(contact::Column::Id.eq(id)).lock_exclusive().one(tx).await
}

/// [`by_number`], locked until the transaction ends.
pub async fn lock_by_number(
    scope: CompanyScope,
    tx: &Tx,
    number: &str,
) -> Result<Option<contact::Model>, DbErr> {
    living(scope).filter(contact::Column::Number.eq(number)).lock_exclusive().one(tx).await
}

/// Inserts a contact unless a living one has its number.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: contact::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<contact::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: contact::Model) -> Result<Updated, DbErr> {
    scope.save::<contact::Entity, _>(tx, row.id, row).await
}

pub async fn delete(
    scope: CompanyScope,
    tx: &Tx,
    id: ContactId,
    now: DateTime<Utc>,
) -> Result<Updated, DbErr> {
    let changes = contact::ActiveModel { deleted_at: Set(Some(now)), ..Default::default() };
    scope.update::<contact::Entity, _>(tx, id, changes).await
}

fn living(scope: CompanyScope) -> Select<contact::Entity> {
    scope.find::<contact::Entity>().filter(contact::Column::DeletedAt.is_null())
}
