//! What happens in the room where a caller and an agent meet, and perhaps others come. Events come twice, late and out of
//! order: their sequence number decides, and a room is named after one offer, so that those of an earlier room are
//! recognised. Who is meant stands in the participant's label; the address of all of them is the first one's.

use chrono::{DateTime, Utc};
use entity::id::OfferId;
use entity::{
    CallOutcome, CallStatus, EndedBy, EntryOutcome, JobKind, LegKind, SegmentPart, SegmentState, leg, segment,
};
use serde_json::json;
use twilio::webhook::{ConferenceEvent, ConferenceEventKind, ReasonLeft};

use super::carry::{self, Target};
use super::reply::{agent_of_label, caller_label, party_of_label};
use super::story::EventKind;
use super::{CallFile, callback, enqueue, hold, leave, outbound, recording, supervise, transfer};
use crate::error::Result;
use crate::store::{Unit, calls, jobs, queueing};

pub async fn happened(unit: &mut Unit, room: OfferId, event: &ConferenceEvent) -> Result<()> {
    let Some(named) = queueing::segment_of_offer(unit.scope(), unit.tx(), room).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, named.call_id).await?;
    // Who has the call, if that is in this room.
    let here = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?;
    let here = here.filter(|segment| segment.room_id == room);
    if event.event == ConferenceEventKind::ConferenceStart {
        if let Some(segment) = here {
            file.row.conference_sid = Some(event.conference_sid.clone());
            started(unit, &mut file, segment, event).await?;
        }
        return file.save(unit).await;
    }
    match whose(unit, &file, event).await? {
        Some(Party::Agent(leg, segment)) if segment.room_id == room => {
            if segment.state.is_live() {
                file.row.conference_sid = Some(event.conference_sid.clone());
            }
            of_agent(unit, &mut file, *segment, leg, event).await?;
        }
        Some(Party::Caller(leg)) if outbound::has_yet_to_answer(&file.row) => {
            outbound::happened(unit, &mut file, here, leg, event).await?;
        }
        Some(Party::Caller(leg)) => {
            if here.is_some() {
                file.row.conference_sid = Some(event.conference_sid.clone());
            }
            of_caller(unit, &mut file, here, named, leg, event).await?;
        }
        Some(Party::Other(leg)) => of_other(unit, &mut file, leg, event).await?,
        Some(Party::Agent(..)) | None => {}
    }
    file.save(unit).await
}

enum Party {
    Agent(leg::Model, Box<segment::Model>),
    Caller(leg::Model),
    /// Somebody outside, or a supervisor.
    Other(leg::Model),
}

/// Whom the event is about; only places that we gave ourselves count.
async fn whose(unit: &Unit, file: &CallFile, event: &ConferenceEvent) -> Result<Option<Party>> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let Some(label) = event.label.as_deref() else { return Ok(None) };
    if label == caller_label(file.id()) {
        return Ok(calls::caller_leg(scope, tx, file.id()).await?.map(Party::Caller));
    }
    if let Some(offer) = agent_of_label(label) {
        let leg = calls::offer_leg(scope, tx, offer).await?;
        let segment = queueing::segment_of_offer(scope, tx, offer).await?;
        let both = leg.zip(segment).filter(|(leg, _)| leg.call_id == file.id());
        return Ok(both.map(|(leg, segment)| Party::Agent(leg, Box::new(segment))));
    }
    let Some(leg) = party_of_label(label) else { return Ok(None) };
    let leg = calls::leg(scope, tx, leg).await?;
    Ok(leg.filter(|leg| leg.call_id == file.id()).map(Party::Other))
}

async fn of_agent(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    mut leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    match What::of(event) {
        What::Joined if !segment.state.is_live() => {
            leave::end_leg(unit, &leg);
            Ok(())
        }
        What::Joined if is_news(&mut leg, event) => {
            let at = event.timestamp.unwrap_or(unit.now());
            leg.joined_at = Some(at);
            calls::save_leg(unit.scope(), unit.tx(), leg).await?;
            agent_joined(unit, file, segment, at).await
        }
        What::Left if segment.state.is_live() && is_news(&mut leg, event) => {
            leg.left_at = event.timestamp.or(Some(unit.now()));
            calls::save_leg(unit.scope(), unit.tx(), leg).await?;
            leave::agent_left(unit, file, segment, event.timestamp).await
        }
        What::Joined | What::Left | What::Held | What::Resumed | What::Nothing => Ok(()),
    }
}

