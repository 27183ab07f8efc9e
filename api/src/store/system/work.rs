//! The work of all companies: claiming jobs, what routing and the outbox have to read, finding a company by what a
//! provider sent.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, JobId};
use entity::{
    CompanyScope, JobState, call_secret, chat_receipt, contact, contact_import, job, outbox, queue_entry,
    routing_change, routing_state, webhook_event, webhook_request,
};
use sea_orm::sea_query::{Condition, Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::app::App;
use crate::error::Result;
use crate::log::traces::Cause;
use crate::store::{Database, Tx};

/// A job that this node holds, with the right to act for its company.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub job: job::Model,
    pub scope: CompanyScope,
    /// What made it, when that was a moment ago on this node.
    pub cause: Cause,
}

/// Forgets the jobs that this node has done, and claims up to `count` that are due, or whose node has shown no sign of
/// life: one statement, so that no two nodes claim the same one. Both are one commit, and none when there is neither.
pub async fn turn_over_jobs(app: &App, done: &[JobId], count: usize) -> Result<Vec<Claimed>> {
    let now = app.clock.now();
    let due = count > 0 && anything_due(app, now).await?;
    if done.is_empty() && !due {
        return Ok(Vec::new());
    }
    let tx = app.db.begin().await?;
    for done in done.chunks(500) {
        job::Entity::delete_many()
            .filter(job::Column::Id.is_in(done.iter().copied()))
            .filter(job::Column::NodeId.eq(app.node))
            .exec(&tx)
            .await?;
    }
    let claimed = if due { claim(app, &tx, now, count).await? } else { Vec::new() };
    tx.commit().await?;
    Ok(claimed)
}

async fn claim(app: &App, tx: &Tx, now: DateTime<Utc>, count: usize) -> Result<Vec<Claimed>> {
    let mut due = job::Entity::find()
        .select_only()
        .column(job::Column::Id)
        .filter(is_due(now))
        .order_by_asc(job::Column::RunAt)
        .order_by_asc(job::Column::Id)
        .limit(u64::try_from(count).unwrap_or(u64::MAX));
    if app.db.backend() == DbBackend::Postgres {
        due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let mut claimed = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Running.as_str()))
        .col_expr(job::Column::Attempts, Expr::col(job::Column::Attempts).add(1))
        .col_expr(job::Column::NodeId, Expr::value(app.node))
        .col_expr(job::Column::LeaseUntil, Expr::value(now + app.settings.timing.lease))
        .filter(job::Column::Id.in_subquery(due.into_query()))
        .exec_with_returning(tx)
        .await?;
    claimed.sort_by_key(|job| (job.run_at, job.id));
    Ok(claimed
        .into_iter()
        .map(|job| Claimed {
            scope: CompanyScope::dangerous_mint(job.company_id),
            job,
            cause: Cause::default(),
        })
        .collect())
}

/// Reading is cheaper than writing nothing.
async fn anything_due(app: &App, now: DateTime<Utc>) -> Result<bool> {
    let found = job::Entity::find().select_only().column(job::Column::Id).filter(is_due(now)).limit(1);
    Ok(found.into_tuple::<entity::id::JobId>().one(app.db.reader()).await?.is_some())
}

fn is_due(now: DateTime<Utc>) -> Condition {
    Condition::any()
        .add(job::Column::State.eq(JobState::Queued).and(job::Column::RunAt.lte(now)))
        .add(job::Column::State.eq(JobState::Running).and(job::Column::LeaseUntil.lte(now)))
}

/// When the next job falls due, or a lease runs out.
pub async fn next_job_at(app: &App) -> Result<Option<DateTime<Utc>>> {
    let next: Option<DateTime<Utc>> = job::Entity::find()
        .select_only()
        .column(job::Column::RunAt)
        .filter(job::Column::State.eq(JobState::Queued))
        .order_by_asc(job::Column::RunAt)
        .limit(1)
        .into_tuple()
        .one(app.db.reader())
        .await?;
    Ok(next)
}

