//! Registrations that wait for the proof of their address. Who registers is in no company yet.

#![expect(clippy::disallowed_methods, reason = "the table of registrations has no company")]

use entity::registration;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, Iterable,
    QueryFilter, QueryTrait,
};

use super::Tx;

/// Keeps this one, in place of an older one of the same address.
pub async fn replace(tx: &Tx, registration: registration::Model) -> Result<(), DbErr> {
    let mut insert = registration::Entity::insert(registration.into_active_model().reset_all()).into_query();
    let rest = registration::Column::iter().filter(|column| !matches!(column, registration::Column::Email));
    insert.on_conflict(OnConflict::column(registration::Column::Email).update_columns(rest).to_owned());
    tx.execute(&insert).await.map(drop)
}

/// Takes the registration with this token, if it is still good: of two who come with it one gets it.
pub async fn take(tx: &Tx, token_hash: &str, now: DateTimeUtc) -> Result<Option<registration::Model>, DbErr> {
    let taken = registration::Entity::delete_many()
        .filter(registration::Column::TokenHash.eq(token_hash))
        .filter(registration::Column::ExpiresAt.gt(now))
        .exec_with_returning(tx)
        .await?;
    Ok(taken.into_iter().next())
}

/// Forgets those that nobody has confirmed in time.
pub async fn forget_expired(tx: &Tx, now: DateTimeUtc) -> Result<(), DbErr> {
    registration::Entity::delete_many()
        .filter(registration::Column::ExpiresAt.lte(now))
        .exec(tx)
        .await
        .map(drop)
}
