//! The leg of who is called: the provider brings it into the agent's room, and tells how far it has come in three ways
//! (its progress, the room's events, our own question) that come in any order. Who is in the room and has answered is
//! connected; until then the call ends without a conversation, whoever ends it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::LegId;
use entity::{
    AnsweredBy, CallKind, CallOutcome, CallStatus, CompanyScope, EndedBy, EntryOutcome, JobKind, LegState,
    MachineDetection, SegmentState, call, leg, segment,
};
use sea_orm::ConnectionTrait;
use serde_json::json;
use twilio::rest::{Client, CreateParticipant, Error as RestError, ParticipantStatus};
use twilio::twiml::{Beep, CallEvent, MachineDetection as Listening, OnEnter, OnExit};
use twilio::webhook::{
    AnsweredBy as Heard, CallProgress, CallStatus as ProviderStatus, ConferenceEvent, ConferenceEventKind,
    ReasonLeft,
};

use crate::app::App;
use crate::calls::reply::{caller_label, room_name};
use crate::calls::story::EventKind;
use crate::calls::urls::Urls;
use crate::calls::{CallFile, agent_leg, callback, conference, leave};
use crate::error::Result;
use crate::jobs::Done;
use crate::store::calls::{self, Moved};
use crate::store::{Audience, Unit, jobs, outbound, queueing};

/// How long the other party's phone rings, in seconds.
const RING_SECONDS: u32 = 45;
/// The provider rings about five seconds longer, and its word of it may be lost.
const GRACE_SECONDS: i64 = 15;

/// An outbound call whose other party has not been reached, or not yet.
pub fn has_yet_to_answer(call: &call::Model) -> bool {
    call.kind == CallKind::Outbound && call.answered_at.is_none()
}

/// Whether this is the agent who has made the call, and not one to whom it was passed on.
pub async fn is_first_agent<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    segment: &segment::Model,
) -> Result<bool> {
    let entry = queueing::entry(scope, db, segment.queue_entry_id).await?;
    Ok(entry.is_some_and(|entry| entry.outcome == Some(EntryOutcome::Outbound)))
}

/// Whether the other party of an outbound call has not answered, as far as we know. He may be in the room before he has:
/// what is heard there is then the ringing.
pub async fn still_rings(unit: &Unit, file: &CallFile) -> Result<bool> {
    if !has_yet_to_answer(&file.row) {
        return Ok(false);
    }
    let leg = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?;
    Ok(leg.is_none_or(|leg| leg.state != LegState::InProgress && !leg.state.is_over()))
}

/// The agent is in the room: now the other party is called. Nothing to do in any other call.
pub async fn begin_to_call(unit: &mut Unit, file: &mut CallFile, segment: &segment::Model) -> Result<Begun> {
    if !has_yet_to_answer(&file.row) {
        return Ok(Begun::No);
    }
    let Some(leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(Begun::No);
    };
    let now = unit.now();
    unit.job(JobKind::DialParty, leg.id, json!({}), now);
    jobs::cancel(unit, JobKind::JoinDeadline, segment.id).await?;
    unit.job(JobKind::JoinDeadline, segment.id, json!({}), now + patience());
    file.row.status = CallStatus::Dialing;
    callback::is_rung(unit, file).await?;
    Ok(Begun::Yes)
}

/// Whether the other party of an outbound call is called now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Begun {
    Yes,
    No,
}

fn patience() -> TimeDelta {
    TimeDelta::seconds(i64::from(RING_SECONDS) + GRACE_SECONDS)
}

/// Asks the provider to call him into the room, where the agent hears it ring. The call's id at the provider.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    client: &Client,
    call: &call::Model,
    leg: &leg::Model,
) -> Result<std::result::Result<String, RestError>> {
    let db = app.db.reader();
    let Some(segment) = queueing::live_segment(scope, db, call.id).await? else {
        return Ok(Err(RestError::Setup("nobody is in the room".to_owned())));
    };
    let listening = outbound::of_call(scope, db, call.id).await?.and_then(|row| row.machine_detection);
    let room = call.conference_sid.clone().unwrap_or_else(|| room_name(segment.room_id));
    let wanted = participant(&app.urls(scope.company()), call, leg, listening);
    Ok(client.create_participant(&room, &wanted).await.map(|made| made.call_sid))
}

