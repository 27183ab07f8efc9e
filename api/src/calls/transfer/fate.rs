//! What becomes of a transfer: who was asked comes, declines, does not answer or leaves again, and so may the agent who
//! asked, or the caller.

use chrono::{DateTime, Utc};
use entity::id::QueueEntryId;
use entity::{
    Availability, EndedBy, EntryOutcome, EntryPurpose, JobKind, OfferState, RoutingSubject, SegmentPart,
    SegmentState, TransferState, queue_entry, segment, transfer,
};
use serde_json::json;

use super::{at_the_old_place, finish, outside_leg, park, project, queue_of, tell};
use crate::calls::carry::Target;
use crate::calls::offer::{Opened, Rings};
use crate::calls::story::EventKind;
use crate::calls::visit::{self, For};
use crate::calls::{CallFile, control, direct, hold, leave, offer, recording, rows, supervise, wrap_up};
use crate::error::Result;
use crate::store::queueing::{self, Won};
use crate::store::{Unit, calls, jobs, live, workforce};

/// Why a transfer failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Busy,
    NoAnswer,
    Declined,
    DeviceError,
    Unreachable,
    CallerLeft,
    /// Who had come has left again.
    LeftAgain,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Declined => "declined",
            Self::DeviceError => "device_error",
            Self::Unreachable => "unreachable",
            Self::CallerLeft => "caller_left",
            Self::LeftAgain => "left_again",
        }
    }

    /// Of an offer that nobody took.
    pub fn of_offer(state: OfferState) -> Self {
        match state {
            OfferState::Declined => Self::Declined,
            OfferState::DeviceError => Self::DeviceError,
            OfferState::CallerLeft => Self::CallerLeft,
            OfferState::NoAnswer
            | OfferState::Open
            | OfferState::Accepted
            | OfferState::TakenByOther
            | OfferState::Withdrawn => Self::NoAnswer,
        }
    }
}

/// The caller talks with the agent whom this visit has found: if it belongs to a transfer, that is done; one that is
/// still open has come to nothing.
pub async fn reached(unit: &mut Unit, file: &mut CallFile, entry: QueueEntryId) -> Result<()> {
    if let Some(transfer) = live::open_transfer(unit.scope(), unit.tx(), file.id()).await? {
        if transfer.queue_entry_id == Some(entry) {
            finish(unit, file, transfer, TransferState::Completed, None).await?;
        } else {
            finish(unit, file, transfer, TransferState::Failed, Some(Why::Unreachable)).await?;
        }
        hold::take_off(unit, file).await?;
        supervise::point_anew(unit, file).await?;
        control::tell(unit, file).await?;
    }
    Ok(())
}

/// Who was asked by the agent is in the room with him.
pub async fn colleague_joined(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    at: DateTime<Utc>,
) -> Result<()> {
    let Some(state) = segment.state.advance(SegmentState::Joined) else { return Ok(()) };
    file.note_at(unit, EventKind::AgentJoined, json!({"agentId": segment.agent_id}), Some(at));
    segment.state = state;
    segment.agent_joined_at = Some(file.last_moment());
    jobs::cancel(unit, JobKind::JoinDeadline, segment.id).await?;
    let entry = segment.queue_entry_id;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    leave::close_visit(unit, file, entry, EntryOutcome::Answered).await?;
    if let Some(transfer) = live::open_transfer(unit.scope(), unit.tx(), file.id()).await? {
        joined(unit, file, transfer).await?;
    }
    control::tell(unit, file).await
}

/// Somebody has come: the agent and he talk, and with the caller too unless he is on hold.
pub(super) async fn joined(
    unit: &mut Unit,
    file: &mut CallFile,
    mut transfer: transfer::Model,
) -> Result<()> {
    let Some(state) = transfer.state.advance(TransferState::Joined) else { return Ok(()) };
    transfer.state = state;
    transfer.joined_at = Some(unit.now());
    jobs::cancel(unit, JobKind::TransferDeadline, transfer.id).await?;
    live::save_transfer(unit.scope(), unit.tx(), transfer.clone()).await?;
    file.note(unit, EventKind::TransferJoined, json!({"transferId": transfer.id}));
    tell(unit, &transfer);
    let caller = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?;
    match caller {
        Some(leg) if !leg.held => together(unit, file).await,
        Some(_) | None => Ok(()),
    }
}

