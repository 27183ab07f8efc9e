//! What we ask the provider to do. Each is a job: it is done after the commit that made it necessary, and again after a
//! crash, so each looks first whether it is still wanted.

use entity::id::{CallId, LegId, OfferId, QueueEntryId, SegmentId, TransferId};
use entity::{
    CallKind, CallStatus, CompanyScope, EndedBy, JobKind, LegKind, LegState, SegmentPart, SegmentState, call,
    leg, segment,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use twilio::rest::{Client, CreateCall, Error as RestError, ParticipantStatus, UpdateCall};
use twilio::twiml::CallEvent;

use super::file::caller_has_left;
use super::reply::Destination;
use super::story::EventKind;
use super::{CallFile, agent_leg, conference, enqueue, leave, outbound, party, transfer};
use crate::app::App;
use crate::error::Result;
use crate::jobs::{Attempt, Done};
use crate::store::side_sessions::{self, Whose};
use crate::store::{Unit, calls, queueing};

/// Where a caller is to be brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Agent {
        segment: SegmentId,
    },
    /// To what his own line does for a transfer.
    Transfer {
        transfer: TransferId,
    },
    Queue {
        entry: QueueEntryId,
        after: SegmentId,
    },
    /// On in his flow, which has come to this version of its session.
    Flow {
        version: i32,
    },
    /// Out of the queue, unless he has left it by himself: then the session has gone on from `version`.
    QueueExit {
        entry: QueueEntryId,
        version: i32,
    },
}

pub fn move_caller(unit: &mut Unit, file: &CallFile, target: Target) {
    let now = unit.now();
    unit.job(JobKind::MoveCaller, file.id(), json!(target), now);
}

/// Brings the caller to his target, if that is still where he belongs. When it is not the first attempt, an earlier one
/// may have succeeded without our knowing: who is in the room already must not be torn out of it, since his leaving ends
/// the conference.
pub async fn bring_caller(
    app: &App,
    scope: CompanyScope,
    call: CallId,
    target: Target,
    attempt: Attempt,
) -> Result<Done> {
    let db = app.db.reader();
    let row = calls::get(scope, db, call).await?;
    if caller_has_left(&row) {
        return Ok(Done::Yes);
    }
    let destination = match target {
        Target::Agent { segment } => Destination::Agent { call, segment },
        Target::Queue { entry, after } => Destination::Queue { call, entry, after },
        Target::QueueExit { entry, version } => Destination::QueueExit { call, entry, version },
        Target::Transfer { transfer } => Destination::Transfer { transfer },
        Target::Flow { version } => Destination::Flow { call, version },
    };
    if !still_wanted(app, scope, call, target).await? {
        return Ok(Done::Yes);
    }
    let url = destination.url(&app.urls(scope.company()));
    let client = app.providers.client(scope, db).await?;
    if let (Attempt::Again, Target::Agent { segment }) = (attempt, target) {
        match is_in_the_room(&client, &row).await {
            Ok(true) => return found_there(app, scope, segment).await,
            Ok(false) => {}
            Err(error) => return Ok(Done::retry(&error)),
        }
    }
    match client.update_call(&row.provider_sid, &UpdateCall::Redirect { url }).await {
        Ok(_) => Ok(Done::Yes),
        Err(error) if error.is_gone() => {
            caller_is_gone(app, scope, call).await?;
            Ok(Done::Yes)
        }
        Err(error) => Ok(Done::retry(&error)),
    }
}

/// Whether the provider sees the caller in the conference.
async fn is_in_the_room(client: &Client, call: &call::Model) -> std::result::Result<bool, RestError> {
    let Some(conference) = &call.conference_sid else { return Ok(false) };
    match client.fetch_participant(conference, &call.provider_sid).await {
        Ok(participant) => Ok(participant.status == ParticipantStatus::Connected),
        Err(error) if error.is_gone() => Ok(false),
        Err(error) => Err(error),
    }
}

