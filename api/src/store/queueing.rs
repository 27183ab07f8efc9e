//! Queue entries, rounds, offers, segments, slots, and the changes that routing has yet to read.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, OfferId, QueueEntryId, QueueId, RoundId, SegmentId};
use entity::{
    CompanyScope, EntryOutcome, EntryPurpose, Inserted, JobKind, JobState, OfferState, SegmentPart,
    SegmentState, SlotHolder, VisitPlan, agent_slot, call, job, offer, offer_round, queue, queue_entry,
    routing_change, routing_state, segment,
};
use sea_orm::sea_query::{Condition, Expr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

/// Segments in which an agent has the call, or is about to.
pub const LIVE: [SegmentState; 3] = [SegmentState::Reserved, SegmentState::Joined, SegmentState::Connected];

// ---- routing

/// The company's routing lock, taken before any other.
pub async fn lock_routing(scope: CompanyScope, tx: &Tx) -> Result<Option<routing_state::Model>> {
    Ok(scope.find_by_id::<routing_state::Entity>(scope.company()).lock_exclusive().one(tx).await?)
}

pub async fn save_routing(scope: CompanyScope, tx: &Tx, row: routing_state::Model) -> Result<()> {
    scope.save::<routing_state::Entity, _>(tx, scope.company(), row).await?;
    Ok(())
}

/// Takes the changes that are there.
pub async fn take_changes(scope: CompanyScope, tx: &Tx) -> Result<Vec<routing_change::Model>> {
    let changes = scope.find::<routing_change::Entity>().all(tx).await?;
    if !changes.is_empty() {
        let ids: Vec<_> = changes.iter().map(|change| change.id).collect();
        for ids in ids.chunks(500) {
            let ids = ids.iter().copied();
            scope
                .delete_many::<routing_change::Entity>()
                .filter(routing_change::Column::Id.is_in(ids))
                .exec(tx)
                .await?;
        }
    }
    Ok(changes)
}

// ---- queues

pub async fn queue<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: QueueId) -> Result<queue::Model> {
    scope.find_by_id::<queue::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Queue))
}

/// The queues in which somebody can wait.
pub async fn queues<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<queue::Model>> {
    Ok(in_use(scope).all(db).await?)
}

/// A queue in which somebody can wait.
pub async fn queue_in_use<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: QueueId,
) -> Result<Option<queue::Model>> {
    Ok(in_use(scope).filter(queue::Column::Id.eq(id)).one(db).await?)
}

/// Keeps everybody else who asks for it out of the queue until the transaction ends.
pub async fn lock_queue(scope: CompanyScope, tx: &Tx, id: QueueId) -> Result<()> {
    scope.find_by_id::<queue::Entity>(id).lock_exclusive().one(tx).await?;
    Ok(())
}

fn in_use(scope: CompanyScope) -> Select<queue::Entity> {
    scope.find::<queue::Entity>().filter(queue::Column::DeletedAt.is_null())
}

/// By id or by name, as flows name a queue.
pub async fn queue_by_name<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    name: &str,
) -> Result<Option<queue::Model>> {
    let by = match name.parse::<QueueId>() {
        Ok(id) => queue::Column::Id.eq(id),
        Err(_) => queue::Column::Name.eq(name),
    };
    Ok(in_use(scope).filter(by).one(db).await?)
}

// ---- entries

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

/// How callers' visits of a queue since `since` went: when they began, how they ended, and when.
pub async fn visits_since<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
    since: DateTime<Utc>,
) -> Result<Vec<(DateTime<Utc>, EntryOutcome, DateTime<Utc>)>> {
    use queue_entry::Column as Q;
    type Row = (DateTime<Utc>, Option<EntryOutcome>, Option<DateTime<Utc>>);
    let rows: Vec<Row> = scope
        .find::<queue_entry::Entity>()
        .select_only()
        .columns([Q::EnteredAt, Q::Outcome, Q::LeftAt])
        .filter(Q::QueueId.eq(queue))
        .filter(Q::EnteredAt.gte(since))
        .filter(Q::Purpose.eq(EntryPurpose::Caller))
        .filter(Q::Outcome.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(entered, outcome, left)| Some((entered, outcome?, left?))).collect())
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

// ---- rounds and offers

