//! The agent's leg: what it hears when it is answered, and what the provider says of it.

use entity::id::{LegId, OfferId};
use entity::{EndedBy, LegKind, LegState, OfferState, Reach, SegmentPart, SegmentState, leg, offer, segment};
use serde_json::json;
use twilio::webhook::{CallProgress, CallStatus as ProviderStatus, GatherResult, VoiceRequest};

use super::story::EventKind;
use super::{CallFile, Reply, accept, leave, offer as offers, outbound, side};
use crate::error::{Error, Result};
use crate::store::calls::{self, Moved};
use crate::store::{Unit, companies, queueing, workforce};

/// The agent's phone was answered. A device whose agent has accepted joins; a number is asked to press 1; anybody else
/// is too late.
pub async fn answered(unit: &mut Unit, id: OfferId, request: &VoiceRequest) -> Result<Reply> {
    let (mut file, offer) = open(unit, id).await?;
    if learn(unit, &mut file, id, &request.call_sid, LegState::InProgress).await? == Learnt::NotOurs {
        return Ok(Reply::HangUp);
    }
    let reply = match queueing::segment_of_offer(unit.scope(), unit.tx(), id).await? {
        Some(segment) if segment.state.is_live() => joins(unit, &mut file, &offer, &segment).await?,
        Some(_) => too_late(unit).await?,
        None if offer.state == OfferState::Open => ask(unit, &offer).await?,
        None => too_late(unit).await?,
    };
    file.save(unit).await?;
    Ok(reply)
}

/// He joins. A number may be answered by a mailbox: who wants to call out from one presses 1 first.
async fn joins(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    segment: &segment::Model,
) -> Result<Reply> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let at_a_number = workforce::agent(scope, tx, segment.agent_id).await?.reach == Reach::Number;
    let reserved = segment.state == SegmentState::Reserved;
    if at_a_number && reserved && outbound::is_first_agent(scope, tx, segment).await? {
        let words = companies::words(scope, tx).await?;
        return Ok(Reply::PressToCall { offer: segment.offer_id, words });
    }
    enters(unit, file, offer, segment).await
}

/// Into the room, after what his queue has him hear. Who calls out himself came by no queue.
async fn enters(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    segment: &segment::Model,
) -> Result<Reply> {
    if outbound::is_first_agent(unit.scope(), unit.tx(), segment).await? {
        return Ok(Reply::JoinAgent { offer: segment.offer_id, room: segment.room_id });
    }
    side::whisper::before(unit, file, offer, segment).await
}

/// An agent at a number pressed something: 1 takes the call, in the same way as accepting over the socket does.
pub async fn pressed(unit: &mut Unit, id: OfferId, heard: &GatherResult) -> Result<Reply> {
    let (mut file, offer) = open(unit, id).await?;
    if heard.digits.as_deref() != Some("1") {
        if leave::settle(unit, &mut file, &offer, OfferState::Declined).await? == queueing::Won::Yes {
            leave::close_round_if_settled(unit, &mut file, &offer).await?;
        }
        file.save(unit).await?;
        return Ok(Reply::HangUp);
    }
    // He has the call already: it is his own, or he has accepted it over the socket while his phone asked.
    if let Some(segment) = queueing::segment_of_offer(unit.scope(), unit.tx(), id).await?
        && segment.state.is_live()
    {
        let reply = enters(unit, &mut file, &offer, &segment).await?;
        file.save(unit).await?;
        return Ok(reply);
    }
    let agent = workforce::agent(unit.scope(), unit.tx(), offer.agent_id).await?;
    let reply = match accept::reserve(unit, &mut file, &offer, &agent).await {
        Ok(_) => {
            let segment = queueing::segment_of_offer(unit.scope(), unit.tx(), id).await?;
            match segment {
                Some(segment) => side::whisper::before(unit, &mut file, &offer, &segment).await?,
                None => Reply::JoinAgent { offer: id, room: id },
            }
        }
        Err(Error::Conflict { .. }) => too_late(unit).await?,
        Err(other) => return Err(other),
    };
    file.save(unit).await?;
    Ok(reply)
}

/// The agent's line comes out of the conference. If it goes on, he has not hung up: the conversation ended under him, and
/// only the caller's leaving does that. This is how it is known who left first, in whatever order the callbacks come.
pub async fn came_out(unit: &mut Unit, id: OfferId, request: &VoiceRequest) -> Result<Reply> {
    let (mut file, _) = open(unit, id).await?;
    let segment = queueing::segment_of_offer(unit.scope(), unit.tx(), id).await?;
    if request.status == ProviderStatus::InProgress && segment.is_some_and(|segment| talks(&segment)) {
        leave::caller_left(unit, &mut file, None, EndedBy::Caller).await?;
        file.save(unit).await?;
    }
    Ok(Reply::HangUp)
}

/// Whether the agent was in the room with the caller, on hold or not.
fn talks(segment: &segment::Model) -> bool {
    match (segment.state, segment.part) {
        (SegmentState::Connected, _) | (SegmentState::Joined, SegmentPart::Consult) => true,
        (SegmentState::Joined, SegmentPart::Main)
        | (
            SegmentState::Reserved | SegmentState::WrapUp | SegmentState::Done | SegmentState::Failed,
            SegmentPart::Main | SegmentPart::Consult,
        ) => false,
    }
}