/// He is there, and the events that should have said so are lost or late.
async fn found_there(app: &App, scope: CompanyScope, id: SegmentId) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(seen) = queueing::segment(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let Some(segment) = queueing::segment(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    if segment.state == SegmentState::Joined {
        let now = unit.now();
        conference::caller_is_there(&mut unit, &mut file, segment, now).await?;
        file.save(&mut unit).await?;
        unit.commit().await?;
    }
    Ok(Done::Yes)
}

/// The time in which an agent who accepted had to come, and then the caller to him, is over. Both may be talking, and
/// only the events that would have said so be lost: the provider is asked before anybody is torn from anybody.
pub async fn join_deadline(app: &App, scope: CompanyScope, id: SegmentId) -> Result<Done> {
    let db = app.db.reader();
    let Some(segment) = queueing::segment(scope, db, id).await? else { return Ok(Done::Yes) };
    match segment.state {
        SegmentState::Reserved => {
            // He may have picked up, and hear what his queue has to tell him first.
            let whose = Whose::IsOffered(segment.offer_id);
            let heard = side_sessions::session_of(scope, db, whose).await?.map(|row| row.moved_at);
            if let Some(until) = heard.map(|at| at + app.settings.timing.join)
                && until > app.clock.now()
            {
                return Ok(Done::Again(until));
            }
        }
        // He has come to the agent who asked him.
        SegmentState::Joined if segment.part == SegmentPart::Consult => return Ok(Done::Yes),
        SegmentState::Joined => {
            let call = calls::get(scope, db, segment.call_id).await?;
            if outbound::has_yet_to_answer(&call) {
                return outbound::time_is_up(app, scope, &segment).await;
            }
            let since = segment.agent_joined_at.unwrap_or(segment.reserved_at);
            if since + app.settings.timing.join > app.clock.now() {
                return Ok(Done::Again(since + app.settings.timing.join));
            }
            let client = app.providers.client(scope, db).await?;
            match is_in_the_room(&client, &call).await {
                Ok(true) => return found_there(app, scope, id).await,
                Ok(false) => {}
                Err(error) => return Ok(Done::retry(&error)),
            }
        }
        SegmentState::Connected | SegmentState::WrapUp | SegmentState::Done | SegmentState::Failed => {
            return Ok(Done::Yes);
        }
    }
    give_up(app, scope, &segment).await
}

/// Unless something has happened since `seen`.
async fn give_up(app: &App, scope: CompanyScope, seen: &segment::Model) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let Some(segment) = queueing::segment(scope, unit.tx(), seen.id).await? else { return Ok(Done::Yes) };
    if segment.state != seen.state {
        return Ok(Done::Again(unit.now()));
    }
    leave::give_up_segment(&mut unit, &mut file, segment, EndedBy::System).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}

async fn still_wanted(app: &App, scope: CompanyScope, call: CallId, target: Target) -> Result<bool> {
    let live = queueing::live_segment(scope, app.db.reader(), call).await?;
    Ok(match target {
        Target::Agent { segment } => {
            live.is_some_and(|live| live.id == segment && live.state == SegmentState::Joined)
        }
        Target::Transfer { transfer } => transfer::is_still_wanted(scope, app.db.reader(), transfer).await?,
        // What the line has answered since moves the session on.
        Target::Flow { version } => {
            live.is_none() && calls::get(scope, app.db.reader(), call).await?.session_version == version
        }
        // He waits there still, or was moved on meanwhile: to another queue, or to the exit, which he reaches from his
        // parking place.
        Target::Queue { .. } => {
            let row = calls::get(scope, app.db.reader(), call).await?;
            let last = queueing::last_visit(scope, app.db.reader(), call).await?;
            last.is_some_and(|visit| enqueue::has_to_be_parked(&visit, &row))
                && live.is_none_or(|live| live.state == SegmentState::Reserved)
        }
        Target::QueueExit { version, .. } => {
            let row = calls::get(scope, app.db.reader(), call).await?;
            live.is_none() && row.session_version == version && row.status == CallStatus::InIvr
        }
    })
}

/// The provider says that there is no such call any more: the callback that should have said so is lost or late.
async fn caller_is_gone(app: &App, scope: CompanyScope, call: CallId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, call).await?;
    leave::caller_left(&mut unit, &mut file, None, EndedBy::Caller).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// Calls the phone of an agent, of somebody outside, or of a supervisor. A create is never repeated blindly: when the job runs again after a crash, the leg is left to