/// Opens a round unless the entry has one; the database sees to it that there is at most one.
pub async fn open_round(
    scope: CompanyScope,
    tx: &Tx,
    entry: QueueEntryId,
    id: RoundId,
    at: DateTime<Utc>,
) -> Result<Inserted> {
    let round = offer_round::Model {
        id,
        company_id: scope.company(),
        queue_entry_id: entry,
        opened_at: at,
        closed_at: None,
    };
    Ok(scope.insert_or_ignore::<offer_round::Entity, _>(tx, round).await?)
}

/// The round in which the entry is offered now, if any.
pub async fn open_round_of(
    scope: CompanyScope,
    tx: &Tx,
    entry: QueueEntryId,
) -> Result<Option<offer_round::Model>> {
    Ok(scope
        .find::<offer_round::Entity>()
        .filter(offer_round::Column::QueueEntryId.eq(entry))
        .filter(offer_round::Column::ClosedAt.is_null())
        .one(tx)
        .await?)
}

pub async fn close_round(scope: CompanyScope, tx: &Tx, id: RoundId, at: DateTime<Utc>) -> Result<()> {
    let changes = offer_round::ActiveModel { closed_at: Set(Some(at)), ..Default::default() };
    scope
        .update_many::<offer_round::Entity>()
        .set(changes)
        .filter(offer_round::Column::Id.eq(id))
        .filter(offer_round::Column::ClosedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn offer<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: OfferId) -> Result<offer::Model> {
    scope.find_by_id::<offer::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Offer))
}

pub async fn offers_of_entry<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    entries: &[QueueEntryId],
) -> Result<Vec<offer::Model>> {
    Ok(scope
        .find::<offer::Entity>()
        .filter(offer::Column::QueueEntryId.is_in(entries.iter().copied()))
        .order_by_asc(offer::Column::Id)
        .all(db)
        .await?)
}

pub async fn open_offers_of_round(scope: CompanyScope, tx: &Tx, round: RoundId) -> Result<Vec<offer::Model>> {
    Ok(scope
        .find::<offer::Entity>()
        .filter(offer::Column::RoundId.eq(round))
        .filter(offer::Column::State.eq(OfferState::Open))
        .all(tx)
        .await?)
}

pub async fn open_offers_of_call(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<Vec<offer::Model>> {
    Ok(scope
        .find::<offer::Entity>()
        .filter(offer::Column::CallId.eq(call))
        .filter(offer::Column::State.eq(OfferState::Open))
        .all(tx)
        .await?)
}

pub async fn open_offers_of_agent<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: Option<AgentId>,
) -> Result<Vec<offer::Model>> {
    let mut query = scope.find::<offer::Entity>().filter(offer::Column::State.eq(OfferState::Open));
    if let Some(agent) = agent {
        query = query.filter(offer::Column::AgentId.eq(agent));
    }
    Ok(query.order_by_asc(offer::Column::Id).all(db).await?)
}

/// Who won the round, if anybody.
pub async fn winner_of_round<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    round: RoundId,
) -> Result<Option<offer::Model>> {
    Ok(scope
        .find::<offer::Entity>()
        .filter(offer::Column::RoundId.eq(round))
        .filter(offer::Column::State.eq(OfferState::Accepted))
        .one(db)
        .await?)
}

/// Settles an open offer: one conditional write, and whoever comes second has lost.
pub async fn settle_offer(
    scope: CompanyScope,
    tx: &Tx,
    id: OfferId,
    to: OfferState,
    at: DateTime<Utc>,
) -> Result<Won> {
    let changes = offer::ActiveModel { state: Set(to), settled_at: Set(Some(at)), ..Default::default() };
    let done = scope
        .update_many::<offer::Entity>()
        .set(changes)
        .filter(offer::Column::Id.eq(id))
        .filter(offer::Column::State.eq(OfferState::Open))
        .exec(tx)
        .await?;
    Ok(Won::from_rows(done.rows_affected))
}

/// The outcome of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Won {
    Yes,
    /// Somebody else was first.
    No,
}

impl Won {
    fn from_rows(rows: u64) -> Self {
        if rows > 0 { Self::Yes } else { Self::No }
    }
}

// ---- segments

pub async fn segment<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: SegmentId,
) -> Result<Option<segment::Model>> {
    Ok(scope.find_by_id::<segment::Entity>(id).one(db).await?)
}

pub async fn segment_of_offer<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    offer: OfferId,
) -> Result<Option<segment::Model>> {
    Ok(scope.find::<segment::Entity>().filter(segment::Column::OfferId.eq(offer)).one(db).await?)
}

