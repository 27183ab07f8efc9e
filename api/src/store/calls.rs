//! Calls, legs, events, engine inputs.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, LegId, OfferId};
use entity::{CallStatus, CompanyScope, LegKind, LegState, call, call_event, leg};
use sea_orm::{ColumnTrait, ConnectionTrait, Iterable, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::{Error, Result, Subject};

/// The call, locked for this transaction. Locks are taken in this order everywhere: routing state, call, entry, slots.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: CallId) -> Result<call::Model> {
    scope.find_by_id::<call::Entity>(id).lock_exclusive().one(tx).await?.ok_or(Error::NotFound(Subject::Call))
}

pub async fn lock_by_provider_sid(scope: CompanyScope, tx: &Tx, sid: &str) -> Result<Option<call::Model>> {
    Ok(scope
        .find::<call::Entity>()
        .filter(call::Column::ProviderSid.eq(sid))
        .lock_exclusive()
        .one(tx)
        .await?)
}

pub async fn get<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: CallId) -> Result<call::Model> {
    scope.find_by_id::<call::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Call))
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: call::Model) -> Result<()> {
    let id = row.id;
    scope.save::<call::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The whole story, oldest first, after `after`.
pub async fn events<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: CallId,
    after: i32,
    limit: u64,
) -> Result<Vec<call_event::Model>> {
    Ok(scope
        .find::<call_event::Entity>()
        .filter(call_event::Column::CallId.eq(id))
        .filter(call_event::Column::Seq.gt(after))
        .order_by_asc(call_event::Column::Seq)
        .limit(limit)
        .all(db)
        .await?)
}

/// The code of a [`FlowProblem`](crate::calls::story::EventKind::FlowProblem) line about a call whose line could not get on.
pub const FALLBACK: &str = "fallback";

/// How often the provider could not get on with this call.
pub async fn times_rescued<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: CallId) -> Result<usize> {
    let problems = scope
        .find::<call_event::Entity>()
        .filter(call_event::Column::CallId.eq(id))
        .filter(call_event::Column::Kind.eq(crate::calls::story::EventKind::FlowProblem.as_str()))
        .all(db)
        .await?;
    Ok(problems.iter().filter(|line| line.data["code"] == FALLBACK).count())
}

pub async fn legs<C: ConnectionTrait>(scope: CompanyScope, db: &C, call: CallId) -> Result<Vec<leg::Model>> {
    Ok(scope
        .find::<leg::Entity>()
        .filter(leg::Column::CallId.eq(call))
        .order_by_asc(leg::Column::Id)
        .all(db)
        .await?)
}

pub async fn leg<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: LegId) -> Result<Option<leg::Model>> {
    Ok(scope.find_by_id::<leg::Entity>(id).one(db).await?)
}

pub async fn caller_leg<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<leg::Model>> {
    Ok(scope
        .find::<leg::Entity>()
        .filter(leg::Column::CallId.eq(call))
        .filter(leg::Column::Kind.eq(LegKind::Caller))
        .one(db)
        .await?)
}

/// The agent's leg of an offer; at most one is made.
pub async fn offer_leg<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    offer: OfferId,
) -> Result<Option<leg::Model>> {
    Ok(scope.find::<leg::Entity>().filter(leg::Column::OfferId.eq(offer)).one(db).await?)
}

pub async fn save_leg(scope: CompanyScope, tx: &Tx, row: leg::Model) -> Result<()> {
    let id = row.id;
    scope.save::<leg::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Legs whose end the provider has not told us yet.
pub async fn open_legs<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<leg::Model>> {
    Ok(legs(scope, db, call).await?.into_iter().filter(|leg| !leg.state.is_over()).collect())
}

/// The company's legs that have not ended, as far as we know.
pub async fn legs_without_end<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<leg::Model>> {
    Ok(scope.find::<leg::Entity>().filter(leg::Column::EndedAt.is_null()).all(db).await?)
}

/// The company's legs with these ids at the provider. Ids of others' calls find nothing.
pub async fn legs_by_sid<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    sids: &[String],
) -> Result<Vec<leg::Model>> {
    let mut found = Vec::new();
    for sids in sids.chunks(500) {
        let these = leg::Column::ProviderSid.is_in(sids.iter().map(String::as_str));
        found.extend(scope.find::<leg::Entity>().filter(these).all(db).await?);
    }
    Ok(found)
}

/// The company's calls that are not over for everybody.
pub async fn unfinished<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<call::Model>> {
    let live = CallStatus::iter().filter(|status| !status.is_over());
    Ok(scope.find::<call::Entity>().filter(call::Column::Status.is_in(live)).all(db).await?)
}

/// What a page of calls is filtered by.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<entity::CallStatus>,
    pub kind: Option<entity::CallKind>,
    pub outcome: Option<entity::CallOutcome>,
    pub counted: super::calls_counted::Counted,
    /// Calls in which this agent has a segment or an open offer.
    pub of_agent: Option<AgentId>,
    /// Calls before this one in the order of the list.
    pub before: Option<CallId>,
}

/// Newest first. An id is a time-ordered UUID, so the id is also the cursor.
pub async fn list<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<call::Model>> {
    let mut query = scope.find::<call::Entity>().order_by_desc(call::Column::Id).limit(limit);
    if let Some(status) = filter.status {
        query = query.filter(call::Column::Status.eq(status));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(call::Column::Kind.eq(kind));
    }
    if let Some(outcome) = filter.outcome {
        query = query.filter(call::Column::Outcome.eq(outcome));
    }
    if let Some(before) = filter.before {
        query = query.filter(call::Column::Id.lt(before));
    }
    query = query.filter(filter.counted.condition(scope));
    if let Some(agent) = filter.of_agent {
        query = query.filter(super::queueing::calls_of(scope, agent));
    }
    Ok(query.all(db).await?)
}

/// Moves a leg forward; old news leaves it as it is. Tells whether it moved.
pub fn advance_leg(leg: &mut leg::Model, to: LegState, at: DateTime<Utc>) -> Moved {
    match leg.state.advance(to) {
        None => Moved::No,
        Some(state) => {
            leg.state = state;
            if state.is_over() {
                leg.ended_at = Some(at);
            }
            Moved::Yes
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Yes,
    /// It was old news.
    No,
}