/// its deadline, and if the phone did ring after all, the answer finds the offer by the id in its address.
pub async fn dial(app: &App, scope: CompanyScope, id: LegId) -> Result<Done> {
    let Some(leg) = plan_to_dial(app, scope, id).await? else { return Ok(Done::Yes) };
    let urls = app.urls(scope.company());
    let call = calls::get(scope, app.db.reader(), leg.call_id).await?;
    let client = app.providers.client(scope, app.db.reader()).await?;
    let made = match leg.kind {
        LegKind::Caller => outbound::create(app, scope, &client, &call, &leg).await?,
        LegKind::Agent | LegKind::Transfer | LegKind::Supervisor => {
            let (answer, ring) = match leg.offer_id {
                Some(offer) => (urls.agent_answer(offer), ring_seconds(app, scope, offer).await?),
                None => (urls.party_answer(id), transfer::RING_SECONDS),
            };
            let create = CreateCall::url(call.our_address(), &leg.address, answer)
                .status_callback(urls.leg_status(id))
                // Its creation is our own doing, and its answer asks for a document: being told of them again costs a
                // commit each.
                .status_callback_event([CallEvent::Ringing, CallEvent::Completed])
                .timeout(ring);
            client.create_call(&create).await.map(|made| made.sid)
        }
    };
    match made {
        Ok(sid) => dialled(app, scope, id, Some(sid)).await,
        // It may ring: the callback will say so, or the deadline ends it.
        Err(RestError::Unknown(_) | RestError::Server { .. }) => dialled(app, scope, id, None).await,
        Err(error) if error.may_be_repeated() => {
            unplan(app, scope, id).await?;
            Ok(Done::retry(&error))
        }
        Err(error) => {
            tracing::warn!(leg = %id, %error, "somebody could not be called");
            could_not_dial(app, scope, id).await
        }
    }
}

/// Marks the leg as dialled before it is, so that a crash in between cannot make the phone ring twice. `None` when
/// nobody waits for it any more, or it was dialled before.
async fn plan_to_dial(app: &App, scope: CompanyScope, id: LegId) -> Result<Option<leg::Model>> {
    let unit = Unit::begin(app, scope).await?;
    let Some(seen) = calls::leg(scope, unit.tx(), id).await? else { return Ok(None) };
    let _locked = CallFile::open(&unit, seen.call_id).await?;
    let Some(mut leg) = calls::leg(scope, unit.tx(), id).await? else { return Ok(None) };
    if leg.state != LegState::Planned || !party::wanted(&unit, &leg).await? {
        return Ok(None);
    }
    leg.state = LegState::Dialled;
    leg.dialled_at = Some(unit.now());
    calls::save_leg(scope, unit.tx(), leg.clone()).await?;
    unit.commit().await?;
    Ok(Some(leg))
}

/// The provider has certainly not called: it may be tried again.
async fn unplan(app: &App, scope: CompanyScope, id: LegId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if let Some(mut leg) = calls::leg(scope, unit.tx(), id).await?
        && leg.state == LegState::Dialled
        && leg.provider_sid.is_none()
    {
        leg.state = LegState::Planned;
        calls::save_leg(scope, unit.tx(), leg).await?;
    }
    unit.commit().await
}