pub async fn segments_of_call<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<segment::Model>> {
    Ok(scope
        .find::<segment::Entity>()
        .filter(segment::Column::CallId.eq(call))
        .order_by_asc(segment::Column::Id)
        .all(db)
        .await?)
}

/// The agent who has the call, or is about to.
pub async fn live_segment<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<segment::Model>> {
    Ok(live(scope, call).filter(segment::Column::Part.eq(SegmentPart::Main)).one(db).await?)
}

/// The agent who is asked by the one who has the call.
pub async fn consult_segment<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<segment::Model>> {
    Ok(live(scope, call).filter(segment::Column::Part.eq(SegmentPart::Consult)).one(db).await?)
}

/// Every agent who has the call, or is about to.
pub async fn live_segments<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<segment::Model>> {
    Ok(live(scope, call).order_by_asc(segment::Column::Id).all(db).await?)
}

fn live(scope: CompanyScope, call: CallId) -> Select<segment::Entity> {
    scope
        .find::<segment::Entity>()
        .filter(segment::Column::CallId.eq(call))
        .filter(segment::Column::State.is_in(LIVE))
}

pub async fn segments_of_entries<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    entries: &[QueueEntryId],
) -> Result<Vec<segment::Model>> {
    Ok(scope
        .find::<segment::Entity>()
        .filter(segment::Column::QueueEntryId.is_in(entries.iter().copied()))
        .all(db)
        .await?)
}

/// The last conversations of a queue that are over, newest first: what the mean handle time is made of.
pub async fn last_handled<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
    limit: u64,
) -> Result<Vec<segment::Model>> {
    Ok(scope
        .find::<segment::Entity>()
        .filter(segment::Column::QueueId.eq(queue))
        .filter(segment::Column::State.eq(SegmentState::Done))
        .order_by_desc(segment::Column::Id)
        .limit(limit)
        .all(db)
        .await?)
}

pub async fn save_segment(scope: CompanyScope, tx: &Tx, row: segment::Model) -> Result<()> {
    let id = row.id;
    scope.save::<segment::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Calls that are the agent's now or were last, in which he has a segment, or an open offer: what "own" means for calls.
pub fn calls_of(scope: CompanyScope, agent: AgentId) -> Condition {
    let segments = scope
        .find::<segment::Entity>()
        .select_only()
        .column(segment::Column::CallId)
        .filter(segment::Column::AgentId.eq(agent));
    let offers = scope
        .find::<offer::Entity>()
        .select_only()
        .column(offer::Column::CallId)
        .filter(offer::Column::AgentId.eq(agent))
        .filter(offer::Column::State.eq(OfferState::Open));
    Condition::any()
        .add(call::Column::AgentId.eq(agent))
        .add(call::Column::Id.in_subquery(segments.into_query()))
        .add(call::Column::Id.in_subquery(offers.into_query()))
}

/// Whether the call is the agent's, he had it before, or it is offered to him.
pub async fn is_call_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: AgentId,
    call: CallId,
) -> Result<bool> {
    let found = scope.find_by_id::<call::Entity>(call).filter(calls_of(scope, agent)).count(db).await?;
    Ok(found > 0)
}

// ---- slots

/// Takes a slot of the agent: the primary key keeps anybody from taking the same one.
pub async fn take_slot(scope: CompanyScope, tx: &Tx, slot: agent_slot::Model) -> Result<Inserted> {
    Ok(scope.insert_or_ignore::<agent_slot::Entity, _>(tx, slot).await?)
}

pub async fn slots_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agents: &[AgentId],
) -> Result<Vec<agent_slot::Model>> {
    Ok(scope
        .find::<agent_slot::Entity>()
        .filter(agent_slot::Column::AgentId.is_in(agents.iter().copied()))
        .all(db)
        .await?)
}

/// Every slot that is held in the company.
pub async fn held_slots<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<agent_slot::Model>> {
    Ok(scope.find::<agent_slot::Entity>().all(db).await?)
}

pub async fn pass_slot_on(scope: CompanyScope, tx: &Tx, offer: OfferId, to: SlotHolder) -> Result<()> {
    scope
        .update_many::<agent_slot::Entity>()
        .col_expr(agent_slot::Column::Holder, Expr::value(to.as_str()))
        .filter(agent_slot::Column::OfferId.eq(offer))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn release_slot(scope: CompanyScope, tx: &Tx, offer: OfferId) -> Result<()> {
    scope.delete_many::<agent_slot::Entity>().filter(agent_slot::Column::OfferId.eq(offer)).exec(tx).await?;
    Ok(())
}
