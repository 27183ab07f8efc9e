//! The outbox of a company, and what else an agent is shown when the events alone do not tell it.

use entity::id::AgentId;
use entity::{
    CompanyScope, OfferState, SegmentState, call, offer, outbox, outbox_counter, queue, queue_entry, segment,
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

/// The sequence number of the last event; 0 before the first.
pub async fn end<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<i64, DbErr> {
    let counter = scope.find_by_id::<outbox_counter::Entity>(scope.company()).one(db).await?;
    Ok(counter.map_or(0, |counter| counter.last_seq))
}

/// Up to `limit` events after `seq`, in order.
pub async fn after<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    seq: i64,
    limit: u64,
) -> Result<Vec<outbox::Model>, DbErr> {
    scope
        .find::<outbox::Entity>()
        .filter(outbox::Column::Seq.gt(seq))
        .order_by_asc(outbox::Column::Seq)
        .limit(limit)
        .all(db)
        .await
}

/// An open offer with all that it is described by.
pub struct OpenOffer {
    pub offer: offer::Model,
    pub call: call::Model,
    pub queue: queue::Model,
    pub entry: queue_entry::Model,
}

/// The open offers of an agent, the oldest first. One whose call or queue has gone meanwhile is left out.
pub async fn open_offers<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: AgentId,
) -> Result<Vec<OpenOffer>, DbErr> {
    // Not in the order of the database, for which SQLite would read all offers of the company.
    let mut offers = scope
        .find::<offer::Entity>()
        .filter(offer::Column::AgentId.eq(agent))
        .filter(offer::Column::State.eq(OfferState::Open))
        .all(db)
        .await?;
    offers.sort_by_key(|offer| offer.id);
    let mut open = Vec::with_capacity(offers.len());
    for offer in offers {
        let call = scope.find_by_id::<call::Entity>(offer.call_id).one(db).await?;
        let entry = scope.find_by_id::<queue_entry::Entity>(offer.queue_entry_id).one(db).await?;
        let (Some(call), Some(entry)) = (call, entry) else { continue };
        let queue = scope.find_by_id::<queue::Entity>(entry.queue_id).one(db).await?;
        open.extend(queue.map(|queue| OpenOffer { offer, call, queue, entry }));
    }
    Ok(open)
}

/// The calls that an agent has, is getting, or is wrapping up, the oldest first.
pub async fn calls_in_hand<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: AgentId,
) -> Result<Vec<(segment::Model, call::Model)>, DbErr> {
    let states =
        [SegmentState::Reserved, SegmentState::Joined, SegmentState::Connected, SegmentState::WrapUp];
    let segments = scope
        .find::<segment::Entity>()
        .filter(segment::Column::AgentId.eq(agent))
        .filter(segment::Column::State.is_in(states))
        .order_by_asc(segment::Column::Id)
        .all(db)
        .await?;
    let mut calls = Vec::with_capacity(segments.len());
    for segment in segments {
        let call = scope.find_by_id::<call::Entity>(segment.call_id).one(db).await?;
        calls.extend(call.map(|call| (segment, call)));
    }
    Ok(calls)
}