/// The call was made. Should everybody have gone meanwhile, it is ended at once.
async fn dialled(app: &App, scope: CompanyScope, id: LegId, sid: Option<String>) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(seen) = calls::leg(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let Some(mut leg) = calls::leg(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    if leg.provider_sid.is_none() {
        leg.provider_sid = sid;
    }
    // A callback may have been faster; it knows better.
    calls::advance_leg(&mut leg, LegState::Queued, unit.now());
    calls::save_leg(scope, unit.tx(), leg.clone()).await?;
    match leg.kind {
        LegKind::Agent => {
            let told = json!({"offerId": leg.offer_id, "agentId": leg.agent_id});
            file.note(&unit, EventKind::AgentDialled, told);
        }
        LegKind::Caller => {
            if let Some(sid) = &leg.provider_sid {
                sid.clone_into(&mut file.row.provider_sid);
            }
            file.note(&unit, EventKind::CustomerDialled, json!({"number": leg.address}));
        }
        LegKind::Transfer | LegKind::Supervisor => {}
    }
    if !party::wanted(&unit, &leg).await? {
        leave::end_leg(&mut unit, &leg);
    }
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}

async fn could_not_dial(app: &App, scope: CompanyScope, id: LegId) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(seen) = calls::leg(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    if let Some(mut leg) = calls::leg(scope, unit.tx(), id).await? {
        calls::advance_leg(&mut leg, LegState::Failed, unit.now());
        calls::save_leg(scope, unit.tx(), leg.clone()).await?;
        match leg.offer_id {
            Some(offer) => {
                let offer = queueing::offer(scope, unit.tx(), offer).await?;
                agent_leg::device_failed(&mut unit, &mut file, &offer).await?;
            }
            None => party::gone(&mut unit, &mut file, &leg).await?,
        }
    }
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}

/// How long a phone rings: as long as the offer, or the agent who accepted, has.
async fn ring_seconds(app: &App, scope: CompanyScope, offer: OfferId) -> Result<u32> {
    let db = app.db.reader();
    let offer = queueing::offer(scope, db, offer).await?;
    let until = match queueing::segment_of_offer(scope, db, offer.id).await? {
        Some(segment) => segment.reserved_at + app.settings.timing.join,
        None => offer.expires_at,
    };
    let left = (until - app.clock.now()).num_seconds().clamp(5, 600);
    Ok(u32::try_from(left).unwrap_or(30))
}

/// Ends a leg at the provider. Of a leg whose id nobody knows there is nothing to end yet: it is turned away when it
/// answers.
pub async fn end_leg(app: &App, scope: CompanyScope, id: LegId) -> Result<Done> {
    let db = app.db.reader();
    let Some(leg) = calls::leg(scope, db, id).await? else { return Ok(Done::Yes) };
    let (Some(sid), false) = (leg.provider_sid, leg.state.is_over()) else { return Ok(Done::Yes) };
    let client = app.providers.client(scope, db).await?;
    match client.update_call(&sid, &UpdateCall::Complete).await {
        Ok(_) => Ok(Done::Yes),
        Err(error) if error.is_gone() => Ok(Done::Yes),
        Err(error) => Ok(Done::retry(&error)),
    }
}

/// Compares a call's legs with what the provider says, for callbacks that never came; looks again later while the call
/// lives.
pub async fn check(app: &App, scope: CompanyScope, call: CallId) -> Result<Done> {
    let db = app.db.reader();
    let row = calls::get(scope, db, call).await?;
    let open = calls::open_legs(scope, db, call).await?;
    if row.status.is_over() && open.iter().all(|leg| leg.provider_sid.is_none()) {
        return Ok(Done::Yes);
    }
    let client = app.providers.client(scope, db).await?;
    for leg in open {
        compare(app, scope, &client, &leg).await?;
    }
    Ok(Done::Again(app.clock.now() + app.settings.timing.check_call))
}

/// Compares one leg with what the provider says of it now.
pub async fn look_after(app: &App, scope: CompanyScope, leg: &leg::Model) -> Result<()> {
    let client = app.providers.client(scope, app.db.reader()).await?;
    compare(app, scope, &client, leg).await
}

async fn compare(app: &App, scope: CompanyScope, client: &Client, leg: &leg::Model) -> Result<()> {
    let Some(sid) = &leg.provider_sid else { return Ok(()) };
    match end_of(client, sid).await {
        Some(state) => lost_end(app, scope, leg, state).await,
        None => Ok(()),
    }
}

/// How a leg ended, when the provider says that it has. Nothing is concluded from silence: it is asked again.
pub async fn end_of(client: &Client, sid: &str) -> Option<LegState> {
    match client.fetch_call(sid).await {
        Ok(found) => agent_leg::leg_state(&found.status).filter(|state| state.is_over()),
        Err(error) if error.is_gone() => Some(LegState::Completed),
        Err(_) => None,
    }
}

/// The end of a leg that no callback told us.
pub async fn lost_end(app: &App, scope: CompanyScope, seen: &leg::Model, state: LegState) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let Some(mut leg) = calls::leg(scope, unit.tx(), seen.id).await? else { return Ok(()) };
    if calls::advance_leg(&mut leg, state, unit.now()) == calls::Moved::No {
        return Ok(());
    }
    tracing::info!(call = %file.id(), leg = %leg.id, "the provider ended a leg and no callback said so");
    calls::save_leg(scope, unit.tx(), leg.clone()).await?;
    match (leg.kind, leg.offer_id) {
        (LegKind::Caller, _) if file.row.kind == CallKind::Outbound => {
            outbound::over(&mut unit, &mut file, state, None).await?;
        }
        (LegKind::Caller, _) => leave::caller_left(&mut unit, &mut file, None, EndedBy::Caller).await?,
        (LegKind::Agent, Some(offer)) => {
            let offer = queueing::offer(scope, unit.tx(), offer).await?;
            match queueing::segment_of_offer(scope, unit.tx(), offer.id).await? {
                Some(segment) => leave::agent_left(&mut unit, &mut file, segment, None).await?,
                None => agent_leg::device_failed(&mut unit, &mut file, &offer).await?,
            }
        }
        (LegKind::Transfer | LegKind::Supervisor, _) => party::gone(&mut unit, &mut file, &leg).await?,
        (LegKind::Agent, None) => {}
    }
    file.save(&mut unit).await?;
    unit.commit().await
}
