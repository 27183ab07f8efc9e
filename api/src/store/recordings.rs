//! Recordings, and what a company and its queues say about them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, QueueId, RecordingId};
use entity::{
    CompanyScope, Inserted, RecordingKind, RecordingRule, RecordingState, call, queue_recording, recording,
    recording_policy, recording_refusal,
};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ColumnTrait, ConnectionTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::{Tx, voicemails};
use crate::error::{Error, Result, Subject};

pub async fn get<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: RecordingId,
) -> Result<recording::Model> {
    scope.find_by_id::<recording::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Recording))
}

pub async fn by_sid(scope: CompanyScope, tx: &Tx, sid: &str) -> Result<Option<recording::Model>> {
    Ok(scope.find::<recording::Entity>().filter(recording::Column::ProviderSid.eq(sid)).one(tx).await?)
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: recording::Model) -> Result<()> {
    Ok(scope.insert::<recording::Entity, _>(tx, row).await?)
}

/// Writes a whole row: only for who has locked its call.
pub async fn save(scope: CompanyScope, tx: &Tx, row: recording::Model) -> Result<()> {
    let id = row.id;
    scope.save::<recording::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// In the order in which they were begun.
pub async fn of_call<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<recording::Model>> {
    Ok(scope
        .find::<recording::Entity>()
        .filter(recording::Column::CallId.eq(call))
        .order_by_asc(recording::Column::Id)
        .all(db)
        .await?)
}

/// Those of the call's conversation that the provider makes, or is to make.
pub async fn live<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<recording::Model>> {
    Ok(scope
        .find::<recording::Entity>()
        .filter(recording::Column::CallId.eq(call))
        .filter(recording::Column::Kind.eq(RecordingKind::Call))
        .filter(recording::Column::State.is_in([
            RecordingState::Planned,
            RecordingState::InProgress,
            RecordingState::Paused,
        ]))
        .order_by_asc(recording::Column::Id)
        .all(db)
        .await?)
}

/// Newest first; of one agent's calls, or of everybody's.
pub async fn voicemails<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    of_agent: Option<AgentId>,
    shown: Voicemails,
    limit: u64,
) -> Result<Vec<recording::Model>> {
    let mut query = scope
        .find::<recording::Entity>()
        .filter(recording::Column::Kind.eq(RecordingKind::Voicemail))
        .order_by_desc(recording::Column::Id)
        .limit(limit);
    if let Some(agent) = of_agent {
        let theirs = scope
            .find::<call::Entity>()
            .select_only()
            .column(call::Column::Id)
            .filter(super::queueing::calls_of(scope, agent));
        let given = voicemails::assigned_to(scope, agent).into_query();
        query = query.filter(
            Condition::any()
                .add(recording::Column::CallId.in_subquery(theirs.into_query()))
                .add(recording::Column::Id.in_subquery(given)),
        );
    }
    let settled = voicemails::settled(scope).into_query();
    let query = match shown {
        Voicemails::All => query,
        Voicemails::Open => query.filter(recording::Column::Id.not_in_subquery(settled)),
        Voicemails::Done => query.filter(recording::Column::Id.in_subquery(settled)),
    };
    Ok(query.all(db).await?)
}

/// Which voicemails a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Voicemails {
    #[default]
    All,
    /// Something is left to do.
    Open,
    Done,
}

pub async fn policy<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
) -> Result<Option<recording_policy::Model>> {
    Ok(scope.find::<recording_policy::Entity>().one(db).await?)
}

/// The company's policy in place of the one before.
pub async fn save_policy(scope: CompanyScope, tx: &Tx, row: recording_policy::Model) -> Result<()> {
    scope.delete_many::<recording_policy::Entity>().exec(tx).await?;
    Ok(scope.insert::<recording_policy::Entity, _>(tx, row).await?)
}

pub async fn queue_rule<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
) -> Result<Option<RecordingRule>> {
    let row =
        scope.find::<queue_recording::Entity>().filter(queue_recording::Column::QueueId.eq(queue)).one(db);
    Ok(row.await?.map(|row| row.rule))
}

