//! Agents: what they want (availability), what they do (activity, derived), and whether their device is there. One
//! writer, [`state::change`]: who changed an agent, why, from what and to what is a line of his history.

mod device;
mod history;
mod reasons;
mod skills_today;
mod staff;
mod state;
mod supervise;
mod voice_token;
mod want;

pub use device::{Watch, check_device, heartbeat};
pub use history::{Axes, Line, Next, history};
pub use reasons::{NewReason, add_reason, change_reason, reasons, remove_reason};
pub use skills_today::{end_skills_today, restore_skills, set_skills_today};
pub use staff::{AgentPatch, Level, NewAgent, Picking, make_agent, remove_agent, update_agent};
pub use state::{Step, Wanted, Why, change};
pub use supervise::{Conversation, Release, Released, has_left, log_out, release, withdraw_offers};
pub use voice_token::{VoiceToken, voice_token};
pub use want::{Hand, set_availability, set_within, standing, take_back_next, work_ended};

use entity::id::AgentId;
use entity::{Activity, CompanyScope, SlotHolder, agent, agent_slot};
use serde_json::json;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::agents::{self, AgentWithWork};
use crate::store::{Audience, Unit, queueing, workforce};

/// An agent with both axes.
#[derive(Clone, Debug)]
pub struct Status {
    pub row: agent::Model,
    pub activity: Activity,
    /// Calls held now, offers and wrap-up included.
    pub held: usize,
}

/// The agents of the company, by name.
pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<AgentWithWork>> {
    Ok(agents::all(scope, app.db.reader(), app.clock.now()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: AgentId) -> Result<AgentWithWork> {
    let found = agents::by_id(scope, app.db.reader(), id, app.clock.now()).await?;
    found.ok_or(Error::NotFound(Subject::Agent))
}

/// Tells the agent and who watches how he stands after this unit.
pub async fn tell_status(unit: &mut Unit, id: AgentId) -> Result<()> {
    let row = workforce::agent(unit.scope(), unit.tx(), id).await?;
    let slots = queueing::slots_of(unit.scope(), unit.tx(), &[id]).await?;
    let status = status(row, &slots);
    unit.tell(&[Audience::Agent(id), Audience::Supervisors], "agent:status", describe(&status));
    Ok(())
}

/// What people are told of an agent.
pub fn describe(status: &Status) -> serde_json::Value {
    json!({
        "agentId": status.row.id,
        "name": status.row.name,
        "availability": status.row.availability,
        "reason": status.row.availability_reason,
        "since": status.row.available_since,
        "next": next_of(&status.row).map(|next| json!({"availability": next.availability, "reason": next.reason})),
        "activity": status.activity,
    })
}

/// What the agent will want once his call and its wrap-up are over.
pub fn next_of(row: &agent::Model) -> Option<Wanted> {
    row.next_availability.map(|availability| Wanted { availability, reason: row.next_reason.clone() })
}

/// Both axes of an agent, from the row and the slots that are held.
pub fn status(row: agent::Model, slots: &[agent_slot::Model]) -> Status {
    let held: Vec<_> = slots.iter().filter(|slot| slot.agent_id == row.id).map(|slot| slot.holder).collect();
    Status { activity: activity(&row, &held), held: held.len(), row }
}

/// What an agent does, from the slots that it holds: a call outweighs wrap-up, wrap-up outweighs an offer.
pub fn activity(row: &agent::Model, held: &[SlotHolder]) -> Activity {
    if held.contains(&SlotHolder::Segment) || held.contains(&SlotHolder::PeerCall) {
        Activity::OnCall
    } else if held.contains(&SlotHolder::WrapUp) {
        Activity::WrapUp
    } else if held.contains(&SlotHolder::Offer) {
        Activity::Offered
    } else if row.not_responding_since.is_some() {
        Activity::NotResponding
    } else {
        Activity::Idle
    }
}