fn participant(
    urls: &Urls,
    call: &call::Model,
    leg: &leg::Model,
    listening: Option<MachineDetection>,
) -> CreateParticipant {
    let wanted = CreateParticipant::new(call.our_address(), &leg.address)
        .label(caller_label(call.id))
        .beep(Beep::Never)
        .on_enter(OnEnter::StartsConference)
        .on_exit(OnExit::EndsConference)
        .wait_url("")
        .timeout(RING_SECONDS)
        .status_callback(urls.leg_status(leg.id))
        .status_callback_event([CallEvent::Ringing, CallEvent::Answered, CallEvent::Completed]);
    let listening = match listening {
        None => return wanted,
        Some(MachineDetection::Enable) => Listening::Enable,
        Some(MachineDetection::DetectMessageEnd) => Listening::DetectMessageEnd,
    };
    wanted.machine_detection(listening).amd_status_callback(urls.answered_by(leg.id))
}

/// Whether an agent waits for him, or talks with him.
pub async fn is_wanted(unit: &Unit, leg: &leg::Model) -> Result<bool> {
    let call = calls::get(unit.scope(), unit.tx(), leg.call_id).await?;
    let reached = call.answered_at.is_some();
    let agent = queueing::live_segment(unit.scope(), unit.tx(), leg.call_id).await?;
    let there = agent.is_some_and(|segment| segment.state != SegmentState::Reserved);
    Ok(call.ended_at.is_none() && (reached || there))
}

/// What the provider says of his leg; old news changes nothing.
pub async fn progressed(unit: &mut Unit, id: LegId, news: &CallProgress) -> Result<()> {
    let Some(seen) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(state) = agent_leg::leg_state(&news.status) else { return Ok(()) };
    let Some(mut leg) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    if file.row.kind != CallKind::Outbound || !learn(&mut file, &mut leg, &news.call_sid) {
        return Ok(());
    }
    let moved = calls::advance_leg(&mut leg, state, unit.now());
    calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
    if let Some(heard) = &news.answered_by {
        keep_answered_by(unit, &mut file, heard).await?;
    }
    match (moved, state) {
        (Moved::No, _) => {}
        (Moved::Yes, LegState::Ringing) => {
            file.note_at(unit, EventKind::CustomerRinging, json!({"number": leg.address}), news.timestamp)
        }
        (Moved::Yes, LegState::InProgress) => answered(unit, &mut file, &leg, news.timestamp).await?,
        (Moved::Yes, state) if state.is_over() => over(unit, &mut file, state, news.timestamp).await?,
        (
            Moved::Yes,
            LegState::Planned
            | LegState::Dialled
            | LegState::Queued
            | LegState::Initiated
            | LegState::Completed
            | LegState::Busy
            | LegState::NoAnswer
            | LegState::Canceled
            | LegState::Failed,
        ) => {}
    }
    if !leg.state.is_over() && !is_wanted(unit, &leg).await? {
        // Nobody waits for him any more, and perhaps nobody knew his id until now.
        leave::end_leg(unit, &leg);
    }
    file.save(unit).await
}

/// Learns the leg's id; whether the request speaks of the leg that we made.
fn learn(file: &mut CallFile, leg: &mut leg::Model, call_sid: &str) -> bool {
    if leg.provider_sid.as_deref().is_some_and(|known| known != call_sid) {
        return false;
    }
    leg.provider_sid = Some(call_sid.to_owned());
    call_sid.clone_into(&mut file.row.provider_sid);
    true
}

/// He has answered. If the room has said that he is there, they talk.
async fn answered(
    unit: &mut Unit,
    file: &mut CallFile,
    leg: &leg::Model,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    file.note_at(unit, EventKind::CustomerAnswered, json!({"number": leg.address}), at);
    let joined = leg.joined_at;
    match queueing::live_segment(unit.scope(), unit.tx(), file.id()).await? {
        Some(segment) if has_yet_to_answer(&file.row) && joined.is_some() => {
            let at = at.into_iter().chain(joined).max().unwrap_or(unit.now());
            conference::connect(unit, file, segment, at).await
        }
        Some(_) | None => Ok(()),
    }
}

/// The room's event about somebody who has yet to answer, or whom nobody waits for any more.
pub async fn happened(
    unit: &mut Unit,
    file: &mut CallFile,
    here: Option<segment::Model>,
    mut leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    if let Some(sid) = &event.call_sid
        && !learn(file, &mut leg, sid)
    {
        return Ok(());
    }
    let at = event.timestamp.unwrap_or(unit.now());
    let here = here.filter(|_| !file.caller_has_left());
    match (&event.event, here) {
        (ConferenceEventKind::ParticipantJoin, Some(segment)) => {
            leg.joined_at.get_or_insert(at);
            note_sequence(&mut leg, event);
            calls::save_leg(unit.scope(), unit.tx(), leg).await?;
            conference::connect(unit, file, segment, at).await
        }
        (ConferenceEventKind::ParticipantJoin, None) => {
            calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
            leave::end_leg(unit, &leg);
            Ok(())
        }
        (ConferenceEventKind::ParticipantLeave, Some(_)) => {
            let end = match (&event.reason_left, &event.participant_call_status) {
                (Some(ReasonLeft::ParticipantAddFailed), Some(status)) => {
                    agent_leg::leg_state(status).filter(|state| state.is_over()).unwrap_or(LegState::Failed)
                }
                (Some(ReasonLeft::ParticipantAddFailed), None) => LegState::Failed,
                // He was in the room and had not answered, as far as we know: that was lost or is late.
                (Some(_) | None, _) => LegState::Completed,
            };
            note_sequence(&mut leg, event);
            calls::advance_leg(&mut leg, end, unit.now());
            calls::save_leg(unit.scope(), unit.tx(), leg).await?;
            over(unit, file, end, event.timestamp).await
        }
        (_, Some(_) | None) => Ok(()),
    }
}

