//! Agents: what they want (availability), what they do (activity, derived), and whether their device is there. One
//! writer, this server; every change is in the agent's history.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, JobId, UserId};
use entity::{
    Activity, Availability, CompanyScope, JobKind, OfferState, Reach, RoutingSubject, SlotHolder, agent,
    agent_slot,
};
use serde_json::json;

use crate::app::App;
use crate::calls::{CallFile, leave, rows};
use crate::config::Timing;
use crate::error::{Error, Result, Subject};
use crate::store::agents::{self, AgentWithWork};
use crate::store::{Audience, Unit, jobs, queueing, workforce};

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
    Ok(agents::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: AgentId) -> Result<AgentWithWork> {
    agents::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Agent))
}

/// Sets what the agent wants. By his own hand it also ends not-responding.
pub async fn set_availability(
    app: &App,
    scope: CompanyScope,
    id: AgentId,
    by: UserId,
    availability: Availability,
    reason: Option<String>,
) -> Result<Status> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = workforce::lock_agent(scope, unit.tx(), id).await?;
    let before = axes(&row);
    if availability == Availability::Available
        && (row.availability != Availability::Available || row.not_responding_since.is_some())
    {
        row.available_since = unit.now();
    }
    row.availability = availability;
    row.availability_reason = reason;
    row.not_responding_since = None;
    let changed = workforce::Changed {
        agent: id,
        by: Some(by),
        because: "set",
        before,
        after: axes(&row),
        at: unit.now(),
    };
    workforce::write_history(scope, unit.tx(), unit.id(), changed).await?;
    workforce::save_agent(scope, unit.tx(), row.clone()).await?;
    if availability == Availability::Available {
        watch_device(&mut unit, &row).await?;
    }
    unit.reroute(RoutingSubject::Agent, id);
    tell_status(&mut unit, id).await?;
    let slots = queueing::slots_of(scope, unit.tx(), &[id]).await?;
    unit.commit().await?;
    Ok(status(row, &slots))
}

/// A sign of life from the agent's browser. Only the first after a silence changes anything for routing.
pub async fn heartbeat(app: &App, scope: CompanyScope, id: AgentId) -> Result<DateTime<Utc>> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = workforce::lock_agent(scope, unit.tx(), id).await?;
    let now = unit.now();
    let was_there = rows::ready_until(&row, &app.settings.timing).is_some_and(|until| until > now);
    row.heartbeat_at = Some(now);
    workforce::save_agent(scope, unit.tx(), row.clone()).await?;
    watch_device(&mut unit, &row).await?;
    if !was_there {
        unit.reroute(RoutingSubject::Agent, id);
    }
    unit.commit().await?;
    Ok(now + app.settings.timing.heartbeat)
}

/// What becomes of the watch over an agent's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It has shown itself; look again at this moment.
    Until(DateTime<Utc>),
    /// Lost, or watched by another job, or not a browser at all. Its next sign of life begins a new watch.
    Over,
}

/// Whether the agent's browser has been silent for long, and if so, what follows from it. `watch` is the job that asks:
/// there is one for an agent, which looks again for as long as the browser shows itself.
pub async fn check_device(app: &App, scope: CompanyScope, id: AgentId, watch: JobId) -> Result<Watch> {
    let unit = Unit::begin(app, scope).await?;
    let row = workforce::lock_agent(scope, unit.tx(), id).await?;
    if row.reach != Reach::Browser || jobs::is_queued(&unit, JobKind::DeviceLost, id, Some(watch)).await? {
        return Ok(Watch::Over);
    }
    let lost_at = lost_at(&row, &app.settings.timing);
    if lost_at > unit.now() {
        return Ok(Watch::Until(lost_at));
    }
    drop(unit);
    device_lost(app, scope, id).await?;
    Ok(Watch::Over)
}

/// Sees to it that somebody looks after the agent's browser. One that is being looked at this moment does not count:
/// that look may be the last of its job.
async fn watch_device(unit: &mut Unit, row: &agent::Model) -> Result<()> {
    if row.reach == Reach::Browser && !jobs::is_queued(unit, JobKind::DeviceLost, row.id, None).await? {
        let at = lost_at(row, &unit.app().settings.timing);
        unit.job(JobKind::DeviceLost, row.id, json!({}), at);
    }
    Ok(())
}

/// When a browser is given up that shows itself no more. Becoming available counts as showing itself.
fn lost_at(row: &agent::Model, timing: &Timing) -> DateTime<Utc> {
    row.heartbeat_at.map_or(row.available_since, |at| at.max(row.available_since)) + timing.heartbeat_lost
}

/// The browser has been silent for long: its offers are withdrawn and the agent is away, for his device's sake. Not his
/// fault, and never not-responding.
async fn device_lost(app: &App, scope: CompanyScope, id: AgentId) -> Result<()> {
    let seen = queueing::open_offers_of_agent(scope, app.db.reader(), Some(id)).await?;
    for offer in seen {
        let mut unit = Unit::begin(app, scope).await?;
        let mut file = CallFile::open(&unit, offer.call_id).await?;
        // He may be back.
        let row = workforce::agent(scope, unit.tx(), id).await?;
        if lost_at(&row, &app.settings.timing) > unit.now() {
            return Ok(());
        }
        if leave::settle(&mut unit, &mut file, &offer, OfferState::DeviceError).await? == queueing::Won::Yes {
            leave::close_round_if_settled(&mut unit, &mut file, &offer).await?;
        }
        file.save(&mut unit).await?;
        unit.commit().await?;
    }
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = workforce::lock_agent(scope, unit.tx(), id).await?;
    let silent = lost_at(&row, &app.settings.timing) <= unit.now();
    if row.availability != Availability::Available || !silent {
        return Ok(());
    }
    let before = axes(&row);
    row.availability = Availability::Away;
    row.availability_reason = Some("device".to_owned());
    let changed = workforce::Changed {
        agent: id,
        by: None,
        because: "heartbeat_lost",
        before,
        after: axes(&row),
        at: unit.now(),
    };
    workforce::write_history(scope, unit.tx(), unit.id(), changed).await?;
    workforce::save_agent(scope, unit.tx(), row).await?;
    unit.reroute(RoutingSubject::Agent, id);
    tell_status(&mut unit, id).await?;
    unit.commit().await
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
        "activity": status.activity,
    })
}

/// Both axes of an agent, from the row and the slots that are held.
pub fn status(row: agent::Model, slots: &[agent_slot::Model]) -> Status {
    let held: Vec<_> = slots.iter().filter(|slot| slot.agent_id == row.id).map(|slot| slot.holder).collect();
    Status { activity: activity(&row, &held), held: held.len(), row }
}

/// What an agent does, from the slots that it holds: a call outweighs wrap-up, wrap-up outweighs an offer.
pub fn activity(row: &agent::Model, held: &[SlotHolder]) -> Activity {
    if held.contains(&SlotHolder::Segment) {
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

fn axes(row: &agent::Model) -> serde_json::Value {
    json!({
        "availability": row.availability,
        "reason": row.availability_reason,
        "notResponding": row.not_responding_since.is_some(),
    })
}
