//! How all companies' work stands, in numbers: for who watches the server. Each query reads what is under way or waits, by
//! an index that holds no more than that; what is over is counted where it happens, in `crate::metrics`.

use chrono::{DateTime, Utc};
use entity::id::QueueId;
use entity::{CallStatus, EntryPurpose, JobState, call, job, leg, mail, queue_entry};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

/// Queues that are told of by themselves; more are left out.
const MOST_QUEUES: u64 = 500;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures {
    /// Calls with anybody on a line.
    pub calls: Vec<(CallStatus, i64)>,
    pub waiting: Waiting,
    /// By queue, when that was asked for.
    pub queues: Vec<(QueueId, Waiting)>,
    pub jobs: Vec<(JobState, i64)>,
    /// When the oldest job fell due that nobody has begun.
    pub oldest_job: Option<DateTime<Utc>>,
    pub mails: Vec<(JobState, i64)>,
    /// When the oldest mail that waits was posted.
    pub oldest_mail: Option<DateTime<Utc>>,
}

/// Callers who wait, and since when the first of them does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub callers: i64,
    pub since: Option<DateTime<Utc>>,
}

/// Whether queues are told of one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queues {
    Together,
    EachToo,
}

pub async fn figures(
    db: &impl ConnectionTrait,
    queues: Queues,
    now: DateTime<Utc>,
) -> Result<Figures, DbErr> {
    Ok(Figures {
        calls: calls(db).await?,
        waiting: waiting(db).await?,
        queues: match queues {
            Queues::Together => Vec::new(),
            Queues::EachToo => waiting_by_queue(db).await?,
        },
        jobs: jobs(db).await?,
        oldest_job: oldest_job(db, now).await?,
        mails: mails(db).await?,
        oldest_mail: oldest_mail(db).await?,
    })
}

async fn calls(db: &impl ConnectionTrait) -> Result<Vec<(CallStatus, i64)>, DbErr> {
    let on_the_line =
        leg::Entity::find().select_only().column(leg::Column::CallId).filter(leg::Column::EndedAt.is_null());
    call::Entity::find()
        .select_only()
        .column(call::Column::Status)
        .column_as(call::Column::Id.count(), "calls")
        .filter(call::Column::Id.in_subquery(on_the_line.into_query()))
        .group_by(call::Column::Status)
        .into_tuple()
        .all(db)
        .await
}

async fn waiting(db: &impl ConnectionTrait) -> Result<Waiting, DbErr> {
    let found: Option<(i64, Option<DateTime<Utc>>)> = queue_entry::Entity::find()
        .select_only()
        .column_as(queue_entry::Column::Id.count(), "callers")
        .column_as(queue_entry::Column::EnteredAt.min(), "since")
        .filter(queue_entry::Column::Outcome.is_null())
        .filter(queue_entry::Column::Purpose.eq(EntryPurpose::Caller))
        .into_tuple()
        .one(db)
        .await?;
    let (callers, since) = found.unwrap_or_default();
    Ok(Waiting { callers, since })
}

async fn waiting_by_queue(db: &impl ConnectionTrait) -> Result<Vec<(QueueId, Waiting)>, DbErr> {
    let found: Vec<(QueueId, i64, Option<DateTime<Utc>>)> = queue_entry::Entity::find()
        .select_only()
        .column(queue_entry::Column::QueueId)
        .column_as(queue_entry::Column::Id.count(), "callers")
        .column_as(queue_entry::Column::EnteredAt.min(), "since")
        .filter(queue_entry::Column::Outcome.is_null())
        .filter(queue_entry::Column::Purpose.eq(EntryPurpose::Caller))
        .group_by(queue_entry::Column::QueueId)
        .limit(MOST_QUEUES)
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().map(|(queue, callers, since)| (queue, Waiting { callers, since })).collect())
}

async fn jobs(db: &impl ConnectionTrait) -> Result<Vec<(JobState, i64)>, DbErr> {
    job::Entity::find()
        .select_only()
        .column(job::Column::State)
        .column_as(job::Column::Id.count(), "jobs")
        .group_by(job::Column::State)
        .into_tuple()
        .all(db)
        .await
}

async fn oldest_job(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, DbErr> {
    let found: Option<Option<DateTime<Utc>>> = job::Entity::find()
        .select_only()
        .column_as(job::Column::RunAt.min(), "since")
        .filter(job::Column::State.eq(JobState::Queued))
        .filter(job::Column::RunAt.lte(now))
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.flatten())
}

async fn mails(db: &impl ConnectionTrait) -> Result<Vec<(JobState, i64)>, DbErr> {
    mail::Entity::find()
        .select_only()
        .column(mail::Column::State)
        .column_as(mail::Column::Id.count(), "mails")
        .group_by(mail::Column::State)
        .into_tuple()
        .all(db)
        .await
}

async fn oldest_mail(db: &impl ConnectionTrait) -> Result<Option<DateTime<Utc>>, DbErr> {
    let found: Option<Option<DateTime<Utc>>> = mail::Entity::find()
        .select_only()
        .column_as(mail::Column::CreatedAt.min(), "since")
        .filter(mail::Column::State.eq(JobState::Queued))
        .into_tuple()
        .one(db)
        .await?;
    Ok(found.flatten())
}