/// All three hear each other: for who was asked it is a conversation with the caller from now on.
pub async fn together(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    let Some(mut second) = queueing::consult_segment(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(());
    };
    let Some(state) = second.state.advance(SegmentState::Connected) else { return Ok(()) };
    file.note(unit, EventKind::Connected, json!({"agentId": second.agent_id, "segmentId": second.id}));
    second.state = state;
    second.connected_at = Some(file.last_moment());
    recording::connected(unit, file, &second).await?;
    queueing::save_segment(unit.scope(), unit.tx(), second).await
}

/// The agent goes, and who was asked has the call.
pub(super) async fn hand_over(
    unit: &mut Unit,
    file: &mut CallFile,
    first: segment::Model,
    transfer: transfer::Model,
) -> Result<()> {
    let leg = calls::offer_leg(unit.scope(), unit.tx(), first.offer_id).await?;
    wrap_up::begin(unit, file, first, EndedBy::Agent).await?;
    if let Some(leg) = leg {
        leave::end_leg(unit, &leg);
    }
    together(unit, file).await?;
    if let Some(mut second) = queueing::consult_segment(unit.scope(), unit.tx(), file.id()).await? {
        second.part = SegmentPart::Main;
        queueing::save_segment(unit.scope(), unit.tx(), second).await?;
    } else {
        recording::without_agent(unit, file).await?;
    }
    finish(unit, file, transfer, TransferState::Completed, None).await?;
    hold::take_off(unit, file).await?;
    supervise::point_anew(unit, file).await?;
    project(unit, file).await?;
    control::tell(unit, file).await
}

/// The agent who has the call has hung up, and a transfer of his is under way. If who was asked is there, that completes
/// it; if not, the caller waits for him with music.
pub async fn first_left(
    unit: &mut Unit,
    file: &mut CallFile,
    first: segment::Model,
    transfer: transfer::Model,
    provider_at: Option<DateTime<Utc>>,
) -> Result<()> {
    file.note_at(unit, EventKind::AgentLeft, json!({"agentId": first.agent_id}), provider_at);
    if transfer.state == TransferState::Joined {
        return hand_over(unit, file, first, transfer).await;
    }
    wrap_up::begin(unit, file, first.clone(), EndedBy::Agent).await?;
    let entry = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await?;
    let second = queueing::consult_segment(unit.scope(), unit.tx(), file.id()).await?;
    let accepted = second.is_some();
    if let Some(mut second) = second {
        // He is on his way into the room where the caller is.
        second.part = SegmentPart::Main;
        queueing::save_segment(unit.scope(), unit.tx(), second).await?;
    }
    match entry {
        Some(entry) => {
            let entry = for_the_caller(unit, file, entry).await?;
            if accepted {
                hold::put(unit, file).await?;
            } else {
                park(unit, file, &entry, &first).await?;
            }
        }
        // A number outside rings.
        None => hold::put(unit, file).await?,
    }
    project(unit, file).await?;
    control::tell(unit, file).await
}

/// Who was asked by the agent has accepted and did not come, or left before he had talked with the caller.
pub async fn colleague_failed(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: &segment::Model,
    why: Why,
) -> Result<()> {
    let Some(transfer) = live::open_transfer(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(());
    };
    if transfer.queue_entry_id != Some(segment.queue_entry_id) {
        return Ok(());
    }
    let entry = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await?;
    match entry {
        // The queue finds the next one.
        Some(entry) if entry.wanted_agent_id.is_none() => {
            unit.reroute(RoutingSubject::Entry, entry.id);
            Ok(())
        }
        Some(entry) => {
            leave::close_visit(unit, file, entry.id, EntryOutcome::Withdrawn).await?;
            back_to_first(unit, file, transfer, why).await
        }
        None => back_to_first(unit, file, transfer, why).await,
    }
}

