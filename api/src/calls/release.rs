//! A unit of an agent's capacity that is to be free again: what holds it is ended as its own callback or timer would have
//! ended it.

use entity::id::ParticipantId;
use entity::{
    CompanyScope, LegState, PartyState, RoutingSubject, SegmentState, SlotHolder, agent_slot, leg, segment,
};

use super::{CallFile, carry, leave, wrap_up};
use crate::app::App;
use crate::error::{Error, Result};
use crate::peer_calls::{Device, hang_up};
use crate::store::{Unit, calls, peer_calls, queueing};

/// What becomes of a conversation that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversation {
    Keep,
    /// The agent's leg is ended, and the caller is taken leave of.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Freed {
    Yes,
    /// There is a conversation, and it was to be kept.
    Talking,
}

/// Ends what holds the slot.
pub async fn free(
    app: &App,
    scope: CompanyScope,
    slot: &agent_slot::Model,
    conversation: Conversation,
) -> Result<Freed> {
    if slot.holder == SlotHolder::PeerCall {
        return free_of_colleague(app, scope, slot, conversation).await;
    }
    if let Some(segment) = queueing::segment_of_offer(scope, app.db.reader(), slot.offer_id).await? {
        match (agent_leg_of(app, scope, &segment).await?, conversation) {
            (AgentLeg::Lives, Conversation::Keep) => return Ok(Freed::Talking),
            (AgentLeg::Over(leg, state), _) => carry::lost_end(app, scope, &leg, state).await?,
            (AgentLeg::Lives, Conversation::End) | (AgentLeg::Needless, _) => {}
        }
    }
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, slot.call_id).await?;
    end_segment(&mut unit, &mut file, slot).await?;
    // Whatever the rows above it said: nothing holds it now.
    queueing::release_slot(scope, unit.tx(), slot.offer_id).await?;
    unit.reroute(RoutingSubject::Agent, slot.agent_id);
    crate::agents::work_ended(&mut unit, slot.agent_id).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Freed::Yes)
}

/// A call with a colleague is none of the provider's: whoever is in it is told that it is over.
async fn free_of_colleague(
    app: &App,
    scope: CompanyScope,
    slot: &agent_slot::Model,
    conversation: Conversation,
) -> Result<Freed> {
    let party = peer_calls::party(scope, app.db.reader(), ParticipantId(slot.offer_id.0)).await?;
    let Some(party) = party.filter(|party| party.state.is_live()) else {
        free_slot(app, scope, slot).await?;
        return Ok(Freed::Yes);
    };
    if party.state == PartyState::Joined && conversation == Conversation::Keep {
        return Ok(Freed::Talking);
    }
    hang_up(app, scope, party.user_id, party.call_id, Device::default(), None).await?;
    Ok(Freed::Yes)
}

/// Nothing holds it any more.
async fn free_slot(app: &App, scope: CompanyScope, slot: &agent_slot::Model) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let file = CallFile::open(&unit, slot.call_id).await?;
    queueing::release_slot(scope, unit.tx(), slot.offer_id).await?;
    unit.reroute(RoutingSubject::Agent, slot.agent_id);
    crate::agents::work_ended(&mut unit, slot.agent_id).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// A live one ends as if the agent had left it, and its wrap-up with it.
async fn end_segment(unit: &mut Unit, file: &mut CallFile, slot: &agent_slot::Model) -> Result<()> {
    let Some(segment) = queueing::segment_of_offer(unit.scope(), unit.tx(), slot.offer_id).await? else {
        return Ok(());
    };
    if segment.state.is_live() {
        if let Some(leg) = calls::offer_leg(unit.scope(), unit.tx(), slot.offer_id).await? {
            leave::end_leg(unit, &leg);
        }
        leave::agent_left(unit, file, segment, None).await?;
    }
    if let Some(segment) = queueing::segment_of_offer(unit.scope(), unit.tx(), slot.offer_id).await?
        && segment.state == SegmentState::WrapUp
    {
        wrap_up::finish(unit, file, segment).await?;
    }
    Ok(())
}

/// What the provider says of the leg that a conversation needs.
enum AgentLeg {
    Lives,
    /// It has ended, and no callback said so.
    Over(Box<leg::Model>, LegState),
    /// Nobody talks: the call is only reserved, or in wrap-up, or our rows know the leg's end.
    Needless,
}

/// Nothing is concluded from the provider's silence.
async fn agent_leg_of(app: &App, scope: CompanyScope, segment: &segment::Model) -> Result<AgentLeg> {
    match segment.state {
        SegmentState::Joined | SegmentState::Connected => {}
        SegmentState::Reserved | SegmentState::WrapUp | SegmentState::Done | SegmentState::Failed => {
            return Ok(AgentLeg::Needless);
        }
    }
    let leg = calls::offer_leg(scope, app.db.reader(), segment.offer_id).await?;
    let Some(leg) = leg.filter(|leg| !leg.state.is_over()) else { return Ok(AgentLeg::Needless) };
    let Some(sid) = &leg.provider_sid else { return Ok(AgentLeg::Needless) };
    // Without an account nobody can be asked, and that says as little as his silence.
    let client = match app.providers.client(scope, app.db.reader()).await {
        Ok(client) => client,
        Err(Error::Conflict { .. }) => return Ok(AgentLeg::Lives),
        Err(error) => return Err(error),
    };
    Ok(match carry::end_of(&client, sid).await {
        Some(state) => AgentLeg::Over(Box::new(leg), state),
        None => AgentLeg::Lives,
    })
}
