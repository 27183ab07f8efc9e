//! Settings of the platform, of which there is one row at most; and how its work stands.

use chrono::{DateTime, Utc};
use entity::id::NodeId;
use entity::{JobState, job, routing_state, system_settings};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};

use super::super::Tx;

pub async fn settings(db: &impl ConnectionTrait) -> Result<Option<system_settings::Model>, DbErr> {
    system_settings::Entity::find_by_id(system_settings::ROW).one(db).await
}

/// In place of those before; of two at once the later one counts.
pub async fn put_settings(tx: &Tx, row: system_settings::Model) -> Result<(), DbErr> {
    use system_settings::Column;
    let replace = OnConflict::column(Column::Id)
        .update_columns([Column::Settings, Column::UpdatedAt, Column::UpdatedBy])
        .to_owned();
    let row = row.into_active_model().reset_all();
    system_settings::Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}

/// How many jobs there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Due and not begun.
    pub due: u64,
    /// Begun.
    pub running: u64,
    /// Given up, for a person to see.
    pub failed: u64,
    /// Since when the oldest of the due ones is.
    pub due_since: Option<DateTime<Utc>>,
}

pub async fn work(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Work, DbErr> {
    let in_state = |state: JobState| job::Entity::find().filter(job::Column::State.eq(state));
    let due = || in_state(JobState::Queued).filter(job::Column::RunAt.lte(now));
    let oldest = due().select_only().column(job::Column::RunAt).order_by_asc(job::Column::RunAt);
    Ok(Work {
        due: due().count(db).await?,
        running: in_state(JobState::Running).count(db).await?,
        failed: in_state(JobState::Failed).count(db).await?,
        due_since: oldest.limit(1).into_tuple().one(db).await?,
    })
}

/// The nodes that hold something at this moment.
pub async fn nodes_at_work(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Vec<NodeId>, DbErr> {
    let routing: Vec<Option<NodeId>> = routing_state::Entity::find()
        .select_only()
        .column(routing_state::Column::NodeId)
        .filter(routing_state::Column::LeaseUntil.gt(now))
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    let jobs: Vec<Option<NodeId>> = job::Entity::find()
        .select_only()
        .column(job::Column::NodeId)
        .filter(job::Column::State.eq(JobState::Running))
        .filter(job::Column::LeaseUntil.gt(now))
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    Ok(routing.into_iter().chain(jobs).flatten().collect())
}