/// Who had come leaves, and the agent has the caller for himself again.
pub async fn colleague_left(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    provider_at: Option<DateTime<Utc>>,
) -> Result<()> {
    file.note_at(unit, EventKind::AgentLeft, json!({"agentId": segment.agent_id}), provider_at);
    let queue = segment.queue_id;
    wrap_up::begin(unit, file, segment, EndedBy::Agent).await?;
    if let Some(first) = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?
        && first.queue_id != queue
    {
        // Both queues had a say while all three talked.
        recording::connected(unit, file, &first).await?;
    }
    match live::open_transfer(unit.scope(), unit.tx(), file.id()).await? {
        Some(transfer) => back_to_first(unit, file, transfer, Why::LeftAgain).await,
        None => project(unit, file).await,
    }
}

/// The agent is still there: the caller is with him again.
pub(super) async fn back_to_first(
    unit: &mut Unit,
    file: &mut CallFile,
    transfer: transfer::Model,
    why: Why,
) -> Result<()> {
    finish(unit, file, transfer, TransferState::Failed, Some(why)).await?;
    hold::take_off(unit, file).await?;
    project(unit, file).await?;
    control::tell(unit, file).await
}

/// The one agent who was wanted for this visit does not take it. Nothing of this is about an ordinary visit.
pub async fn wanted_failed(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: QueueEntryId,
    why: Why,
) -> Result<()> {
    let entry = match queueing::open_entry(unit.scope(), unit.tx(), file.id()).await? {
        Some(open) if open.id == entry && open.wanted_agent_id.is_some() => open,
        Some(_) | None => return Ok(()),
    };
    let transfer = live::transfer_of_entry(unit.scope(), unit.tx(), entry.id).await?;
    match (entry.purpose, transfer) {
        (EntryPurpose::Consult, Some(transfer)) => {
            leave::close_visit(unit, file, entry.id, EntryOutcome::Withdrawn).await?;
            back_to_first(unit, file, transfer, why).await
        }
        (EntryPurpose::Caller | EntryPurpose::Callback, Some(transfer)) if transfer.state.is_open() => {
            let transfer = finish(unit, file, transfer, TransferState::Failed, Some(why)).await?;
            ring_back(unit, file, entry, &transfer).await
        }
        // A flow was to put the caller through to him.
        (EntryPurpose::Caller, None) => direct::failed(unit, file, &entry, why).await,
        // The agent who had passed the call on was rung back, and does not take it either.
        (EntryPurpose::Caller | EntryPurpose::Consult | EntryPurpose::Callback, _) => {
            for_everybody(unit, file, entry).await
        }
    }
}

/// The agent is gone from the room, and nobody has taken the caller, who is still in it or was sent to a number: he waits
/// at his old place, and the agent is rung back first. The visit that he makes.
pub(super) async fn return_caller(
    unit: &mut Unit,
    file: &mut CallFile,
    transfer: transfer::Model,
    why: Why,
) -> Result<Option<queue_entry::Model>> {
    let mut transfer = finish(unit, file, transfer, TransferState::Failed, Some(why)).await?;
    let Some(first) = queueing::segment(unit.scope(), unit.tx(), transfer.segment_id).await? else {
        return Ok(None);
    };
    let queue = queue_of(unit, first.queue_id).await?;
    let entry = at_the_old_place(unit, file, &first, &queue, For::Agent(transfer.agent_id)).await?;
    transfer.queue_entry_id = Some(entry.id);
    live::save_transfer(unit.scope(), unit.tx(), transfer.clone()).await?;
    ring_back(unit, file, entry.clone(), &transfer).await?;
    Ok(Some(entry))
}

/// Asks the agent who had passed the call on, if he can be asked; else everybody. His wrap-up of it is over then: he
/// begins another one when he has talked with the caller again.
async fn ring_back(
    unit: &mut Unit,
    file: &mut CallFile,
    mut entry: queue_entry::Model,
    transfer: &transfer::Model,
) -> Result<()> {
    let agent = workforce::agent(unit.scope(), unit.tx(), transfer.agent_id).await?;
    let first = queueing::segment(unit.scope(), unit.tx(), transfer.segment_id).await?;
    let wraps_up = first.filter(|first| first.state == SegmentState::WrapUp);
    let here = rows::is_reachable(&agent, &unit.app().settings.timing, unit.now())
        && agent.availability != Availability::Offline;
    let held = queueing::slots_of(unit.scope(), unit.tx(), &[agent.id]).await?.len();
    let others = held.saturating_sub(usize::from(wraps_up.is_some()));
    if !here || others >= usize::try_from(agent.capacity).unwrap_or_default() {
        return for_everybody(unit, file, entry).await;
    }
    if let Some(first) = wraps_up {
        wrap_up::finish(unit, file, first).await?;
    }
    entry.wanted_agent_id = Some(agent.id);
    queueing::save_entry(unit.scope(), unit.tx(), entry.clone()).await?;
    unit.reroute(RoutingSubject::Entry, entry.id);
    file.note(unit, EventKind::RungBack, json!({"transferId": transfer.id, "agentId": agent.id}));
    if offer::ask(unit, file, &entry, agent.id, Rings::AsInTheQueue).await? == Opened::Stale {
        return for_everybody(unit, file, entry).await;
    }
    project(unit, file).await?;
    control::tell(unit, file).await
}

