//! Somebody leaves: the caller, an agent, or the time that an agent had to come.

use chrono::{DateTime, Utc};
use entity::id::QueueEntryId;
use entity::{
    CallOutcome, CallStatus, ChangeCause, EndedBy, EntryOutcome, EntryPurpose, JobKind, LegState, OfferState,
    RoutingSubject, SegmentPart, SegmentState, SlotHolder, leg, offer, segment,
};
use serde_json::{Value, json};

use super::carry::Target;
use super::story::EventKind;
use super::transfer::Why;
use super::{CallFile, callback, come_back, flow, outbound, recording, supervise, transfer, wrap_up};
use crate::agents::{self, Step};
use crate::error::Result;
use crate::notices::{self, Notice};
use crate::store::queueing::{self, Won};
use crate::store::{Audience, Unit, calls, jobs, live};

/// The caller is no longer on the line, however we learnt it; the second time changes nothing.
pub async fn caller_left(
    unit: &mut Unit,
    file: &mut CallFile,
    provider_at: Option<DateTime<Utc>>,
    by: EndedBy,
) -> Result<()> {
    if file.caller_has_left() {
        return Ok(());
    }
    let by = file.row.ended_by.unwrap_or(by);
    file.note_at(unit, EventKind::CallerLeft, json!({"endedBy": by}), provider_at);
    let at = file.last_moment();
    if let Some(mut leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
        calls::advance_leg(&mut leg, LegState::Completed, at);
        leg.left_at.get_or_insert(at);
        calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    }
    if file.row.answered_at.is_some() {
        transfer::caller_gone(unit, file).await?;
        supervise::end_all(unit, file).await?;
    }
    if let Some(entry) = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await? {
        let outcome = match entry.purpose {
            EntryPurpose::Caller => EntryOutcome::Abandoned,
            // He was with an agent, who asked for a colleague; or nobody was on the line yet.
            EntryPurpose::Consult | EntryPurpose::Callback => EntryOutcome::Withdrawn,
        };
        if close_visit(unit, file, entry.id, outcome).await? == Won::Yes {
            if file.row.answered_at.is_none() {
                file.row.outcome = Some(CallOutcome::Abandoned);
            }
            withdraw_offers(unit, file, OfferState::CallerLeft).await?;
        }
    }
    for segment in queueing::live_segments(unit.scope(), unit.tx(), file.id()).await? {
        match segment.state {
            SegmentState::Connected => wrap_up::begin(unit, file, segment, EndedBy::Caller).await?,
            SegmentState::Reserved | SegmentState::Joined => {
                give_up_segment(unit, file, segment, EndedBy::Caller).await?;
            }
            SegmentState::WrapUp | SegmentState::Done | SegmentState::Failed => {}
        }
    }
    recording::call_over(unit, file).await?;
    flow::hang_up(unit, file).await?;
    file.row.outcome.get_or_insert(CallOutcome::FlowExit);
    file.row.ended_by = Some(by);
    file.row.ended_at = Some(at);
    file.row.status = CallStatus::WrapUp;
    end_if_nobody_is_left(unit, file, by).await
}

/// The call is completed when the caller is gone and the last agent has wrapped up.
pub async fn end_if_nobody_is_left(unit: &mut Unit, file: &mut CallFile, by: EndedBy) -> Result<()> {
    let busy = queueing::segments_of_call(unit.scope(), unit.tx(), file.id())
        .await?
        .iter()
        .any(|segment| segment.state.is_live() || segment.state == SegmentState::WrapUp);
    if !busy && file.caller_has_left() && !file.row.status.is_over() {
        file.end(unit, by);
    }
    Ok(())
}

/// Ends a visit of a queue, unless it has ended, with the line of the story that came last.
pub async fn close_visit(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: QueueEntryId,
    outcome: EntryOutcome,
) -> Result<Won> {
    let at = file.last_moment();
    close_visit_at(unit, file, at, entry, outcome, json!({})).await
}

/// The visit ends now, and not by anything that happened on a line: what was offered is withdrawn.
pub async fn take_out_of_queue(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: QueueEntryId,
    outcome: EntryOutcome,
    told: Value,
) -> Result<Won> {
    let now = unit.now();
    let won = close_visit_at(unit, file, now, entry, outcome, told).await?;
    if won == Won::Yes {
        withdraw_offers(unit, file, OfferState::Withdrawn).await?;
    }
    Ok(won)
}

async fn close_visit_at(
    unit: &mut Unit,
    file: &mut CallFile,
    at: DateTime<Utc>,
    entry: QueueEntryId,
    outcome: EntryOutcome,
    mut told: Value,
) -> Result<Won> {
    let won = queueing::close_entry(unit.scope(), unit.tx(), entry, outcome, at).await?;
    if won == Won::Yes {
        told["entryId"] = json!(entry);
        told["outcome"] = json!(outcome);
        file.note(unit, EventKind::Dequeued, told);
        unit.reroute(RoutingSubject::Entry, entry);
    }
    Ok(won)
}

