//! The server's own messages to telephone numbers. A row is claimed with a lease as a job is, but it belongs to no
//! company: who is written to may be in none yet, or in several.

#![expect(clippy::disallowed_methods, reason = "the table of messages to numbers has no company")]

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::PhoneMessageId;
use entity::{TextState, phone_message};
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, ExprTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::Tx;
use crate::app::App;

pub async fn insert(tx: &Tx, row: phone_message::Model) -> Result<(), DbErr> {
    let row = row.into_active_model().reset_all();
    phone_message::Entity::insert(row).exec_without_returning(tx).await.map(drop)
}

/// What was sent to a number, the oldest first.
pub async fn to(db: &impl ConnectionTrait, number: &str) -> Result<Vec<phone_message::Model>, DbErr> {
    phone_message::Entity::find()
        .filter(phone_message::Column::Recipient.eq(number))
        .order_by_asc(phone_message::Column::Id)
        .all(db)
        .await
}

/// Claims up to `count` for which something is due, and that no living node holds.
pub async fn claim(app: &App, count: u64, lease: TimeDelta) -> Result<Vec<phone_message::Model>, DbErr> {
    let now = app.clock.now();
    // Reading is cheaper than writing nothing.
    let due =
        || phone_message::Entity::find().select_only().column(phone_message::Column::Id).filter(is_due(now));
    if due().into_tuple::<PhoneMessageId>().one(app.db.reader()).await?.is_none() {
        return Ok(Vec::new());
    }
    let mut due = due().order_by_asc(phone_message::Column::RunAt).limit(count);
    if app.db.backend() == DbBackend::Postgres {
        due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let tx = app.db.begin().await?;
    let claimed = phone_message::Entity::update_many()
        .col_expr(phone_message::Column::Attempts, Expr::col(phone_message::Column::Attempts).add(1))
        .col_expr(phone_message::Column::NodeId, Expr::value(app.node))
        .col_expr(phone_message::Column::LeaseUntil, Expr::value(now + lease))
        .filter(phone_message::Column::Id.in_subquery(due.into_query()))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(claimed)
}

fn is_due(now: DateTime<Utc>) -> Condition {
    use phone_message::Column as M;
    let free = Condition::any().add(M::LeaseUntil.is_null()).add(M::LeaseUntil.lte(now));
    Condition::all().add(M::RunAt.lte(now)).add(free)
}

/// When there is something to do next.
pub async fn next_at(app: &App) -> Result<Option<DateTime<Utc>>, DbErr> {
    let next: Option<Option<DateTime<Utc>>> = phone_message::Entity::find()
        .select_only()
        .column(phone_message::Column::RunAt)
        .filter(phone_message::Column::RunAt.is_not_null())
        .filter(phone_message::Column::LeaseUntil.is_null())
        .order_by_asc(phone_message::Column::RunAt)
        .limit(1)
        .into_tuple()
        .one(app.db.reader())
        .await?;
    Ok(next.flatten())
}

/// Stands as `row` says from now on, if this node still holds it in this state; answers whether it does.
pub async fn save(app: &App, row: phone_message::Model, was: TextState) -> Result<bool, DbErr> {
    let id = row.id;
    let tx = app.db.begin().await?;
    let saved = phone_message::Entity::update_many()
        .set(row.into_active_model().reset_all())
        .filter(phone_message::Column::Id.eq(id))
        .filter(phone_message::Column::NodeId.eq(app.node))
        .filter(phone_message::Column::State.eq(was))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(saved.rows_affected == 1)
}

/// On SQLite there is one process: what a dead one held is free at once.
pub async fn free_leases_of_the_dead(app: &App) -> Result<(), DbErr> {
    if app.db.backend() == DbBackend::Postgres {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    phone_message::Entity::update_many()
        .col_expr(phone_message::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .filter(phone_message::Column::LeaseUntil.is_not_null())
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Forgets what was sent to this number.
pub async fn forget_to(tx: &Tx, number: &str) -> Result<(), DbErr> {
    phone_message::Entity::delete_many()
        .filter(phone_message::Column::Recipient.eq(number))
        .exec(tx)
        .await
        .map(drop)
}

/// Forgets those that were made before this moment and for which nothing is to be done.
pub async fn forget_before(tx: &Tx, moment: DateTime<Utc>) -> Result<(), DbErr> {
    let over = phone_message::Column::RunAt.is_null().or(phone_message::Column::GiveUpAt.lt(moment));
    phone_message::Entity::delete_many()
        .filter(phone_message::Column::CreatedAt.lt(moment))
        .filter(over)
        .exec(tx)
        .await
        .map(drop)
}
