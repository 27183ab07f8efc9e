//! Links by which people set a password. They are a person's, not a company's.

#![expect(clippy::disallowed_methods, reason = "the table of links has no company")]

use entity::password_link;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryTrait,
};

use super::Tx;

/// Keeps this one, in place of an older one of the same person.
pub async fn replace(tx: &Tx, row: password_link::Model) -> Result<(), DbErr> {
    use password_link::Column as L;
    let mut insert = password_link::Entity::insert(row.into_active_model().reset_all()).into_query();
    let rest = [L::TokenHash, L::CreatedAt, L::ExpiresAt];
    insert.on_conflict(OnConflict::column(L::UserId).update_columns(rest).to_owned());
    tx.execute(&insert).await.map(drop)
}

/// Takes the link with this token, if it is still good: of two who come with it one gets it.
pub async fn take(
    tx: &Tx,
    token_hash: &str,
    now: DateTimeUtc,
) -> Result<Option<password_link::Model>, DbErr> {
    let taken = password_link::Entity::delete_many()
        .filter(password_link::Column::TokenHash.eq(token_hash))
        .filter(password_link::Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(taken.into_iter().next())
}

/// Forgets those that nobody has used in time.
pub async fn forget_expired(tx: &Tx, now: DateTimeUtc) -> Result<(), DbErr> {
    password_link::Entity::delete_many()
        .filter(password_link::Column::ExpiresAt.lte(now))
        .exec(tx)
        .await
        .map(drop)
}
