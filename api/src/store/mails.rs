//! Mail on its way. A row is claimed with a lease as a job is, but it belongs to no company, though it may speak for one: who
//! is written to may be in none yet, or in several.

#![expect(
    clippy::disallowed_methods,
    reason = "the table of mails has no company; a row says whom it speaks for"
)]

use chrono::{DateTime, TimeDelta, Utc};
use entity::{CompanyScope, JobState, mail};
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DbBackend, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Set,
};

use super::Tx;
use crate::app::App;

pub async fn insert(tx: &Tx, mail: mail::Model) -> Result<(), DbErr> {
    mail::Entity::insert(mail.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)
}

/// Whose mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    Platform,
    /// Any company's.
    Company,
}

impl Sender {
    fn wrote(self) -> Expr {
        match self {
            Self::Platform => mail::Column::CompanyId.is_null(),
            Self::Company => mail::Column::CompanyId.is_not_null(),
        }
    }
}

/// Claims up to `count` that are due, or whose node has shown no sign of life for as long as `lease`.
pub async fn claim(
    app: &App,
    sender: Sender,
    count: u64,
    lease: TimeDelta,
) -> Result<Vec<mail::Model>, DbErr> {
    let now = app.clock.now();
    // Reading is cheaper than writing nothing.
    let due = || {
        let due = mail::Entity::find().select_only().column(mail::Column::Id);
        due.filter(sender.wrote()).filter(is_due(now))
    };
    if due().into_tuple::<entity::id::MailId>().one(app.db.reader()).await?.is_none() {
        return Ok(Vec::new());
    }
    let mut due = due().order_by_asc(mail::Column::RunAt).order_by_asc(mail::Column::Id).limit(count);
    if app.db.backend() == DbBackend::Postgres {
        due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let tx = app.db.begin().await?;
    let mut claimed = mail::Entity::update_many()
        .col_expr(mail::Column::State, Expr::value(JobState::Running.as_str()))
        .col_expr(mail::Column::Attempts, Expr::col(mail::Column::Attempts).add(1))
        .col_expr(mail::Column::NodeId, Expr::value(app.node))
        .col_expr(mail::Column::LeaseUntil, Expr::value(now + lease))
        .filter(mail::Column::Id.in_subquery(due.into_query()))
        .exec_with_returning(&tx)
        .await?;
    tx.commit().await?;
    claimed.sort_by_key(|mail| (mail.run_at, mail.id));
    Ok(claimed)
}

fn is_due(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(mail::Column::State.eq(JobState::Queued).and(mail::Column::RunAt.lte(now)))
        .add(mail::Column::State.eq(JobState::Running).and(mail::Column::LeaseUntil.lte(now)))
}

/// When the next one falls due.
pub async fn next_at(app: &App, sender: Sender) -> Result<Option<DateTime<Utc>>, DbErr> {
    mail::Entity::find()
        .select_only()
        .column(mail::Column::RunAt)
        .filter(sender.wrote())
        .filter(mail::Column::State.eq(JobState::Queued))
        .order_by_asc(mail::Column::RunAt)
        .limit(1)
        .into_tuple()
        .one(app.db.reader())
        .await
}

/// For which company a mail speaks. The one who posted it has proved that.
pub fn scope_of(mail: &mail::Model) -> Option<CompanyScope> {
    mail.company_id.map(CompanyScope::dangerous_mint)
}

/// What a company has written and is due before `at` waits until then: its server does not work.
pub async fn put_off(tx: &Tx, scope: CompanyScope, at: DateTime<Utc>) -> Result<(), DbErr> {
    let waiting = mail::Column::State.eq(JobState::Queued).and(mail::Column::RunAt.lt(at));
    move_to(tx, scope, waiting, at).await
}

/// What a company has written and waits is due now: its server is another.
pub async fn bring_forward(tx: &Tx, scope: CompanyScope, now: DateTime<Utc>) -> Result<(), DbErr> {
    let waiting = mail::Column::State.eq(JobState::Queued).and(mail::Column::RunAt.gt(now));
    move_to(tx, scope, waiting, now).await
}

async fn move_to(tx: &Tx, scope: CompanyScope, which: Expr, at: DateTime<Utc>) -> Result<(), DbErr> {
    mail::Entity::update_many()
        .col_expr(mail::Column::RunAt, Expr::value(at))
        .filter(mail::Column::CompanyId.eq(scope.company()))
        .filter(which)
        .exec(tx)
        .await
        .map(drop)
}

/// It is delivered.
pub async fn forget(app: &App, mail: &mail::Model) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    mail::Entity::delete_many()
        .filter(mail::Column::Id.eq(mail.id))
        .filter(mail::Column::NodeId.eq(app.node))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// To be tried again.
pub async fn put_back(
    app: &App,
    mail: &mail::Model,
    at: DateTime<Utc>,
    because: String,
) -> Result<(), DbErr> {
    let changes = mail::ActiveModel { state: Set(JobState::Queued), run_at: Set(at), ..freed(because) };
    change(app, mail, changes).await
}

/// Given up, and kept for a person to see; without its content, which nobody needs any more.
pub async fn fail(app: &App, mail: &mail::Model, because: String) -> Result<(), DbErr> {
    let changes = mail::ActiveModel {
        state: Set(JobState::Failed),
        content_sealed: Set(String::new()),
        ..freed(because)
    };
    change(app, mail, changes).await
}

fn freed(because: String) -> mail::ActiveModel {
    mail::ActiveModel {
        node_id: Set(None),
        lease_until: Set(None),
        last_error: Set(Some(because)),
        ..Default::default()
    }
}

/// A node that has lost its claim changes nothing.
async fn change(app: &App, mail: &mail::Model, changes: mail::ActiveModel) -> Result<(), DbErr> {
    let tx = app.db.begin().await?;
    mail::Entity::update_many()
        .set(changes)
        .filter(mail::Column::Id.eq(mail.id))
        .filter(mail::Column::NodeId.eq(app.node))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// On SQLite there is one process: what a dead one held is free at once.
pub async fn free_leases_of_the_dead(app: &App) -> Result<(), DbErr> {
    if app.db.backend() == DbBackend::Postgres {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    mail::Entity::update_many()
        .col_expr(mail::Column::State, Expr::value(JobState::Queued.as_str()))
        .filter(mail::Column::State.eq(JobState::Running))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Forgets those that were given up before this moment.
pub async fn forget_failed(tx: &Tx, before: DateTime<Utc>) -> Result<(), DbErr> {
    mail::Entity::delete_many()
        .filter(mail::Column::State.eq(JobState::Failed))
        .filter(mail::Column::CreatedAt.lt(before))
        .exec(tx)
        .await
        .map(drop)
}
