//! An agent takes an offered call, or does not want it. One transaction decides; everybody else gets a clear answer.

use entity::id::{AgentId, CallId, LegId, OfferId, QueueId, SegmentId};
use entity::{
    CallStatus, CompanyScope, EntryPurpose, JobKind, LegKind, LegState, OfferState, Reach, RoutingSubject,
    SegmentPart, SegmentState, SlotHolder, agent, leg, offer, queue_entry, segment,
};
use serde_json::json;

use super::story::EventKind;
use super::{CallFile, leave};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::queueing::{self, Won};
use crate::store::{Audience, Unit, jobs, workforce};

/// An agent with a device accepts: he has reserved the call, and his phone is called. `by` is whose offer it must be.
pub async fn accept(app: &App, scope: CompanyScope, id: OfferId, by: Option<AgentId>) -> Result<CallId> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, offer) = open(&unit, id, by).await?;
    let agent = workforce::agent(scope, unit.tx(), offer.agent_id).await?;
    take(&mut unit, &mut file, &offer, &agent).await?;
    let call = file.id();
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(call)
}

/// The agent has the call, and his device is called.
pub async fn take(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    agent: &agent::Model,
) -> Result<()> {
    let segment = reserve(unit, file, offer, agent).await?;
    match agent.reach {
        Reach::Browser | Reach::Client => dial_device(unit, file, offer, agent).await?,
        // His number is ringing already, and pressing 1 does the same as this.
        Reach::Number => {}
    }
    unit.tell(
        &[Audience::Agent(agent.id)],
        "offer:accepted",
        json!({"offerId": offer.id, "callId": offer.call_id, "segmentId": segment}),
    );
    Ok(())
}

/// The reservation itself: the one place where a call gets its agent.
pub async fn reserve(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    agent: &agent::Model,
) -> Result<SegmentId> {
    let (scope, now) = (unit.scope(), unit.now());
    if offer.expires_at <= now && offer.state == OfferState::Open {
        return Err(Error::conflict(Code::OfferExpired, "This offer has expired."));
    }
    if queueing::settle_offer(scope, unit.tx(), offer.id, OfferState::Accepted, now).await? == Won::No {
        return Err(lost(unit, offer.id).await?);
    }
    unit.app().metrics.offer_settled(OfferState::Accepted);
    leave::rings_no_more(unit, offer).await?;
    jobs::cancel(unit, JobKind::ExpireOffer, offer.id).await?;
    for other in queueing::open_offers_of_round(scope, unit.tx(), offer.round_id).await? {
        leave::settle(unit, file, &other, OfferState::TakenByOther).await?;
    }
    queueing::close_round(scope, unit.tx(), offer.round_id, now).await?;
    let entry = queueing::entry(scope, unit.tx(), offer.queue_entry_id).await?;
    let entry = entry.ok_or(Error::NotFound(Subject::Offer))?;
    let (part, room_id) = place(unit, file, &entry, offer.id).await?;
    let segment = segment_of(unit, offer, entry.queue_id, part, room_id);
    let id = segment.id;
    queueing::pass_slot_on(scope, unit.tx(), offer.id, SlotHolder::Segment).await?;
    scope.insert::<segment::Entity, _>(unit.tx(), segment).await?;
    unit.reroute(RoutingSubject::Entry, offer.queue_entry_id);
    unit.reroute(RoutingSubject::Agent, agent.id);
    let deadline = now + unit.app().settings.timing.join;
    unit.job(JobKind::JoinDeadline, id, json!({}), deadline);
    match part {
        SegmentPart::Main => (file.row.status, file.row.agent_id) = (CallStatus::Offered, Some(agent.id)),
        // The caller is with the agent who asks.
        SegmentPart::Consult => {}
    }
    file.note(
        unit,
        EventKind::OfferAccepted,
        json!({"offerId": offer.id, "agentId": agent.id, "agent": agent.name}),
    );
    crate::agents::tell_status(unit, agent.id).await?;
    Ok(id)
}

/// An agent's time with a call, from the moment in which he has reserved it.
pub fn segment_of(
    unit: &Unit,
    offer: &offer::Model,
    queue: QueueId,
    part: SegmentPart,
    room: OfferId,
) -> segment::Model {
    segment::Model {
        id: unit.id::<SegmentId>(),
        company_id: unit.company(),
        call_id: offer.call_id,
        queue_entry_id: offer.queue_entry_id,
        offer_id: offer.id,
        agent_id: offer.agent_id,
        queue_id: queue,
        part,
        room_id: room,
        state: SegmentState::Reserved,
        reserved_at: unit.now(),
        agent_joined_at: None,
        connected_at: None,
        ended_at: None,
        ended_by: None,
        hold_ms: 0,
        held_since: None,
        wrap_up_until: None,
        wrap_up_extensions: 0,
        wrapped_up_at: None,
        disposition: None,
        notes: None,
    }
}

