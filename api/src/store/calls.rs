//! Calls, legs, events, engine inputs.

use chrono::{DateTime, Utc};
use entity::id::{CallId, LegId, OfferId};
use entity::{CallStatus, CompanyScope, LegKind, LegState, call, call_event, leg};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, Iterable, QueryFilter, QueryOrder, QuerySelect, Select};

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

/// For who reads many calls: without what only a call's flow needs, which is most of the row. These are to look at, and not to save.
pub fn without_session(calls: Select<call::Entity>) -> Select<call::Entity> {
    let is_light =
        |column: &call::Column| !matches!(column, call::Column::Session | call::Column::CurrentTwiml);
    calls
        .select_only()
        .columns(call::Column::iter().filter(is_light))
        .expr_as(Expr::cust("NULL"), "session")
        .expr_as(Expr::cust("NULL"), "current_twiml")
}

/// The company's calls that are not over for everybody, [without their sessions](without_session).
pub async fn unfinished<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<call::Model>> {
    let live = CallStatus::iter().filter(|status| !status.is_over());
    let calls = scope.find::<call::Entity>().filter(call::Column::Status.is_in(live));
    Ok(without_session(calls).all(db).await?)
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
