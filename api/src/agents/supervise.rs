//! What a supervisor does for, or to, an agent: release what holds him, sign him out.

use entity::id::{AgentId, CallId, UserId};
use entity::{Availability, ChangeCause, CompanyScope, OfferState, RevokedBecause, SlotHolder, agent_slot};
use serde_json::json;

use super::{Status, Step, Wanted, Why, change, staff, status};
use crate::app::App;
use crate::calls::{CallFile, leave, release as work};
use crate::error::Result;
use crate::identity::audit;
use crate::store::queueing::Won;
use crate::store::sessions::{self, Sessions};
use crate::store::{Audience, Unit, queueing};

pub use crate::calls::release::Conversation;

/// What a release has freed, and what it has left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    pub released: Vec<Released>,
    /// Calls in which the agent talks, as the provider says, or cannot say otherwise.
    pub kept: Vec<CallId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    pub call: CallId,
    /// What held the agent.
    pub holder: SlotHolder,
}

/// Ends whatever holds the agent: offers are withdrawn, wrap-ups end, a call whose legs the provider no longer knows is
/// closed as its callback would have closed it. A conversation is kept unless it is to end, too.
pub async fn release(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: AgentId,
    conversation: Conversation,
) -> Result<Release> {
    super::get(app, scope, id).await?;
    let mut done = Release::default();
    // What he is offered anew, now that he is free for it, is not what held him.
    let held: Vec<_> = slots(app, scope, id).await?.iter().map(|slot| slot.offer_id).collect();
    for call in withdraw_offers(app, scope, id, OfferState::Withdrawn).await? {
        done.released.push(Released { call, holder: SlotHolder::Offer });
    }
    for slot in slots(app, scope, id).await?.iter().filter(|slot| held.contains(&slot.offer_id)) {
        match work::free(app, scope, slot, conversation).await? {
            work::Freed::Yes => done.released.push(Released { call: slot.call_id, holder: slot.holder }),
            work::Freed::Talking => done.kept.push(slot.call_id),
        }
    }
    let mut unit = Unit::begin(app, scope).await?;
    let released: Vec<_> =
        done.released.iter().map(|freed| json!({"callId": freed.call, "holder": freed.holder})).collect();
    let detail = json!({"agentId": id, "by": by, "released": released, "kept": done.kept});
    unit.tell(&[Audience::Agent(id), Audience::Supervisors], "agent:released", detail.clone());
    audit::note(app, scope, unit.tx(), by, "agents:release", detail).await?;
    unit.commit().await?;
    Ok(done)
}

async fn slots(app: &App, scope: CompanyScope, id: AgentId) -> Result<Vec<agent_slot::Model>> {
    queueing::slots_of(scope, app.db.reader(), &[id]).await
}

/// Signs the agent out: he is offline, what rings is withdrawn, and the sessions of his membership end, with which his
/// sockets close within a second. A conversation goes on.
pub async fn log_out(app: &App, scope: CompanyScope, by: UserId, id: AgentId) -> Result<Status> {
    let mut unit = Unit::begin(app, scope).await?;
    let row = staff::lock(&unit, id).await?;
    has_left(&mut unit, id, by).await?;
    let ended = sessions::revoke(
        unit.tx(),
        Sessions::OfMembership(row.membership_id),
        RevokedBecause::Administrator,
        unit.now(),
    )
    .await?;
    audit::note(app, scope, unit.tx(), by, "agents:logout", json!({"agentId": id, "sessions": ended}))
        .await?;
    unit.commit().await?;
    withdraw_offers(app, scope, id, OfferState::Withdrawn).await?;
    let slots = slots(app, scope, id).await?;
    Ok(status(super::get(app, scope, id).await?.agent, &slots))
}

/// The agent is signed in no more, by his own hand or another's.
pub async fn has_left(unit: &mut Unit, id: AgentId, by: UserId) -> Result<()> {
    let offline = Wanted { availability: Availability::Offline, reason: None };
    let why = Why { because: ChangeCause::LoggedOut, by: Some(by) };
    change(unit, id, Step::Now(offline), why).await?;
    Ok(())
}

/// Settles every open offer of the agent; answers the calls. They wait on at their age, and nobody is blamed.
pub async fn withdraw_offers(
    app: &App,
    scope: CompanyScope,
    id: AgentId,
    because: OfferState,
) -> Result<Vec<CallId>> {
    let mut calls = Vec::new();
    for offer in queueing::open_offers_of_agent(scope, app.db.reader(), Some(id)).await? {
        let mut unit = Unit::begin(app, scope).await?;
        let mut file = CallFile::open(&unit, offer.call_id).await?;
        if leave::settle(&mut unit, &mut file, &offer, because).await? == Won::Yes {
            leave::close_round_if_settled(&mut unit, &mut file, &offer).await?;
            super::tell_status(&mut unit, id).await?;
            calls.push(offer.call_id);
        }
        file.save(&mut unit).await?;
        unit.commit().await?;
    }
    Ok(calls)
}