async fn of_caller(
    unit: &mut Unit,
    file: &mut CallFile,
    here: Option<segment::Model>,
    named: segment::Model,
    mut leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    // Where he is now is one room, whoever is in it with him.
    let is_there = leg.joined_at.is_some() && file.row.conference_sid.as_ref() == Some(&event.conference_sid);
    match (What::of(event), here) {
        (What::Joined, Some(segment)) => {
            if is_news(&mut leg, event) {
                let at = event.timestamp.unwrap_or(unit.now());
                leg.joined_at = Some(at);
                calls::save_leg(unit.scope(), unit.tx(), leg).await?;
                connect(unit, file, segment, at).await?;
            }
            Ok(())
        }
        (What::Joined, None) if !is_there => strayed(unit, file, &named).await,
        (What::Left, Some(_)) => {
            if is_news(&mut leg, event) {
                leg.left_at = event.timestamp.or(Some(unit.now()));
                calls::save_leg(unit.scope(), unit.tx(), leg).await?;
                caller_left(unit, file, event).await?;
            }
            Ok(())
        }
        (What::Left, None) if is_there => caller_left(unit, file, event).await,
        (What::Held, _) if is_there => hold::began(unit, file, event.timestamp).await,
        (What::Resumed, _) if is_there => hold::ended(unit, file, event.timestamp).await,
        (What::Joined | What::Left | What::Held | What::Resumed | What::Nothing, _) => Ok(()),
    }
}

async fn of_other(
    unit: &mut Unit,
    file: &mut CallFile,
    leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    match (What::of(event), leg.kind) {
        (What::Joined, LegKind::Transfer) => {
            transfer::came(unit, file, leg, event.timestamp.unwrap_or(unit.now())).await
        }
        (What::Left, LegKind::Transfer) if leg.joined_at.is_some() => transfer::gone(unit, file, &leg).await,
        (What::Joined, LegKind::Supervisor) => supervise::joined(unit, leg).await,
        (What::Joined | What::Left | What::Held | What::Resumed | What::Nothing, _) => Ok(()),
    }
}

/// What an event tells of a participant that is of interest.
enum What {
    Joined,
    Left,
    Held,
    Resumed,
    Nothing,
}

impl What {
    fn of(event: &ConferenceEvent) -> Self {
        match &event.event {
            ConferenceEventKind::ParticipantJoin => Self::Joined,
            ConferenceEventKind::ParticipantLeave => Self::Left,
            ConferenceEventKind::ParticipantHold => Self::Held,
            ConferenceEventKind::ParticipantUnhold => Self::Resumed,
            ConferenceEventKind::ConferenceStart
            | ConferenceEventKind::ConferenceEnd
            | ConferenceEventKind::ParticipantMute
            | ConferenceEventKind::ParticipantUnmute
            | ConferenceEventKind::ParticipantModify
            | ConferenceEventKind::ParticipantSpeechStart
            | ConferenceEventKind::ParticipantSpeechStop
            | ConferenceEventKind::AnnouncementEnd
            | ConferenceEventKind::AnnouncementFail
            | ConferenceEventKind::Other(_) => Self::Nothing,
        }
    }
}

/// The caller came into a room that is no longer wanted. His leg remembers nothing of it: he may be in the next room
/// already, where the count of events begins anew.
async fn strayed(unit: &mut Unit, file: &mut CallFile, named: &segment::Model) -> Result<()> {
    let last = queueing::last_visit(unit.scope(), unit.tx(), file.id()).await?;
    let waits = last.filter(|visit| enqueue::has_to_be_parked(visit, &file.row));
    match waits {
        Some(entry) if queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?.is_none() => {
            carry::move_caller(unit, file, Target::Queue { entry: entry.id, after: named.id });
        }
        Some(_) | None => {}
    }
    Ok(())
}