/// On SQLite there is one process: what a dead one held is free at once.
pub async fn free_leases_of_the_dead(app: &App) -> Result<()> {
    if app.db.backend() == DbBackend::Postgres {
        return Ok(());
    }
    let tx = app.db.begin().await?;
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Queued.as_str()))
        .filter(job::Column::State.eq(JobState::Running))
        .exec(&tx)
        .await?;
    routing_state::Entity::update_many()
        .col_expr(routing_state::Column::LeaseUntil, Expr::value(Option::<DateTime<Utc>>::None))
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Forgets what callers keyed in for requests that did not come in time.
pub async fn forget_expired_secrets(tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let expired = call_secret::Entity::delete_many().filter(call_secret::Column::ExpiresAt.lte(now));
    expired.exec(tx).await?;
    Ok(())
}

/// Forgets what endpoints were told before this moment, with its deliveries and their attempts.
pub async fn forget_webhook_events(tx: &Tx, before: DateTime<Utc>) -> Result<()> {
    webhook_event::Entity::delete_many().filter(webhook_event::Column::CreatedAt.lt(before)).exec(tx).await?;
    Ok(())
}

/// Forgets imports of contacts that were settled before this moment, with their reports.
pub async fn forget_contact_imports(tx: &Tx, before: DateTime<Utc>) -> Result<()> {
    contact_import::Entity::delete_many().filter(contact_import::Column::EndedAt.lt(before)).exec(tx).await?;
    Ok(())
}

/// Forgets when messages were read before this moment.
pub async fn forget_chat_receipts(tx: &Tx, before: DateTime<Utc>) -> Result<()> {
    chat_receipt::Entity::delete_many().filter(chat_receipt::Column::At.lt(before)).exec(tx).await?;
    Ok(())
}

/// Companies with contacts whose words are not those of their row.
pub async fn companies_to_index(app: &App) -> Result<Vec<CompanyScope>> {
    let companies: Vec<CompanyId> = contact::Entity::find()
        .select_only()
        .column(contact::Column::CompanyId)
        .distinct()
        .filter(contact::Column::DeletedAt.is_null())
        .filter(crate::store::contacts::stale())
        .into_tuple()
        .all(app.db.reader())
        .await?;
    Ok(companies.into_iter().map(CompanyScope::dangerous_mint).collect())
}

/// Companies with changes that no index has read, and those in which somebody waits though no node keeps an index: the
/// one that did was killed, or found its own in doubt.
pub async fn companies_to_route(app: &App) -> Result<BTreeSet<CompanyId>> {
    let changed: Vec<CompanyId> = routing_change::Entity::find()
        .select_only()
        .column(routing_change::Column::CompanyId)
        .distinct()
        .into_tuple()
        .all(app.db.reader())
        .await?;
    let waiting = queue_entry::Entity::find()
        .select_only()
        .column(queue_entry::Column::CompanyId)
        .filter(queue_entry::Column::Outcome.is_null());
    let lease = routing_state::Column::LeaseUntil;
    let unattended: Vec<CompanyId> = routing_state::Entity::find()
        .select_only()
        .column(routing_state::Column::CompanyId)
        .filter(lease.is_null().or(lease.lte(app.clock.now())))
        .filter(routing_state::Column::CompanyId.in_subquery(waiting.into_query()))
        .into_tuple()
        .all(app.db.reader())
        .await?;
    Ok(changed.into_iter().chain(unattended).collect())
}

/// For routing, which serves each company in turn.
pub fn routing_scope(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}

/// Forgets settled requests and told events that nobody can ask for any more.
pub async fn forget_before(db: &Database, before: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    webhook_request::Entity::delete_many()
        .filter(webhook_request::Column::ReceivedAt.lt(before))
        .filter(webhook_request::Column::Reply.is_not_null())
        .exec(&tx)
        .await?;
    outbox::Entity::delete_many().filter(outbox::Column::CreatedAt.lt(before)).exec(&tx).await?;
    Ok(tx.commit().await?)
}