/// Takes back every open offer of the call; none of it is the agents' fault.
pub async fn withdraw_offers(unit: &mut Unit, file: &mut CallFile, because: OfferState) -> Result<()> {
    for offer in queueing::open_offers_of_call(unit.scope(), unit.tx(), file.id()).await? {
        settle(unit, file, &offer, because).await?;
        queueing::close_round(unit.scope(), unit.tx(), offer.round_id, unit.now()).await?;
    }
    Ok(())
}

/// Settles one open offer against its agent: the slot is free again, the agent is told, a ringing number stops.
pub async fn settle(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    to: OfferState,
) -> Result<Won> {
    if queueing::settle_offer(unit.scope(), unit.tx(), offer.id, to, unit.now()).await? == Won::No {
        return Ok(Won::No);
    }
    unit.app().metrics.offer_settled(to);
    queueing::release_slot(unit.scope(), unit.tx(), offer.id).await?;
    jobs::cancel(unit, JobKind::ExpireOffer, offer.id).await?;
    unit.reroute(RoutingSubject::Agent, offer.agent_id);
    unit.tell(
        &[Audience::Agent(offer.agent_id), Audience::Supervisors],
        "offer:revoked",
        json!({"offerId": offer.id, "callId": offer.call_id, "agentId": offer.agent_id, "reason": to}),
    );
    let kind = match to {
        OfferState::Declined => EventKind::OfferDeclined,
        OfferState::NoAnswer => EventKind::OfferNotAnswered,
        OfferState::DeviceError => EventKind::DeviceFailed,
        OfferState::Open
        | OfferState::Accepted
        | OfferState::TakenByOther
        | OfferState::CallerLeft
        | OfferState::Withdrawn => EventKind::OfferWithdrawn,
    };
    file.note(unit, kind, json!({"offerId": offer.id, "agentId": offer.agent_id, "reason": to}));
    match to {
        // Missed: that is told in its place.
        OfferState::NoAnswer => {}
        OfferState::Open
        | OfferState::Accepted
        | OfferState::Declined
        | OfferState::TakenByOther
        | OfferState::CallerLeft
        | OfferState::Withdrawn
        | OfferState::DeviceError => rings_no_more(unit, offer).await?,
    }
    if let Some(leg) = calls::offer_leg(unit.scope(), unit.tx(), offer.id).await? {
        end_leg(unit, &leg);
    }
    Ok(Won::Yes)
}

/// Phones of the agent's that rang for it are told so.
pub async fn rings_no_more(unit: &mut Unit, offer: &offer::Model) -> Result<()> {
    let over = Notice::offer_over(offer.id, offer.call_id, offer.offered_at, unit.now());
    notices::to_agent(unit, offer.agent_id, over).await
}

/// The provider is asked to end a leg, unless it has said that it is over.
pub fn end_leg(unit: &mut Unit, leg: &leg::Model) {
    if !leg.state.is_over() {
        let now = unit.now();
        unit.job(JobKind::EndLeg, leg.id, json!({}), now);
    }
}

/// The round has no open offer left: the entry waits again, at its place.
pub async fn close_round_if_settled(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
) -> Result<()> {
    if queueing::open_offers_of_round(unit.scope(), unit.tx(), offer.round_id).await?.is_empty() {
        queueing::close_round(unit.scope(), unit.tx(), offer.round_id, unit.now()).await?;
        unit.reroute(RoutingSubject::Entry, offer.queue_entry_id);
        if file.row.status == CallStatus::Offered {
            file.row.status = CallStatus::Queued;
            file.row.agent_id = None;
        }
        let state = queueing::offer(unit.scope(), unit.tx(), offer.id).await?.state;
        transfer::wanted_failed(unit, file, offer.queue_entry_id, Why::of_offer(state)).await?;
    }
    Ok(())
}

/// An agent had taken the call, but it never came to a conversation. The caller, if he is still there, goes back to the
/// place that he had: the entry was open all the time. Not the agent's fault.
pub async fn give_up_segment(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    by: EndedBy,
) -> Result<()> {
    let waits_on = callback::goes_back_in_line(unit, file, &segment).await?;
    if outbound::has_yet_to_answer(&file.row) && !waits_on {
        return outbound::agent_gone(unit, file, &segment, by).await;
    }
    let reason = if by == EndedBy::Caller { OfferState::CallerLeft } else { OfferState::DeviceError };
    // Where the caller is: on his way to this agent, or in the room into which the agent was asked.
    let in_a_room = segment.state == SegmentState::Joined || segment.room_id != segment.offer_id;
    let was_joined = segment.state == SegmentState::Joined;
    if dismiss(unit, file, segment.clone(), by, reason).await? == Won::No || by == EndedBy::Caller {
        return Ok(());
    }
    let (offer, agent, entry) = (segment.offer_id, segment.agent_id, segment.queue_entry_id);
    if segment.part == SegmentPart::Consult && was_joined {
        file.note(unit, EventKind::AgentLeft, json!({"agentId": agent}));
        return transfer::colleague_failed(unit, file, &segment, Why::LeftAgain).await;
    }
    file.note(unit, EventKind::DeviceFailed, json!({"offerId": offer, "agentId": agent, "endedBy": by}));
    if segment.part == SegmentPart::Consult {
        let why = Why::DeviceError;
        return transfer::colleague_failed(unit, file, &segment, why).await;
    }
    file.row.status = CallStatus::Queued;
    file.row.agent_id = None;
    if in_a_room {
        park_again(unit, file, Target::Queue { entry, after: segment.id }).await?;
    }
    transfer::wanted_failed(unit, file, entry, Why::DeviceError).await
}