/// The agent is there: now the caller is brought, unless the agent has come to where he is.
async fn agent_joined(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    if segment.part == SegmentPart::Consult {
        return transfer::colleague_joined(unit, file, segment, at).await;
    }
    let Some(state) = segment.state.advance(SegmentState::Joined) else { return Ok(()) };
    file.note_at(unit, EventKind::AgentJoined, json!({"agentId": segment.agent_id}), Some(at));
    segment.state = state;
    segment.agent_joined_at = Some(file.last_moment());
    queueing::save_segment(unit.scope(), unit.tx(), segment.clone()).await?;
    if segment.room_id != segment.offer_id {
        // Who had asked him has gone meanwhile, and the caller waits in the room with music.
        return connect(unit, file, segment, at).await;
    }
    if outbound::begin_to_call(unit, file, &segment).await? == outbound::Begun::Yes {
        return Ok(());
    }
    carry::move_caller(unit, file, Target::Agent { segment: segment.id });
    // Reordered callbacks: the caller may have been seen there before.
    let caller = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?;
    match caller.and_then(|leg| leg.joined_at) {
        Some(joined) => connect(unit, file, segment, joined).await,
        None => Ok(()),
    }
}

/// Both are in the room: the conversation begins, and the visit of the queue is over. Not before who is called has
/// answered.
pub async fn connect(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    if outbound::still_rings(unit, file).await? {
        return Ok(());
    }
    let Some(state) = segment.state.advance(SegmentState::Connected) else { return Ok(()) };
    file.note_at(
        unit,
        EventKind::Connected,
        json!({"agentId": segment.agent_id, "segmentId": segment.id}),
        Some(at),
    );
    let at = file.last_moment();
    segment.state = state;
    segment.connected_at = Some(at);
    jobs::cancel(unit, JobKind::JoinDeadline, segment.id).await?;
    let entry = segment.queue_entry_id;
    leave::close_visit(unit, file, entry, EntryOutcome::Answered).await?;
    file.row.agent_id = Some(segment.agent_id);
    file.row.status = CallStatus::Connected;
    file.row.outcome = Some(CallOutcome::Answered);
    let before = file.row.answered_at.replace(file.row.answered_at.unwrap_or(at));
    recording::connected(unit, file, &segment).await?;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    callback::reached(unit, file).await?;
    // Only who has talked with an agent can be passed on.
    if before.is_some() { transfer::reached(unit, file, entry).await } else { Ok(()) }
}

/// Unless we took him out ourselves, to bring him somewhere else.
async fn caller_left(unit: &mut Unit, file: &mut CallFile, event: &ConferenceEvent) -> Result<()> {
    if event.reason_left == Some(ReasonLeft::ParticipantUpdatedViaApi) {
        return Ok(());
    }
    let by = file.row.ended_by.unwrap_or(EndedBy::Caller);
    leave::caller_left(unit, file, event.timestamp, by).await
}

/// A conference begins when the second party has come: it says the same as the caller's joining, should that be lost.
async fn started(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    if segment.state == SegmentState::Joined {
        caller_is_there(unit, file, segment, event.timestamp.unwrap_or(unit.now())).await?;
    }
    Ok(())
}

/// The caller is in the room, though his own event has not said so (yet).
pub async fn caller_is_there(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    if let Some(mut leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
        leg.joined_at.get_or_insert(at);
        calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    }
    connect(unit, file, segment, at).await
}

/// Later than everything that this leg has told of the room.
fn is_news(leg: &mut leg::Model, event: &ConferenceEvent) -> bool {
    let sequence = event.sequence_number.and_then(|number| i32::try_from(number).ok());
    match (leg.last_sequence, sequence) {
        (Some(last), Some(new)) if new <= last => false,
        (_, new) => {
            leg.last_sequence = new.or(leg.last_sequence);
            true
        }
    }
}
