//! Legs of those who are neither a caller who has called us nor an agent with an offer: somebody outside, supervisors, and
//! who is called by an agent. What a leg is for decides who hears of it.

use entity::id::LegId;
use entity::{CompanyScope, LegKind, LegState, SegmentState, leg};
use sea_orm::ConnectionTrait;
use twilio::webhook::{CallProgress, VoiceRequest};

use super::file::caller_has_left;
use super::reply::Hears;
use super::{CallFile, Reply, agent_leg, leave, outbound, supervise, transfer};
use crate::app::App;
use crate::error::Result;
use crate::store::{Unit, calls, companies, live, queueing};

/// Whether somebody still waits for who has this leg.
pub async fn wanted(unit: &Unit, leg: &leg::Model) -> Result<bool> {
    match (leg.kind, leg.offer_id) {
        (LegKind::Agent, Some(offer)) => agent_leg::wanted(unit, offer).await,
        (LegKind::Transfer, _) => transfer::wanted(unit, leg).await,
        (LegKind::Supervisor, _) => supervise::wanted(unit, leg).await,
        (LegKind::Caller, _) => outbound::is_wanted(unit, leg).await,
        (LegKind::Agent, None) => Ok(false),
    }
}

/// His phone was answered.
pub async fn answered(unit: &mut Unit, id: LegId, request: &VoiceRequest) -> Result<Reply> {
    let Some(seen) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(Reply::HangUp) };
    let file = CallFile::open(unit, seen.call_id).await?;
    let Some(leg) = learn(unit, id, &request.call_sid, LegState::InProgress).await? else {
        return Ok(Reply::HangUp);
    };
    if leg.state.is_over() || !wanted(unit, &leg).await? {
        return Ok(Reply::HangUp);
    }
    match leg.kind {
        LegKind::Transfer => {
            let asked = live::transfer_of_leg(unit.scope(), unit.tx(), id).await?;
            let first = match asked {
                Some(transfer) => queueing::segment(unit.scope(), unit.tx(), transfer.segment_id).await?,
                None => None,
            };
            Ok(first.map_or(Reply::HangUp, |first| Reply::JoinParty {
                leg: id,
                room: first.room_id,
                hears: Hears::AndIsHeard,
            }))
        }
        LegKind::Supervisor => supervisor_goes(unit.scope(), unit.tx(), &leg, file.id(), 0).await,
        LegKind::Caller | LegKind::Agent => Ok(Reply::HangUp),
    }
}

/// His line comes out of a room. A supervisor stays on the line until the caller has the next agent, and then goes to
/// them. Only reads.
pub async fn came_out(app: &App, scope: CompanyScope, id: LegId, hop: u32) -> Result<Reply> {
    let db = app.db.reader();
    let Some(leg) = calls::leg(scope, db, id).await? else { return Ok(Reply::HangUp) };
    let call = calls::get(scope, db, leg.call_id).await?;
    let open = live::supervision_of_leg(scope, db, id).await?.is_some_and(|one| one.ended_at.is_none());
    if leg.kind != LegKind::Supervisor || !open || caller_has_left(&call) {
        return Ok(Reply::HangUp);
    }
    if hop == 0 {
        // Why he came out is being told to us in this moment.
        return Ok(Reply::Between { leg: id, hop, words: companies::words(scope, db).await? });
    }
    supervisor_goes(scope, db, &leg, call.id, hop).await
}

async fn supervisor_goes<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    leg: &leg::Model,
    call: entity::id::CallId,
    hop: u32,
) -> Result<Reply> {
    Ok(match queueing::live_segment(scope, db, call).await? {
        Some(segment) if segment.state == SegmentState::Connected => {
            Reply::JoinParty { leg: leg.id, room: segment.room_id, hears: Hears::Only }
        }
        Some(_) | None => Reply::Between { leg: leg.id, hop, words: companies::words(scope, db).await? },
    })
}

/// What the provider says of a leg; old news changes nothing.
pub async fn progressed(unit: &mut Unit, id: LegId, news: &CallProgress) -> Result<()> {
    let Some(seen) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    match seen.kind {
        LegKind::Agent => return agent_leg::progressed(unit, id, news).await,
        LegKind::Caller => return outbound::progressed(unit, id, news).await,
        LegKind::Transfer | LegKind::Supervisor => {}
    }
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(state) = agent_leg::leg_state(&news.status) else { return Ok(()) };
    let before = calls::leg(unit.scope(), unit.tx(), id).await?.map(|leg| leg.state);
    let Some(leg) = learn(unit, id, &news.call_sid, state).await? else { return Ok(()) };
    if before == Some(leg.state) {
        return Ok(());
    }
    if leg.state.is_over() {
        gone(unit, &mut file, &leg).await?;
    } else if !wanted(unit, &leg).await? {
        // Nobody waits for this leg any more, and perhaps nobody knew its id until now.
        leave::end_leg(unit, &leg);
    }
    file.save(unit).await
}

/// The leg is over.
pub async fn gone(unit: &mut Unit, file: &mut CallFile, leg: &leg::Model) -> Result<()> {
    match leg.kind {
        LegKind::Transfer => transfer::gone(unit, file, leg).await,
        LegKind::Supervisor => supervise::gone(unit, leg).await,
        LegKind::Caller => outbound::over(unit, file, leg.state, None).await,
        LegKind::Agent => Ok(()),
    }
}

/// Learns the leg's id and state from a request; `None` when it speaks of another leg than the one that we made.
async fn learn(unit: &Unit, id: LegId, call_sid: &str, state: LegState) -> Result<Option<leg::Model>> {
    let Some(mut leg) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(None) };
    if leg.provider_sid.as_deref().is_some_and(|known| known != call_sid) {
        return Ok(None);
    }
    leg.provider_sid = Some(call_sid.to_owned());
    calls::advance_leg(&mut leg, state, unit.now());
    calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
    Ok(Some(leg))
}