/// The visit becomes an ordinary one, at its place.
async fn for_everybody(unit: &mut Unit, file: &mut CallFile, entry: queue_entry::Model) -> Result<()> {
    visit::open_to_everybody(unit, file, entry).await?;
    project(unit, file).await?;
    control::tell(unit, file).await
}

/// Whom the agent had asked for himself is asked for the caller.
async fn for_the_caller(
    unit: &mut Unit,
    file: &mut CallFile,
    mut entry: queue_entry::Model,
) -> Result<queue_entry::Model> {
    if entry.wanted_agent_id.is_none() {
        return visit::open_to_everybody(unit, file, entry).await;
    }
    entry.purpose = EntryPurpose::Caller;
    file.row.queue_id = Some(entry.queue_id);
    queueing::save_entry(unit.scope(), unit.tx(), entry.clone()).await?;
    Ok(entry)
}

/// The visit has ended in its queue by a rule, and nobody has been reached: what the caller was passed on for has failed.
pub async fn queue_ended(unit: &mut Unit, file: &mut CallFile, entry: QueueEntryId) -> Result<()> {
    let transfer = live::transfer_of_entry(unit.scope(), unit.tx(), entry).await?;
    if let Some(transfer) = transfer.filter(|transfer| transfer.state.is_open()) {
        finish(unit, file, transfer, TransferState::Failed, Some(Why::NoAnswer)).await?;
    }
    Ok(())
}

/// The caller is gone, and so is what a transfer was for.
pub async fn caller_gone(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    if let Some(transfer) = live::open_transfer(unit.scope(), unit.tx(), file.id()).await? {
        finish(unit, file, transfer, TransferState::Failed, Some(Why::CallerLeft)).await?;
    }
    for transfer in live::transfers(unit.scope(), unit.tx(), file.id()).await? {
        if let Some(leg) = outside_leg(unit, &transfer).await? {
            leave::end_leg(unit, &leg);
        }
    }
    Ok(())
}

/// Takes back what was asked for: offers, the visit, who is on the way or there.
pub(super) async fn take_back(
    unit: &mut Unit,
    file: &mut CallFile,
    transfer: &transfer::Model,
) -> Result<()> {
    if let Some(entry) = transfer.queue_entry_id
        && leave::close_visit(unit, file, entry, EntryOutcome::Withdrawn).await? == Won::Yes
    {
        leave::withdraw_offers(unit, file, OfferState::Withdrawn).await?;
    }
    if let Some(second) = queueing::consult_segment(unit.scope(), unit.tx(), file.id()).await? {
        let leg = calls::offer_leg(unit.scope(), unit.tx(), second.offer_id).await?;
        if second.state == SegmentState::Connected {
            wrap_up::begin(unit, file, second, EndedBy::Agent).await?;
        } else {
            leave::dismiss(unit, file, second, EndedBy::Agent, OfferState::Withdrawn).await?;
        }
        if let Some(leg) = leg {
            leave::end_leg(unit, &leg);
        }
    }
    if let Some(leg) = outside_leg(unit, transfer).await? {
        leave::end_leg(unit, &leg);
    }
    Ok(())
}

/// The caller leaves the room, where nobody is left, for his parking place.
pub(super) async fn park_at(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: QueueEntryId,
    after: entity::id::SegmentId,
) -> Result<()> {
    leave::park_again(unit, file, Target::Queue { entry, after }).await
}