/// Ends an agent's time with a call before it came to a conversation: his slot is free, he is told, his phone stops.
pub async fn dismiss(
    unit: &mut Unit,
    file: &CallFile,
    segment: segment::Model,
    by: EndedBy,
    reason: OfferState,
) -> Result<Won> {
    let (offer, agent) = (segment.offer_id, segment.agent_id);
    let won = let_go(unit, segment, by).await?;
    if won == Won::Yes {
        unit.tell(
            &[Audience::Agent(agent), Audience::Supervisors],
            "offer:revoked",
            json!({"offerId": offer, "callId": file.id(), "agentId": agent, "reason": reason}),
        );
    }
    Ok(won)
}

/// [`dismiss`] of an agent to whom nothing was offered.
pub async fn let_go(unit: &mut Unit, mut segment: segment::Model, by: EndedBy) -> Result<Won> {
    let Some(state) = segment.state.advance(SegmentState::Failed) else { return Ok(Won::No) };
    segment.state = state;
    segment.ended_at = Some(unit.now());
    segment.ended_by = Some(by);
    let (offer, agent, entry, id) = (segment.offer_id, segment.agent_id, segment.queue_entry_id, segment.id);
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    queueing::release_slot(unit.scope(), unit.tx(), offer).await?;
    jobs::cancel(unit, JobKind::JoinDeadline, id).await?;
    unit.reroute(RoutingSubject::Agent, agent);
    unit.reroute(RoutingSubject::Entry, entry);
    agents::work_ended(unit, agent).await?;
    if let Some(leg) = calls::offer_leg(unit.scope(), unit.tx(), offer).await? {
        end_leg(unit, &leg);
    }
    Ok(Won::Yes)
}

/// The caller was, or may have been, in a conference or on the way there.
pub async fn park_again(unit: &mut Unit, file: &mut CallFile, target: Target) -> Result<()> {
    out_of_the_room(unit, file).await?;
    super::carry::move_caller(unit, file, target);
    Ok(())
}

/// The caller is in no room any more, or will not be: what was true of him there is forgotten.
pub async fn out_of_the_room(unit: &Unit, file: &CallFile) -> Result<()> {
    if let Some(mut leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
        leg.joined_at = None;
        leg.left_at = None;
        leg.last_sequence = None;
        leg.held = false;
        calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    }
    Ok(())
}

/// An agent's leg is gone: he hung up, or his phone did. Twice or late changes nothing.
pub async fn agent_left(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: segment::Model,
    provider_at: Option<DateTime<Utc>>,
) -> Result<()> {
    match segment.state {
        SegmentState::Reserved | SegmentState::Joined => {
            give_up_segment(unit, file, segment, EndedBy::Agent).await
        }
        SegmentState::Connected if segment.part == SegmentPart::Consult => {
            transfer::colleague_left(unit, file, segment, provider_at).await
        }
        SegmentState::Connected => {
            if let Some(transfer) = live::open_transfer(unit.scope(), unit.tx(), file.id()).await? {
                return transfer::first_left(unit, file, segment, transfer, provider_at).await;
            }
            file.note_at(unit, EventKind::AgentLeft, json!({"agentId": segment.agent_id}), provider_at);
            wrap_up::begin(unit, file, segment, EndedBy::Agent).await?;
            // Nobody else is with the caller: he must not be left alone in a silent conference.
            if let Some(input) = flow::after_agent(unit, file).await? {
                return come_back::from_agent(unit, file, input).await;
            }
            file.row.ended_by.get_or_insert(EndedBy::Agent);
            if let Some(leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await? {
                end_leg(unit, &leg);
            }
            Ok(())
        }
        SegmentState::WrapUp | SegmentState::Done | SegmentState::Failed => Ok(()),
    }
}

/// What a slot is held by after this.
pub async fn hold_slot_for(unit: &Unit, segment: &segment::Model, holder: SlotHolder) -> Result<()> {
    queueing::pass_slot_on(unit.scope(), unit.tx(), segment.offer_id, holder).await
}

/// He let a call ring: passed over until he says himself that he is back.
pub async fn stop_asking(unit: &mut Unit, agent: entity::id::AgentId) -> Result<()> {
    agents::change(unit, agent, Step::StopsResponding, agents::Why::happened(ChangeCause::NotResponding))
        .await?;
    Ok(())
}
