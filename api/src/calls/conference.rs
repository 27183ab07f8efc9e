//! What happens in the room where an agent and a caller meet. Events come twice, late and out of order: their sequence
//! number decides, and a room belongs to one offer, so that those of an earlier room are recognised.

use chrono::{DateTime, Utc};
use entity::id::OfferId;
use entity::{
    CallOutcome, CallStatus, EndedBy, EntryOutcome, JobKind, LegKind, RoutingSubject, SegmentState, leg,
    segment,
};
use serde_json::json;
use twilio::webhook::{ConferenceEvent, ConferenceEventKind, ReasonLeft};

use super::carry::{self, Target};
use super::reply::{agent_label, caller_label};
use super::story::EventKind;
use super::{CallFile, leave, recording};
use crate::error::Result;
use crate::store::queueing::{self, Won};
use crate::store::{Unit, calls, jobs};

pub async fn happened(unit: &mut Unit, offer: OfferId, event: &ConferenceEvent) -> Result<()> {
    let Some(seen) = queueing::segment_of_offer(unit.scope(), unit.tx(), offer).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(segment) = queueing::segment_of_offer(unit.scope(), unit.tx(), offer).await? else {
        return Ok(());
    };
    if segment.state.is_live() {
        file.row.conference_sid = Some(event.conference_sid.clone());
    }
    if event.event == ConferenceEventKind::ConferenceStart {
        started(unit, &mut file, segment, event).await?;
    } else if let Some(leg) = whose(unit, &file, offer, event).await? {
        match &event.event {
            ConferenceEventKind::ParticipantJoin => joined(unit, &mut file, segment, leg, event).await?,
            ConferenceEventKind::ParticipantLeave => left(unit, &mut file, segment, leg, event).await?,
            ConferenceEventKind::ParticipantHold => held(unit, &mut file, &segment, event),
            ConferenceEventKind::ParticipantUnhold => resumed(unit, &mut file, segment, event).await?,
            ConferenceEventKind::ConferenceStart
            | ConferenceEventKind::ConferenceEnd
            | ConferenceEventKind::ParticipantMute
            | ConferenceEventKind::ParticipantUnmute
            | ConferenceEventKind::ParticipantModify
            | ConferenceEventKind::ParticipantSpeechStart
            | ConferenceEventKind::ParticipantSpeechStop
            | ConferenceEventKind::AnnouncementEnd
            | ConferenceEventKind::AnnouncementFail
            | ConferenceEventKind::Other(_) => {}
        }
    }
    file.save(unit).await
}

/// The leg that the event is about; only places that we gave ourselves count.
async fn whose(
    unit: &Unit,
    file: &CallFile,
    offer: OfferId,
    event: &ConferenceEvent,
) -> Result<Option<leg::Model>> {
    match event.label.as_deref() {
        Some(label) if label == agent_label(offer) => calls::offer_leg(unit.scope(), unit.tx(), offer).await,
        Some(label) if label == caller_label(file.id()) => {
            calls::caller_leg(unit.scope(), unit.tx(), file.id()).await
        }
        Some(_) | None => Ok(None),
    }
}

async fn joined(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    mut leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    if !segment.state.is_live() {
        return strayed(unit, file, &leg, &segment).await;
    }
    if !is_news(&mut leg, event) {
        return Ok(());
    }
    let at = event.timestamp.unwrap_or(unit.now());
    leg.joined_at = Some(at);
    let kind = leg.kind;
    calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    match kind {
        LegKind::Agent => agent_joined(unit, file, segment, at).await,
        LegKind::Caller => connect(unit, file, segment, at).await,
        LegKind::Transfer => Ok(()),
    }
}

/// Somebody came into a room that is no longer wanted. His leg remembers nothing of it: the caller's may be in the next
/// room already, where the count of events begins anew.
async fn strayed(
    unit: &mut Unit,
    file: &mut CallFile,
    leg: &leg::Model,
    segment: &segment::Model,
) -> Result<()> {
    match leg.kind {
        LegKind::Agent | LegKind::Transfer => leave::end_leg(unit, leg),
        LegKind::Caller => match queueing::open_entry(unit.scope(), unit.tx(), file.id()).await? {
            Some(entry) if queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?.is_none() => {
                carry::move_caller(unit, file, Target::Queue { entry: entry.id, after: segment.id });
            }
            Some(_) | None => {}
        },
    }
    Ok(())
}

/// The agent is there: now the caller is brought.
async fn agent_joined(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    let Some(state) = segment.state.advance(SegmentState::Joined) else { return Ok(()) };
    file.note_at(unit, EventKind::AgentJoined, json!({"agentId": segment.agent_id}), Some(at));
    segment.state = state;
    segment.agent_joined_at = Some(file.last_moment());
    queueing::save_segment(unit.scope(), unit.tx(), segment.clone()).await?;
    carry::move_caller(unit, file, Target::Agent { segment: segment.id });
    // Reordered callbacks: the caller may have been seen there before.
    let caller = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?;
    match caller.and_then(|leg| leg.joined_at) {
        Some(joined) => connect(unit, file, segment, joined).await,
        None => Ok(()),
    }
}

/// Both are in the room: the conversation begins, and the visit of the queue is over.
async fn connect(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
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
    if queueing::close_entry(unit.scope(), unit.tx(), entry, EntryOutcome::Answered, at).await? == Won::Yes {
        file.note(unit, EventKind::Dequeued, json!({"entryId": entry, "outcome": EntryOutcome::Answered}));
        unit.reroute(RoutingSubject::Entry, entry);
    }
    file.row.status = CallStatus::Connected;
    file.row.outcome = Some(CallOutcome::Answered);
    file.row.answered_at.get_or_insert(at);
    recording::connected(unit, file, &segment).await?;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await
}

async fn left(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    mut leg: leg::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    if !segment.state.is_live() || !is_news(&mut leg, event) {
        return Ok(());
    }
    leg.left_at = event.timestamp.or(Some(unit.now()));
    let kind = leg.kind;
    calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    match (kind, &event.reason_left) {
        (LegKind::Agent, _) => leave::agent_left(unit, file, segment, event.timestamp).await,
        // We took him out ourselves, to bring him somewhere else.
        (LegKind::Caller, Some(ReasonLeft::ParticipantUpdatedViaApi)) => Ok(()),
        (LegKind::Caller, _) => {
            let by = file.row.ended_by.unwrap_or(EndedBy::Caller);
            leave::caller_left(unit, file, event.timestamp, by).await
        }
        (LegKind::Transfer, _) => Ok(()),
    }
}

fn held(unit: &Unit, file: &mut CallFile, segment: &segment::Model, event: &ConferenceEvent) {
    if segment.state == SegmentState::Connected && file.row.status == CallStatus::Connected {
        file.note_at(unit, EventKind::Held, json!({"agentId": segment.agent_id}), event.timestamp);
        file.row.status = CallStatus::OnHold;
    }
}

async fn resumed(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    event: &ConferenceEvent,
) -> Result<()> {
    if segment.state != SegmentState::Connected || file.row.status != CallStatus::OnHold {
        return Ok(());
    }
    let since = file.last_moment();
    file.note_at(unit, EventKind::Resumed, json!({"agentId": segment.agent_id}), event.timestamp);
    segment.hold_ms += (file.last_moment() - since).num_milliseconds().max(0);
    file.row.status = CallStatus::Connected;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await
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
