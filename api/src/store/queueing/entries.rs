//! Visits of queues.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, QueueEntryId, QueueId};
use entity::{
    CompanyScope, EntryOutcome, EntryPurpose, JobKind, JobState, VisitPlan, call, job, queue_entry, segment,
};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use super::{LIVE, Won};
use crate::error::Result;
use crate::store::Tx;

pub async fn entry<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: QueueEntryId,
) -> Result<Option<queue_entry::Model>> {
    Ok(scope.find_by_id::<queue_entry::Entity>(id).one(db).await?)
}

/// Those of these visits that are there.
pub async fn entries<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: &[QueueEntryId],
) -> Result<Vec<queue_entry::Model>> {
    let these = queue_entry::Column::Id.is_in(ids.iter().copied());
    Ok(scope.find::<queue_entry::Entity>().filter(these).all(db).await?)
}

pub async fn save_entry(scope: CompanyScope, tx: &Tx, row: queue_entry::Model) -> Result<()> {
    let id = row.id;
    scope.save::<queue_entry::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The visit that goes on, if any, locked.
pub async fn open_entry(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<Option<queue_entry::Model>> {
    Ok(open_visit(scope, call).lock_exclusive().one(tx).await?)
}

/// [`open_entry`] for who only reads.
pub async fn visit_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<queue_entry::Model>> {
    Ok(open_visit(scope, call).one(db).await?)
}

fn open_visit(scope: CompanyScope, call: CallId) -> Select<queue_entry::Entity> {
    scope
        .find::<queue_entry::Entity>()
        .filter(queue_entry::Column::CallId.eq(call))
        .filter(queue_entry::Column::Outcome.is_null())
}

/// The visits that the company's routing serves.
pub async fn open_entries<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
) -> Result<Vec<queue_entry::Model>> {
    Ok(scope
        .find::<queue_entry::Entity>()
        .filter(queue_entry::Column::Outcome.is_null())
        .filter(queue_entry::Column::WantedAgentId.is_null())
        .all(db)
        .await?)
}

/// The latest visit of a queue by the call, over or not.
pub async fn last_visit<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<queue_entry::Model>> {
    Ok(scope
        .find::<queue_entry::Entity>()
        .filter(queue_entry::Column::CallId.eq(call))
        .order_by_desc(queue_entry::Column::Id)
        .one(db)
        .await?)
}

/// How many callers wait in the queue.
pub async fn length<C: ConnectionTrait>(scope: CompanyScope, db: &C, queue: QueueId) -> Result<u64> {
    let callers = queue_entry::Column::Purpose.eq(EntryPurpose::Caller);
    Ok(waiting_in(scope, queue).filter(callers).count(db).await?)
}

/// How many calls wait in the queue, or talk with an agent who had them from it.
pub async fn calls_of_queue<C: ConnectionTrait>(scope: CompanyScope, db: &C, queue: QueueId) -> Result<u64> {
    let visits = scope
        .find::<queue_entry::Entity>()
        .select_only()
        .column(queue_entry::Column::CallId)
        .filter(queue_entry::Column::QueueId.eq(queue))
        .filter(queue_entry::Column::Outcome.is_null());
    let segments = scope
        .find::<segment::Entity>()
        .select_only()
        .column(segment::Column::CallId)
        .filter(segment::Column::QueueId.eq(queue))
        .filter(segment::Column::State.is_in(LIVE));
    let these = Condition::any()
        .add(call::Column::Id.in_subquery(visits.into_query()))
        .add(call::Column::Id.in_subquery(segments.into_query()));
    Ok(scope.find::<call::Entity>().filter(these).count(db).await?)
}

/// The line of the queue.
fn waiting_in(scope: CompanyScope, queue: QueueId) -> Select<queue_entry::Entity> {
    scope
        .find::<queue_entry::Entity>()
        .filter(queue_entry::Column::QueueId.eq(queue))
        .filter(queue_entry::Column::Outcome.is_null())
        .filter(queue_entry::Column::WantedAgentId.is_null())
}

pub async fn save_plan(scope: CompanyScope, tx: &Tx, id: QueueEntryId, plan: VisitPlan) -> Result<()> {
    let changes = queue_entry::ActiveModel { plan: Set(plan), ..Default::default() };
    scope.update::<queue_entry::Entity, _>(tx, id, changes).await?;
    Ok(())
}

/// Ends a visit unless it has ended; tells whether it was this one that ended it.
pub async fn close_entry(
    scope: CompanyScope,
    tx: &Tx,
    id: QueueEntryId,
    outcome: EntryOutcome,
    at: DateTime<Utc>,
) -> Result<Won> {
    let changes = queue_entry::ActiveModel {
        outcome: Set(Some(outcome)),
        left_at: Set(Some(at)),
        ..Default::default()
    };
    let ended = scope
        .update_many::<queue_entry::Entity>()
        .set(changes)
        .filter(queue_entry::Column::Id.eq(id))
        .filter(queue_entry::Column::Outcome.is_null())
        .exec_with_returning(tx)
        .await?;
    let Some(entry) = ended.first() else { return Ok(Won::No) };
    // Its rules have nothing to do any more. Most visits have none.
    if !entry.plan.steps.is_empty() || entry.max_wait_until.is_some() {
        scope
            .delete_many::<job::Entity>()
            .filter(job::Column::SubjectId.eq(id.0))
            .filter(job::Column::Kind.eq(JobKind::QueueStep))
            .filter(job::Column::State.eq(JobState::Queued))
            .exec(tx)
            .await?;
    }
    Ok(Won::Yes)
}

/// Another end of a visit that has ended.
pub async fn set_outcome(
    scope: CompanyScope,
    tx: &Tx,
    id: QueueEntryId,
    outcome: EntryOutcome,
) -> Result<()> {
    let changes = queue_entry::ActiveModel { outcome: Set(Some(outcome)), ..Default::default() };
    scope.update::<queue_entry::Entity, _>(tx, id, changes).await?;
    Ok(())
}

pub async fn set_priority(scope: CompanyScope, tx: &Tx, id: QueueEntryId, priority: i32) -> Result<()> {
    let changes = queue_entry::ActiveModel { priority: Set(priority), ..Default::default() };
    scope.update::<queue_entry::Entity, _>(tx, id, changes).await?;
    Ok(())
}

/// How many stand before this entry in its queue, by the one ordering key ([`routing::EntryKey`]): without ageing by
/// priority, waiting time, id; with ageing of `ageing` a step of priority is so much waiting.
pub async fn ahead_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    entry: &queue_entry::Model,
    ageing: Option<Duration>,
) -> Result<u64> {
    use queue_entry::Column as Q;
    let since = |moment: DateTime<Utc>| {
        let earlier = Q::WaitingSince.lt(moment);
        earlier.or(Q::WaitingSince.eq(moment).and(Q::Id.lt(entry.id)))
    };
    let line = waiting_in(scope, entry.queue_id);
    let Some(ageing) = ageing else {
        let same = Q::Priority.eq(entry.priority).and(since(entry.waiting_since));
        return Ok(line.filter(Q::Priority.gt(entry.priority).or(same)).count(db).await?);
    };
    // Somebody of another priority is before him who has waited for longer than the difference of both is worth.
    let priorities: Vec<i32> =
        line.clone().select_only().column(Q::Priority).distinct().into_tuple().all(db).await?;
    let mut before = Condition::any();
    for priority in priorities {
        let steps = priority.saturating_sub(entry.priority);
        let lead = TimeDelta::from_std(ageing).ok().and_then(|step| step.checked_mul(steps));
        let moment = lead.and_then(|lead| entry.waiting_since.checked_add_signed(lead));
        let same = Q::Priority.eq(priority);
        match moment {
            Some(moment) => before = before.add(same.and(since(moment))),
            // Further apart than time goes.
            None if steps > 0 => before = before.add(same),
            None => {}
        }
    }
    Ok(line.filter(before).count(db).await?)
}

/// How callers' visits of a queue since `since` go: when they began, and once they are over how they ended, and when.
pub async fn visits_since<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
    since: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, Option<EntryOutcome>, Option<DateTime<Utc>>)>> {
    use queue_entry::Column as Q;
    Ok(scope
        .find::<queue_entry::Entity>()
        .select_only()
        .columns([Q::EnteredAt, Q::Outcome, Q::LeftAt])
        .filter(Q::QueueId.eq(queue))
        .filter(Q::EnteredAt.gte(since))
        .filter(Q::Purpose.eq(EntryPurpose::Caller))
        .into_tuple()
        .all(db)
        .await?)
}

/// The agent who talked last with who calls from this number.
pub async fn last_agent_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    number: &str,
) -> Result<Option<AgentId>> {
    let calls = scope
        .find::<call::Entity>()
        .select_only()
        .column(call::Column::Id)
        .filter(call::Column::FromAddress.eq(number));
    Ok(scope
        .find::<segment::Entity>()
        .select_only()
        .column(segment::Column::AgentId)
        .filter(segment::Column::CallId.in_subquery(calls.into_query()))
        .filter(segment::Column::ConnectedAt.is_not_null())
        .order_by_desc(segment::Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?)
}