/// Which place the agent gets in the call, and in which room: one who is asked by the agent who has the call comes to
/// them, and everybody else meets the caller in a room of his own.
async fn place(
    unit: &Unit,
    file: &CallFile,
    entry: &queue_entry::Model,
    offer: OfferId,
) -> Result<(SegmentPart, OfferId)> {
    match entry.purpose {
        EntryPurpose::Caller | EntryPurpose::Callback => Ok((SegmentPart::Main, offer)),
        EntryPurpose::Consult => {
            let first = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?;
            let gone = Error::conflict(Code::OfferClosed, "This offer is no longer open.");
            first.map(|first| (SegmentPart::Consult, first.room_id)).ok_or(gone)
        }
    }
}

/// Why an accept came too late, with the winner's name where there is one.
async fn lost(unit: &Unit, id: OfferId) -> Result<Error> {
    let offer = queueing::offer(unit.scope(), unit.tx(), id).await?;
    Ok(match offer.state {
        OfferState::Accepted => {
            Error::conflict(Code::OfferAlreadyAccepted, "You have already accepted this call.")
        }
        OfferState::TakenByOther => {
            let winner = queueing::winner_of_round(unit.scope(), unit.tx(), offer.round_id).await?;
            let name = match winner {
                Some(winner) => workforce::agent(unit.scope(), unit.tx(), winner.agent_id).await?.name,
                None => "another agent".to_owned(),
            };
            Error::conflict(Code::OfferAlreadyTaken, format!("{name} has already taken this call."))
        }
        OfferState::CallerLeft => Error::conflict(Code::CallerLeft, "The caller has hung up."),
        OfferState::NoAnswer => Error::conflict(Code::OfferExpired, "This offer has expired."),
        OfferState::Open | OfferState::Declined | OfferState::Withdrawn | OfferState::DeviceError => {
            Error::conflict(Code::OfferClosed, "This offer is no longer open.")
        }
    })
}

async fn dial_device(
    unit: &mut Unit,
    file: &CallFile,
    offer: &offer::Model,
    agent: &agent::Model,
) -> Result<()> {
    ring(unit, file, offer, agent, client_address(agent.id)).await
}

/// The agent's phone at this address is called for the offer.
pub async fn ring(
    unit: &mut Unit,
    file: &CallFile,
    offer: &offer::Model,
    agent: &agent::Model,
    address: String,
) -> Result<()> {
    let leg = plan_leg(unit, file, offer, agent, address);
    let id = leg.id;
    unit.scope().insert::<leg::Entity, _>(unit.tx(), leg).await?;
    let now = unit.now();
    unit.job(JobKind::DialAgent, id, json!({}), now);
    Ok(())
}

/// Where this agent is reached.
pub fn address_of(agent: &agent::Model) -> String {
    match (agent.reach, &agent.number) {
        (Reach::Number, Some(number)) => number.clone(),
        (Reach::Number | Reach::Browser | Reach::Client, _) => client_address(agent.id),
    }
}

/// The address of an agent's softphone or browser at the provider.
pub fn client_address(agent: AgentId) -> String {
    format!("client:{}", client_identity(agent))
}

/// As what an agent's softphone or browser is known to the provider.
pub fn client_identity(agent: AgentId) -> String {
    agent.0.simple().to_string()
}

/// An agent's leg, before anybody was called.
pub fn plan_leg(
    unit: &Unit,
    file: &CallFile,
    offer: &offer::Model,
    agent: &agent::Model,
    address: String,
) -> leg::Model {
    leg::Model {
        id: unit.id::<LegId>(),
        company_id: unit.company(),
        call_id: file.id(),
        kind: LegKind::Agent,
        offer_id: Some(offer.id),
        agent_id: Some(agent.id),
        address,
        provider_sid: None,
        state: LegState::Planned,
        held: false,
        muted: false,
        last_sequence: None,
        dialled_at: None,
        joined_at: None,
        left_at: None,
        ended_at: None,
        created_at: unit.now(),
    }
}

/// The agent does not want this call; he is not asked again for it for a while.
pub async fn decline(app: &App, scope: CompanyScope, id: OfferId, by: Option<AgentId>) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, offer) = open(&unit, id, by).await?;
    if leave::settle(&mut unit, &mut file, &offer, OfferState::Declined).await? == Won::No {
        return Err(lost(&unit, id).await?);
    }
    leave::close_round_if_settled(&mut unit, &mut file, &offer).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// The offer with its call locked. Another agent's offer does not exist.
async fn open(unit: &Unit, id: OfferId, by: Option<AgentId>) -> Result<(CallFile, offer::Model)> {
    let seen = queueing::offer(unit.scope(), unit.tx(), id).await?;
    if by.is_some_and(|agent| agent != seen.agent_id) {
        return Err(Error::NotFound(Subject::Offer));
    }
    let file = CallFile::open(unit, seen.call_id).await?;
    let offer = queueing::offer(unit.scope(), unit.tx(), id).await?;
    Ok((file, offer))
}