fn note_sequence(leg: &mut leg::Model, event: &ConferenceEvent) {
    let number = event.sequence_number.and_then(|number| i32::try_from(number).ok());
    leg.last_sequence = leg.last_sequence.max(number);
}

/// His leg is over. After a conversation he has left; before it, nobody was reached.
pub async fn over(
    unit: &mut Unit,
    file: &mut CallFile,
    state: LegState,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    if file.caller_has_left() {
        return Ok(());
    }
    // Only who had answered can be completed.
    if has_yet_to_answer(&file.row)
        && state == LegState::Completed
        && let Some(segment) = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?
        && segment.state == SegmentState::Joined
    {
        conference::connect(unit, file, segment, at.unwrap_or(unit.now())).await?;
    }
    if !has_yet_to_answer(&file.row) {
        let by = file.row.ended_by.unwrap_or(EndedBy::Caller);
        return leave::caller_left(unit, file, at, by).await;
    }
    let (why, by) = match state {
        LegState::Busy => (Unreached::Busy, EndedBy::Caller),
        LegState::NoAnswer | LegState::Canceled => (Unreached::NoAnswer, EndedBy::System),
        LegState::Planned
        | LegState::Dialled
        | LegState::Queued
        | LegState::Initiated
        | LegState::Ringing
        | LegState::InProgress
        | LegState::Completed
        | LegState::Failed => (Unreached::Failed, EndedBy::System),
    };
    give_up(unit, file, why, by, at).await
}

/// The agent who calls has hung up before anybody answered, or his phone could not be reached.
pub async fn agent_gone(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: &segment::Model,
    by: EndedBy,
) -> Result<()> {
    let why = match segment.state {
        SegmentState::Joined => Unreached::AgentHungUp,
        SegmentState::Reserved
        | SegmentState::Connected
        | SegmentState::WrapUp
        | SegmentState::Done
        | SegmentState::Failed => Unreached::AgentNotReached,
    };
    give_up(unit, file, why, by, None).await
}

/// The call is ended by us before anybody has answered.
pub async fn call_off(unit: &mut Unit, file: &mut CallFile, why: Unreached) -> Result<()> {
    give_up(unit, file, why, EndedBy::System, None).await
}

/// Why there was no conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreached {
    Busy,
    NoAnswer,
    Failed,
    AgentHungUp,
    AgentNotReached,
    /// Nobody is to be called any more, or not now.
    TakenBack,
}

impl Unreached {
    fn outcome(self) -> CallOutcome {
        match self {
            Self::Busy => CallOutcome::Busy,
            Self::NoAnswer | Self::AgentHungUp => CallOutcome::NoAnswer,
            Self::Failed | Self::AgentNotReached => CallOutcome::Error,
            Self::TakenBack => CallOutcome::Callback,
        }
    }

    /// As it stands in the story.
    fn reason(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Failed => "failed",
            Self::AgentHungUp => "agent_hung_up",
            Self::AgentNotReached => "agent_not_reached",
            Self::TakenBack => "taken_back",
        }
    }
}

/// The call is over, and nobody has talked: both legs end, the agent is free at once. Twice changes nothing.
async fn give_up(
    unit: &mut Unit,
    file: &mut CallFile,
    why: Unreached,
    by: EndedBy,
    at: Option<DateTime<Utc>>,
) -> Result<()> {
    if file.caller_has_left() {
        return Ok(());
    }
    let told = json!({"reason": why.reason(), "endedBy": by});
    file.note_at(unit, EventKind::CustomerNotReached, told, at);
    file.row.outcome = Some(why.outcome());
    file.row.ended_by = Some(by);
    file.row.ended_at = Some(file.last_moment());
    if let Some(mut leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
        if leg.state == LegState::Planned {
            calls::advance_leg(&mut leg, LegState::Canceled, unit.now());
            calls::save_leg(unit.scope(), unit.tx(), leg).await?;
        } else {
            leave::end_leg(unit, &leg);
        }
    }
    for segment in queueing::live_segments(unit.scope(), unit.tx(), file.id()).await? {
        leave::let_go(unit, segment, by).await?;
    }
    callback::not_reached(unit, file, why).await?;
    leave::end_if_nobody_is_left(unit, file, by).await
}

