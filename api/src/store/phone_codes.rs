//! Codes that were sent to telephone numbers. Who has a number may be nobody yet.

#![expect(clippy::disallowed_methods, reason = "the table of codes has no company")]

use entity::phone_code;
use sea_orm::prelude::{DateTimeUtc, Expr};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QuerySelect, QueryTrait,
};

use super::Tx;

/// How a try went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Try {
    Right,
    Wrong,
    /// Wrong, and once too often.
    Burnt,
}

/// Keeps this one, in place of an older one of the same number.
pub async fn replace(tx: &Tx, row: phone_code::Model) -> Result<(), DbErr> {
    use phone_code::Column as C;
    let mut insert = phone_code::Entity::insert(row.into_active_model().reset_all()).into_query();
    let rest = [C::CodeHash, C::WrongTries, C::CreatedAt, C::ExpiresAt];
    insert.on_conflict(OnConflict::column(C::PhoneNumber).update_columns(rest).to_owned());
    tx.execute(&insert).await.map(drop)
}

/// The one that is good, locked until the transaction ends: two who try at once are counted one after the other.
pub async fn lock(tx: &Tx, number: &str, now: DateTimeUtc) -> Result<Option<phone_code::Model>, DbErr> {
    phone_code::Entity::find_by_id(number.to_owned())
        .filter(phone_code::Column::ExpiresAt.gt(now))
        .lock_exclusive()
        .one(tx)
        .await
}

pub async fn tried(tx: &Tx, number: &str, went: Try) -> Result<(), DbErr> {
    match went {
        Try::Right => Ok(()),
        Try::Wrong => {
            let more = Expr::col(phone_code::Column::WrongTries).add(1);
            phone_code::Entity::update_many()
                .col_expr(phone_code::Column::WrongTries, more)
                .filter(phone_code::Column::PhoneNumber.eq(number))
                .exec(tx)
                .await
                .map(drop)
        }
        Try::Burnt => forget(tx, number).await,
    }
}

/// Spends a code; answers whether this call did it.
pub async fn spend(tx: &Tx, number: &str, hash: &str) -> Result<bool, DbErr> {
    let gone = phone_code::Entity::delete_many()
        .filter(phone_code::Column::PhoneNumber.eq(number))
        .filter(phone_code::Column::CodeHash.eq(hash))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected == 1)
}

/// Forgets the one that was sent to this number.
pub async fn forget(tx: &Tx, number: &str) -> Result<(), DbErr> {
    phone_code::Entity::delete_by_id(number.to_owned()).exec(tx).await.map(drop)
}

/// Forgets those that nobody has used in time.
pub async fn forget_expired(tx: &Tx, now: DateTimeUtc) -> Result<(), DbErr> {
    phone_code::Entity::delete_many().filter(phone_code::Column::ExpiresAt.lte(now)).exec(tx).await.map(drop)
}
