//! What becomes of a claimed job. A node that has lost its claim changes nothing.

use chrono::{DateTime, Utc};
use entity::{JobState, job};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};

use super::system::Claimed;
use crate::app::App;
use crate::error::Result;

pub async fn finish(app: &App, claimed: &Claimed) -> Result<()> {
    let tx = app.db.begin().await?;
    claimed
        .scope
        .delete_many::<job::Entity>()
        .filter(job::Column::Id.eq(claimed.job.id))
        .filter(job::Column::NodeId.eq(app.node))
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
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
