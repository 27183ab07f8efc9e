//! What an agent wants, set by himself or by a supervisor, now or once his call is over.

use entity::id::{AgentId, UserId};
use entity::{Availability, ChangeCause, CompanyScope, OfferState, SlotHolder, When};
use serde_json::json;

use super::{Status, Step, Wanted, Why, change, reasons, staff, status, supervise};
use crate::app::App;
use crate::error::Result;
use crate::identity::audit;
use crate::store::{Unit, queueing, workforce};

/// Whose hand it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Own(UserId),
    Supervisors(UserId),
}

impl Hand {
    /// The hand of this user on this agent; `own` is the agent that the user is.
    pub fn of(user: UserId, own: Option<AgentId>, agent: AgentId) -> Self {
        if own == Some(agent) { Self::Own(user) } else { Self::Supervisors(user) }
    }

    fn why(self) -> Why {
        match self {
            Self::Own(user) => Why { because: ChangeCause::Agent, by: Some(user) },
            Self::Supervisors(user) => Why { because: ChangeCause::Supervisor, by: Some(user) },
        }
    }
}

/// Sets what the agent wants. By his own hand it also ends not-responding. Who is no longer available gets back no
/// offer's blame: what rings is withdrawn, and its caller keeps his place.
pub async fn set_availability(
    app: &App,
    scope: CompanyScope,
    id: AgentId,
    hand: Hand,
    wanted: Wanted,
    when: When,
) -> Result<Status> {
    let mut unit = Unit::begin(app, scope).await?;
    let availability = wanted.availability;
    let counts = set_within(&mut unit, id, hand.why(), wanted, when).await?;
    note(&unit, hand, json!({"agentId": id, "availability": availability, "when": when})).await?;
    unit.commit().await?;
    if counts == When::Now && availability != Availability::Available {
        supervise::withdraw_offers(app, scope, id, OfferState::Withdrawn).await?;
    }
    standing(app, scope, id).await
}

/// The same within a unit; from when on it counts. What rings is left to the caller, who withdraws it after the commit.
pub async fn set_within(unit: &mut Unit, id: AgentId, why: Why, wanted: Wanted, when: When) -> Result<When> {
    staff::lock(unit, id).await?;
    reasons::check(unit, &wanted).await?;
    let availability = wanted.availability;
    let (step, counts) = match when {
        When::AfterCall if has_work(unit, id).await? => (Step::AfterCall(wanted), When::AfterCall),
        When::AfterCall | When::Now => (Step::Now(wanted), When::Now),
    };
    let row = change(unit, id, step, why).await?;
    if counts == When::Now && availability == Availability::Available {
        super::device::watch(unit, &row).await?;
    }
    Ok(counts)
}

/// Takes back what was asked for after the call.
pub async fn take_back_next(app: &App, scope: CompanyScope, id: AgentId, hand: Hand) -> Result<Status> {
    let mut unit = Unit::begin(app, scope).await?;
    staff::lock(&unit, id).await?;
    change(&mut unit, id, Step::TakeBack, hand.why()).await?;
    note(&unit, hand, json!({"agentId": id, "next": null})).await?;
    unit.commit().await?;
    standing(app, scope, id).await
}

/// What a supervisor does to an agent's state stands in the company's audit, too.
async fn note(unit: &Unit, hand: Hand, detail: serde_json::Value) -> Result<()> {
    match hand {
        Hand::Own(_) => Ok(()),
        Hand::Supervisors(user) => {
            audit::note(unit.app(), unit.scope(), unit.tx(), user, "agents:set-availability", detail).await
        }
    }
}

/// A call or a wrap-up of the agent has ended in this unit, and its slot is free: what he asked for after it is now what
/// he wants, unless he has another one in hand.
pub async fn work_ended(unit: &mut Unit, id: AgentId) -> Result<()> {
    let row = workforce::agent(unit.scope(), unit.tx(), id).await?;
    match super::next_of(&row) {
        Some(next) if !has_work(unit, id).await? => {
            let why = Why { because: ChangeCause::NextState, by: row.next_asked_by };
            let row = change(unit, id, Step::Now(next), why).await?;
            if row.availability == Availability::Available {
                super::device::watch(unit, &row).await?;
            }
            Ok(())
        }
        Some(_) | None => super::tell_status(unit, id).await,
    }
}

/// Whether the agent talks or wraps up.
async fn has_work(unit: &Unit, id: AgentId) -> Result<bool> {
    let slots = queueing::slots_of(unit.scope(), unit.tx(), &[id]).await?;
    Ok(slots.iter().any(|slot| match slot.holder {
        SlotHolder::Segment | SlotHolder::WrapUp | SlotHolder::PeerCall => true,
        SlotHolder::Offer => false,
    }))
}

/// An agent with both axes, as he stands now.
pub async fn standing(app: &App, scope: CompanyScope, id: AgentId) -> Result<Status> {
    let row = workforce::agent(scope, app.db.reader(), id).await?;
    let slots = queueing::slots_of(scope, app.db.reader(), &[id]).await?;
    Ok(status(row, &slots))
}
