//! Second factors and the codes that stand for them. They are a person's, not a company's.

#![expect(clippy::disallowed_methods, reason = "the tables of second factors have no company")]

use entity::id::UserId;
use entity::{recovery_code, second_factor};
use sea_orm::prelude::{DateTimeUtc, Expr};
use sea_orm::sea_query::{ExprTrait, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryTrait,
};

use super::Tx;

pub async fn of(db: &impl ConnectionTrait, user: UserId) -> Result<Option<second_factor::Model>, DbErr> {
    second_factor::Entity::find_by_id(user).one(db).await
}

/// Whether somebody is asked for a second factor.
pub async fn is_on(db: &impl ConnectionTrait, user: UserId) -> Result<bool, DbErr> {
    let confirmed = second_factor::Entity::find_by_id(user)
        .filter(second_factor::Column::ConfirmedAt.is_not_null())
        .count(db)
        .await?;
    Ok(confirmed > 0)
}

/// Begins one, in place of one that was begun and not confirmed; answers whether it did: a confirmed one stays.
pub async fn begin(tx: &Tx, row: second_factor::Model) -> Result<bool, DbErr> {
    use second_factor::Column as F;
    let mut insert = second_factor::Entity::insert(row.into_active_model().reset_all()).into_query();
    let open = Expr::col((second_factor::Entity, F::ConfirmedAt)).is_null();
    insert.on_conflict(
        OnConflict::column(F::UserId)
            .update_columns([F::SecretSealed, F::CreatedAt, F::LastStep])
            .action_and_where(open)
            .to_owned(),
    );
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// Spends the code of a step, unless it or a later one is spent; answers whether this call did it.
pub async fn spend_step(tx: &Tx, user: UserId, step: i64) -> Result<bool, DbErr> {
    let done = second_factor::Entity::update_many()
        .col_expr(second_factor::Column::LastStep, Expr::val(step))
        .filter(second_factor::Column::UserId.eq(user))
        .filter(second_factor::Column::LastStep.lt(step))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Confirms the one that was begun; answers whether this call did it.
pub async fn confirm(tx: &Tx, user: UserId, now: DateTimeUtc) -> Result<bool, DbErr> {
    let done = second_factor::Entity::update_many()
        .col_expr(second_factor::Column::ConfirmedAt, Expr::val(now))
        .filter(second_factor::Column::UserId.eq(user))
        .filter(second_factor::Column::ConfirmedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Puts these codes in the place of those before.
pub async fn set_recovery_codes(tx: &Tx, user: UserId, hashes: Vec<String>) -> Result<(), DbErr> {
    recovery_code::Entity::delete_many().filter(recovery_code::Column::UserId.eq(user)).exec(tx).await?;
    if hashes.is_empty() {
        return Ok(());
    }
    let row = |code_hash| recovery_code::Model { user_id: user, code_hash, used_at: None };
    let rows = hashes.into_iter().map(|hash| row(hash).into_active_model().reset_all());
    recovery_code::Entity::insert_many(rows).exec_without_returning(tx).await.map(drop)
}

/// Spends a recovery code; answers whether it was good and this call did it.
pub async fn spend_recovery_code(tx: &Tx, user: UserId, hash: &str, now: DateTimeUtc) -> Result<bool, DbErr> {
    let done = recovery_code::Entity::update_many()
        .col_expr(recovery_code::Column::UsedAt, Expr::val(now))
        .filter(recovery_code::Column::UserId.eq(user))
        .filter(recovery_code::Column::CodeHash.eq(hash))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Ends it, with its codes; answers whether there was one.
pub async fn remove(tx: &Tx, user: UserId) -> Result<bool, DbErr> {
    set_recovery_codes(tx, user, Vec::new()).await?;
    let done = second_factor::Entity::delete_by_id(user).exec(tx).await?;
    Ok(done.rows_affected == 1)
}
