//! What requests with an `Idempotency-Key` were answered with, for as long as they may be repeated. They are a person's, who may
//! act in no company; the company is in the row's id.

#![expect(clippy::disallowed_methods, reason = "the table of kept answers has no company")]

use chrono::{DateTime, Utc};
use entity::kept_answer::{self, Column as K};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryTrait,
};
use uuid::Uuid;

use super::Tx;
use super::idempotency::LIFE;
use crate::error::{Error, Result};

/// Whether a request is to be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// By the attempt that claimed it.
    New,
    /// It was answered with this.
    Answered { status: i32, answer_sealed: String },
    /// Somebody carries it out.
    UnderWay,
    /// The key stands for another request.
    Reused,
}

/// Claims the request of `row`. Of two at once one is new, on whatever nodes they are; one whose attempt has not ended in its
/// time is taken over.
pub async fn claim(tx: &Tx, row: kept_answer::Model, now: DateTime<Utc>) -> Result<Claim> {
    let old = kept_answer::Entity::delete_many().filter(K::Id.eq(&row.id));
    old.filter(K::CreatedAt.lt(now - LIFE)).exec(tx).await?;
    let mut insert = kept_answer::Entity::insert(row.clone().into_active_model().reset_all()).into_query();
    insert.on_conflict(OnConflict::column(K::Id).do_nothing().to_owned());
    if tx.execute(&insert).await?.rows_affected() == 1 {
        return Ok(Claim::New);
    }
    let known = kept_answer::Entity::find_by_id(row.id.clone()).one(tx).await?;
    let known =
        known.ok_or_else(|| Error::internal("claim a request", "a key that is known cannot be read"))?;
    if known.fingerprint != row.fingerprint {
        return Ok(Claim::Reused);
    }
    if let (Some(status), Some(answer_sealed)) = (known.status, known.answer_sealed) {
        return Ok(Claim::Answered { status, answer_sealed });
    }
    if known.until > now {
        return Ok(Claim::UnderWay);
    }
    let taken = kept_answer::Entity::update_many()
        .col_expr(K::Attempt, Expr::val(row.attempt))
        .col_expr(K::Until, Expr::val(row.until))
        .filter(K::Id.eq(row.id))
        .filter(K::Attempt.eq(known.attempt))
        .filter(K::Status.is_null());
    Ok(if taken.exec(tx).await?.rows_affected == 1 { Claim::New } else { Claim::UnderWay })
}

/// Keeps the answer of an attempt, unless it was taken over.
pub async fn keep(tx: &Tx, id: &str, attempt: Uuid, status: i32, sealed: String) -> Result<(), DbErr> {
    kept_answer::Entity::update_many()
        .col_expr(K::Status, Expr::val(status))
        .col_expr(K::AnswerSealed, Expr::val(sealed))
        .filter(K::Id.eq(id))
        .filter(K::Attempt.eq(attempt))
        .exec(tx)
        .await
        .map(drop)
}

/// Forgets a request that came to nothing: it may be sent again.
pub async fn release(tx: &Tx, id: &str, attempt: Uuid) -> Result<(), DbErr> {
    let rows = kept_answer::Entity::delete_many().filter(K::Id.eq(id)).filter(K::Attempt.eq(attempt));
    rows.exec(tx).await.map(drop)
}

/// Forgets what nobody may repeat any more.
pub async fn forget_old(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    kept_answer::Entity::delete_many().filter(K::CreatedAt.lt(now - LIFE)).exec(tx).await.map(drop)
}