/// What the provider says of an agent's leg; old news changes nothing.
pub async fn progressed(unit: &mut Unit, id: LegId, news: &CallProgress) -> Result<()> {
    let Some(seen) = calls::leg(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let (Some(offer), LegKind::Agent) = (seen.offer_id, seen.kind) else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(state) = state_of(&news.status) else { return Ok(()) };
    let Learnt::News(leg) = learn(unit, &mut file, offer, &news.call_sid, state).await? else {
        return Ok(());
    };
    if leg.state.is_over() {
        ended(unit, &mut file, &leg, offer, news).await?;
    } else if !wanted(unit, offer).await? {
        // Nobody waits for this leg any more, and perhaps nobody knew its id until now.
        leave::end_leg(unit, &leg);
    }
    file.save(unit).await
}

/// The agent's leg is over: before it joined it is the end of an offer, afterwards the agent has left.
async fn ended(
    unit: &mut Unit,
    file: &mut CallFile,
    leg: &leg::Model,
    offer_id: OfferId,
    news: &CallProgress,
) -> Result<()> {
    if let Some(segment) = queueing::segment_of_offer(unit.scope(), unit.tx(), offer_id).await? {
        return leave::agent_left(unit, file, segment, news.timestamp).await;
    }
    let offer = queueing::offer(unit.scope(), unit.tx(), offer_id).await?;
    if offer.state != OfferState::Open {
        return Ok(());
    }
    match leg.state {
        // Busy and refused are a no; everything else, a mailbox that answered included, is nobody there.
        LegState::Busy | LegState::Canceled => {
            if leave::settle(unit, file, &offer, OfferState::Declined).await? == queueing::Won::Yes {
                leave::close_round_if_settled(unit, file, &offer).await?;
            }
            Ok(())
        }
        LegState::Failed => device_failed(unit, file, &offer).await,
        LegState::Completed | LegState::NoAnswer => offers::not_answered(unit, file, &offer).await,
        LegState::Planned
        | LegState::Dialled
        | LegState::Queued
        | LegState::Initiated
        | LegState::Ringing
        | LegState::InProgress => Ok(()),
    }
}

/// The phone could not be reached at all. Not the agent's fault: he is passed over for this call's cool-off only.
pub async fn device_failed(unit: &mut Unit, file: &mut CallFile, offer: &offer::Model) -> Result<()> {
    match queueing::segment_of_offer(unit.scope(), unit.tx(), offer.id).await? {
        Some(segment) => leave::give_up_segment(unit, file, segment, EndedBy::System).await,
        None => {
            if leave::settle(unit, file, offer, OfferState::DeviceError).await? == queueing::Won::Yes {
                leave::close_round_if_settled(unit, file, offer).await?;
            }
            Ok(())
        }
    }
}

/// Is there still somebody for whom this leg is meant to be?
pub async fn wanted(unit: &Unit, offer: OfferId) -> Result<bool> {
    Ok(match queueing::segment_of_offer(unit.scope(), unit.tx(), offer).await? {
        Some(segment) => segment.state.is_live(),
        None => queueing::offer(unit.scope(), unit.tx(), offer).await?.state == OfferState::Open,
    })
}

/// What a request told of an agent's leg.
#[derive(Debug, PartialEq)]
enum Learnt {
    News(Box<leg::Model>),
    Known,
    /// It speaks of another leg than the one that we made: it has no say about the offer.
    NotOurs,
}

/// Learns the leg's id and state from a request, which may come before the reply to our own.
async fn learn(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: OfferId,
    call_sid: &str,
    state: LegState,
) -> Result<Learnt> {
    let Some(mut leg) = calls::offer_leg(unit.scope(), unit.tx(), offer).await? else {
        return Ok(Learnt::NotOurs);
    };
    if leg.provider_sid.as_deref().is_some_and(|known| known != call_sid) {
        return Ok(Learnt::NotOurs);
    }
    leg.provider_sid = Some(call_sid.to_owned());
    let moved = calls::advance_leg(&mut leg, state, unit.now());
    calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
    if moved == Moved::Yes && state == LegState::Ringing {
        file.note(unit, EventKind::AgentRinging, json!({"offerId": offer, "agentId": leg.agent_id}));
    }
    Ok(match moved {
        Moved::Yes => Learnt::News(Box::new(leg)),
        Moved::No => Learnt::Known,
    })
}

fn state_of(status: &ProviderStatus) -> Option<LegState> {
    Some(match status {
        ProviderStatus::Queued => LegState::Queued,
        ProviderStatus::Initiated => LegState::Initiated,
        ProviderStatus::Ringing => LegState::Ringing,
        ProviderStatus::InProgress => LegState::InProgress,
        ProviderStatus::Completed => LegState::Completed,
        ProviderStatus::Busy => LegState::Busy,
        ProviderStatus::Failed => LegState::Failed,
        ProviderStatus::NoAnswer => LegState::NoAnswer,
        ProviderStatus::Canceled => LegState::Canceled,
        ProviderStatus::Other(_) => return None,
    })
}

/// The provider's word for a caller's leg, as a state.
pub fn leg_state(status: &ProviderStatus) -> Option<LegState> {
    state_of(status)
}

async fn ask(unit: &Unit, offer: &offer::Model) -> Result<Reply> {
    let words = companies::words(unit.scope(), unit.tx()).await?;
    let entry = queueing::entry(unit.scope(), unit.tx(), offer.queue_entry_id).await?;
    let queue = match entry {
        Some(entry) => queueing::queue(unit.scope(), unit.tx(), entry.queue_id).await?.name,
        None => String::new(),
    };
    Ok(Reply::PressToTake { offer: offer.id, words, queue })
}

async fn too_late(unit: &Unit) -> Result<Reply> {
    Ok(Reply::TooLate(companies::words(unit.scope(), unit.tx()).await?))
}

async fn open(unit: &Unit, id: OfferId) -> Result<(CallFile, offer::Model)> {
    let seen = queueing::offer(unit.scope(), unit.tx(), id).await?;
    let file = CallFile::open(unit, seen.call_id).await?;
    Ok((file, queueing::offer(unit.scope(), unit.tx(), id).await?))
}
