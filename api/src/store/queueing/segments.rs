//! Agents' times with calls, and whose a call is.

use entity::id::{AgentId, CallId, OfferId, QueueEntryId, QueueId, SegmentId};
use entity::{
    CompanyScope, OfferState, SegmentPart, SegmentState, call, offer, peer_call_participant, segment,
};
use sea_orm::sea_query::Condition;
use sea_orm::{
    ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::LIVE;
use crate::error::Result;
use crate::store::{Tx, peer_calls};

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
    let with_colleagues = scope
        .find::<peer_call_participant::Entity>()
        .select_only()
        .column(peer_call_participant::Column::CallId)
        .filter(peer_call_participant::Column::AgentId.eq(agent))
        .filter(peer_calls::shown());
    Condition::any()
        .add(call::Column::AgentId.eq(agent))
        .add(call::Column::Id.in_subquery(segments.into_query()))
        .add(call::Column::Id.in_subquery(offers.into_query()))
        .add(call::Column::Id.in_subquery(with_colleagues.into_query()))
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