/// Who or what has answered, as the provider hears it.
pub async fn answered_by(unit: &mut Unit, id: LegId, call_sid: &str, heard: &Heard) -> Result<()> {
    let Some(seen) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(mut leg) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    if !learn(&mut file, &mut leg, call_sid) {
        return Ok(());
    }
    calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    keep_answered_by(unit, &mut file, heard).await?;
    file.save(unit).await
}

/// The first word counts.
async fn keep_answered_by(unit: &mut Unit, file: &mut CallFile, heard: &Heard) -> Result<()> {
    let Some(mut row) = outbound::of_call(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(());
    };
    if row.answered_by.is_some() {
        return Ok(());
    }
    let by = match heard {
        Heard::Human => AnsweredBy::Human,
        Heard::MachineStart => AnsweredBy::MachineStart,
        Heard::MachineEndBeep => AnsweredBy::MachineEndBeep,
        Heard::MachineEndSilence => AnsweredBy::MachineEndSilence,
        Heard::MachineEndOther => AnsweredBy::MachineEndOther,
        Heard::Fax => AnsweredBy::Fax,
        Heard::Unknown | Heard::Other(_) => AnsweredBy::Unknown,
    };
    row.answered_by = Some(by);
    row.answered_by_at = Some(unit.now());
    outbound::save(unit.scope(), unit.tx(), row).await?;
    file.note(unit, EventKind::CustomerAnsweredBy, json!({"answeredBy": by}));
    let mut audience = vec![Audience::Supervisors];
    audience.extend(file.row.agent_id.map(Audience::Agent));
    unit.tell(&audience, "call:answered-by", json!({"callId": file.id(), "answeredBy": by}));
    Ok(())
}

/// The other party has had time enough to answer, and nothing was heard: the provider is asked before anybody is given up.
pub async fn time_is_up(app: &App, scope: CompanyScope, seen: &segment::Model) -> Result<Done> {
    let db = app.db.reader();
    let until = seen.agent_joined_at.unwrap_or(seen.reserved_at) + patience();
    if until > app.clock.now() {
        return Ok(Done::Again(until));
    }
    let call = calls::get(scope, db, seen.call_id).await?;
    let client = app.providers.client(scope, db).await?;
    let found = match look(&client, &call).await {
        Ok(found) => found,
        Err(error) => return Ok(Done::retry(&error)),
    };
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let leg = calls::caller_leg(scope, unit.tx(), file.id()).await?;
    let (Some(mut leg), Some(segment)) = (leg, queueing::segment(scope, unit.tx(), seen.id).await?) else {
        return Ok(Done::Yes);
    };
    if segment.state != SegmentState::Joined || !has_yet_to_answer(&file.row) {
        return Ok(Done::Yes);
    }
    let there = found.as_ref().is_some_and(|found| found.answered);
    if let Some(found) = found {
        learn(&mut file, &mut leg, &found.call_sid);
    }
    if there {
        calls::advance_leg(&mut leg, LegState::InProgress, unit.now());
        calls::save_leg(scope, unit.tx(), leg).await?;
        let now = unit.now();
        conference::caller_is_there(&mut unit, &mut file, segment, now).await?;
    } else {
        let was_rung = leg.provider_sid.is_some();
        calls::save_leg(scope, unit.tx(), leg).await?;
        let end = if was_rung { LegState::NoAnswer } else { LegState::Failed };
        over(&mut unit, &mut file, end, None).await?;
    }
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}

/// What the provider has of the other party in the room.
struct Found {
    call_sid: String,
    answered: bool,
}

/// Looks for him by his place in the room: his id may never have reached us.
async fn look(client: &Client, call: &call::Model) -> std::result::Result<Option<Found>, RestError> {
    let Some(conference) = &call.conference_sid else { return Ok(None) };
    let participant = match client.fetch_participant(conference, &caller_label(call.id)).await {
        Ok(participant) => participant,
        Err(error) if error.is_gone() => return Ok(None),
        Err(error) => return Err(error),
    };
    let connected = participant.status == ParticipantStatus::Connected;
    let call_sid = participant.call_sid;
    let answered = connected && client.fetch_call(&call_sid).await?.status == ProviderStatus::InProgress;
    Ok(Some(Found { call_sid, answered }))
}
