//! Which jobs wait, and what becomes of a claimed one. A node that has lost its claim changes nothing.

use chrono::{DateTime, Utc};
use entity::id::JobId;
use entity::{CompanyScope, JobKind, JobState, job};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter};
use uuid::Uuid;

use super::Unit;
use super::system::Claimed;
use crate::app::App;
use crate::error::Result;

/// Whether a job of this kind waits for `subject`, beside `except`. One that is being done does not wait.
pub async fn is_queued(
    unit: &Unit,
    kind: JobKind,
    subject: impl Into<Uuid>,
    except: Option<JobId>,
) -> Result<bool> {
    let mut query = unit
        .scope()
        .find::<job::Entity>()
        .filter(job::Column::SubjectId.eq(subject.into()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::State.eq(JobState::Queued));
    if let Some(except) = except {
        query = query.filter(job::Column::Id.ne(except));
    }
    Ok(query.count(unit.tx()).await? > 0)
}

/// Whether an older job of this kind, queued or being done, does the same for `subject`.
pub async fn has_elder(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    kind: JobKind,
    subject: impl Into<Uuid>,
    than: JobId,
) -> Result<bool> {
    let elder = scope
        .find::<job::Entity>()
        .filter(job::Column::SubjectId.eq(subject.into()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::State.ne(JobState::Failed))
        .filter(job::Column::Id.lt(than));
    Ok(elder.count(db).await? > 0)
}

/// Forgets a job with the unit that did it: what it did and that it is done are one commit.
pub async fn finish_in(unit: &Unit, claimed: &Claimed) -> Result<()> {
    claimed
        .scope
        .delete_many::<job::Entity>()
        .filter(job::Column::Id.eq(claimed.job.id))
        .filter(job::Column::NodeId.eq(unit.app().node))
        .exec(unit.tx())
        .await?;
    Ok(())
}

/// Forgets what was to be done about `subject` at a later time, since nothing is left to do then. One that is being done
/// finds that out by itself.
pub async fn cancel(unit: &Unit, kind: JobKind, subject: impl Into<Uuid>) -> Result<()> {
    unit.scope()
        .delete_many::<job::Entity>()
        .filter(job::Column::SubjectId.eq(subject.into()))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::State.eq(JobState::Queued))
        .exec(unit.tx())
        .await?;
    Ok(())
}

/// A repeating job: a new beginning, with its tries forgotten.
pub async fn again(app: &App, claimed: &Claimed, at: DateTime<Utc>) -> Result<()> {
    let changes = job::ActiveModel { run_at: Set(at), attempts: Set(0), ..freed(None) };
    change(app, claimed, changes).await
}

pub async fn put_back(app: &App, claimed: &Claimed, at: DateTime<Utc>, because: String) -> Result<()> {
    let changes = job::ActiveModel { run_at: Set(at), ..freed(Some(because)) };
    change(app, claimed, changes).await
}

/// Kept for a person to see.
pub async fn fail(app: &App, claimed: &Claimed, because: String) -> Result<()> {
    let changes = job::ActiveModel { state: Set(JobState::Failed), ..freed(Some(because)) };
    change(app, claimed, changes).await
}

fn freed(error: Option<String>) -> job::ActiveModel {
    job::ActiveModel {
        state: Set(JobState::Queued),
        node_id: Set(None),
        lease_until: Set(None),
        last_error: Set(error),
        ..Default::default()
    }
}

async fn change(app: &App, claimed: &Claimed, changes: job::ActiveModel) -> Result<()> {
    let tx = app.db.begin().await?;
    claimed
        .scope
        .update_many::<job::Entity>()
        .set(changes)
        .filter(job::Column::Id.eq(claimed.job.id))
        .filter(job::Column::NodeId.eq(app.node))
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
}

/// Who does a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Here,
    Elsewhere,
}

/// Gives a job that is being done here its whole lease again.
pub async fn renew(app: &App, claimed: &Claimed) -> Result<Held> {
    let until = app.clock.now() + app.settings.timing.lease;
    let tx = app.db.begin().await?;
    let renewed = claimed
        .scope
        .update_many::<job::Entity>()
        .set(job::ActiveModel { lease_until: Set(Some(until)), ..Default::default() })
        .filter(job::Column::Id.eq(claimed.job.id))
        .filter(job::Column::NodeId.eq(app.node))
        .filter(job::Column::State.eq(JobState::Running))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(if renewed.rows_affected > 0 { Held::Here } else { Held::Elsewhere })
}