pub async fn queue_rules<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
) -> Result<BTreeMap<QueueId, RecordingRule>> {
    let rows = scope.find::<queue_recording::Entity>().all(db).await?;
    Ok(rows.into_iter().map(|row| (row.queue_id, row.rule)).collect())
}

/// What the queues say from now on; those that are not named say nothing.
pub async fn set_queue_rules(
    scope: CompanyScope,
    tx: &Tx,
    rules: &BTreeMap<QueueId, RecordingRule>,
) -> Result<()> {
    scope.delete_many::<queue_recording::Entity>().exec(tx).await?;
    let company_id = scope.company();
    let row = |(queue_id, rule): (&QueueId, &RecordingRule)| queue_recording::Model {
        company_id,
        queue_id: *queue_id,
        rule: *rule,
    };
    Ok(scope.insert_many::<queue_recording::Entity, _>(tx, rules.iter().map(row).collect()).await?)
}

/// Whether the call's flow has refused that it is recorded by itself.
pub async fn is_refused<C: ConnectionTrait>(scope: CompanyScope, db: &C, call: CallId) -> Result<bool> {
    let refusal =
        scope.find::<recording_refusal::Entity>().filter(recording_refusal::Column::CallId.eq(call));
    Ok(refusal.one(db).await?.is_some())
}

/// Refuses it; a second time changes nothing.
pub async fn refuse(scope: CompanyScope, tx: &Tx, call: CallId, at: DateTime<Utc>) -> Result<()> {
    let row = recording_refusal::Model { company_id: scope.company(), call_id: call, refused_at: at };
    match scope.insert_or_ignore::<recording_refusal::Entity, _>(tx, row).await? {
        Inserted::Yes | Inserted::Conflicted => Ok(()),
    }
}

/// Takes the refusal back.
pub async fn allow(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<()> {
    let refusal = recording_refusal::Column::CallId.eq(call);
    scope.delete_many::<recording_refusal::Entity>().filter(refusal).exec(tx).await?;
    Ok(())
}

/// What was made before `before` and still has a file, here or at the provider.
fn older(scope: CompanyScope, kind: RecordingKind, before: DateTime<Utc>) -> Select<recording::Entity> {
    let failed_there = Condition::all()
        .add(recording::Column::State.eq(RecordingState::Failed))
        .add(recording::Column::ProviderSid.is_not_null());
    scope
        .find::<recording::Entity>()
        .filter(recording::Column::Kind.eq(kind))
        .filter(Condition::any().add(recording::Column::State.eq(RecordingState::Stored)).add(failed_there))
        .filter(recording::Column::CreatedAt.lt(before))
        .filter(recording::Column::DeleteRequestedAt.is_null())
}

/// Those of them that nothing holds back, oldest first.
pub async fn due<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    kind: RecordingKind,
    before: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<recording::Model>> {
    Ok(older(scope, kind, before)
        .filter(recording::Column::LegalHoldAt.is_null())
        .order_by_asc(recording::Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

/// How many are due, with how many bytes, and how many a legal hold keeps back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Due {
    pub count: i64,
    pub bytes: i64,
    pub held: i64,
}

impl Due {
    pub fn add(&mut self, other: Self) {
        self.count += other.count;
        self.bytes += other.bytes;
        self.held += other.held;
    }
}

pub async fn count_due<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    kind: RecordingKind,
    before: DateTime<Utc>,
) -> Result<Due> {
    let held = recording::Column::LegalHoldAt.is_not_null();
    let free = recording::Column::LegalHoldAt.is_null();
    // PostgreSQL adds bigints up to a numeric.
    let bytes = Expr::col(recording::Column::SizeBytes).sum().cast_as("bigint");
    let (count, bytes): (i64, Option<i64>) = older(scope, kind, before)
        .filter(free)
        .select_only()
        .expr(Expr::col(recording::Column::Id).count())
        .expr(bytes)
        .into_tuple()
        .one(db)
        .await?
        .unwrap_or_default();
    let held: Option<i64> = older(scope, kind, before)
        .filter(held)
        .select_only()
        .expr(Expr::col(recording::Column::Id).count())
        .into_tuple()
        .one(db)
        .await?;
    Ok(Due { count, bytes: bytes.unwrap_or_default(), held: held.unwrap_or_default() })
}
