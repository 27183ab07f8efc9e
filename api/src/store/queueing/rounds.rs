//! Rounds, and the offers in them.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, OfferId, QueueEntryId, RoundId};
use entity::{CompanyScope, Inserted, OfferState, offer, offer_round};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use super::Won;
use crate::error::{Error, Result, Subject};
use crate::store::Tx;

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

impl Won {
    fn from_rows(rows: u64) -> Self {
        if rows > 0 { Self::Yes } else { Self::No }
    }
}
