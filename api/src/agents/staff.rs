//! Members become agents and cease to be, and what an agent is: how it is reached, how many calls at a time, which skills
//! and queues. The row of who has ceased to be one stays, since calls and history refer to it.

use entity::id::{AgentId, QueueId, SkillId, UserId};
use entity::{
    Availability, ChangeCause, CompanyScope, OfferState, Reach, RoutingSubject, SlotHolder, agent,
    agent_skill, queue_member,
};
use serde_json::json;

use super::{Step, Wanted, Why, change, supervise};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::{audit, register};
use crate::store::agents::{self, AgentWithWork};
use crate::store::{Unit, queueing, system, users, workforce};

/// A level in a skill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub skill: SkillId,
    pub level: i32,
}

/// A member who is to be an agent.
#[derive(Clone, Debug)]
pub struct NewAgent {
    pub user: UserId,
    pub settings: AgentPatch,
}

/// What is to be changed of an agent; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct AgentPatch {
    pub reach: Option<Reach>,
    /// E.164.
    pub number: Option<String>,
    /// 1 to 100.
    pub capacity: Option<i32>,
    pub pick: Option<Picking>,
    pub skills: Option<Vec<Level>>,
    pub queues: Option<Vec<QueueId>>,
}

/// Whether an agent may take a waiting call out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picking {
    Allowed,
    Forbidden,
}

/// Makes a member an agent: offline, at a browser and with one call at a time unless it is said otherwise.
pub async fn make_agent(app: &App, scope: CompanyScope, by: UserId, new: NewAgent) -> Result<AgentWithWork> {
    let mut unit = Unit::begin(app, scope).await?;
    let member = users::member(scope, unit.tx(), new.user).await?.ok_or(Error::NotFound(Subject::User))?;
    if member.agent.is_some() {
        return Err(Error::conflict(Code::AlreadyAgent, "This member is an agent already."));
    }
    let membership = member.membership.id;
    let fresh = register::new_agent(app, scope.company(), membership, &member.user.name);
    system::insert_agent_unless_there(unit.tx(), fresh).await?;
    let mut row = agents::lock_of_membership(scope, unit.tx(), membership)
        .await?
        .ok_or(Error::NotFound(Subject::Agent))?;
    row.name.clone_from(&member.user.name);
    let id = row.id;
    settle(&mut unit, row, new.settings).await?;
    audit::note(app, scope, unit.tx(), by, "agents:make", json!({"agentId": id, "userId": new.user})).await?;
    unit.commit().await?;
    super::get(app, scope, id).await
}

/// Changes what an agent is. Calls that it has go on, also those above a capacity that was lowered.
pub async fn update_agent(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: AgentId,
    patch: AgentPatch,
) -> Result<AgentWithWork> {
    let mut unit = Unit::begin(app, scope).await?;
    let row = lock(&unit, id).await?;
    settle(&mut unit, row, patch).await?;
    audit::note(app, scope, unit.tx(), by, "agents:change", json!({"agentId": id})).await?;
    unit.commit().await?;
    super::get(app, scope, id).await
}

/// The member is an agent no more: offline, in no queue, offered nothing. Not while he talks or wraps up.
pub async fn remove_agent(app: &App, scope: CompanyScope, by: UserId, id: AgentId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = lock(&unit, id).await?;
    let slots = queueing::slots_of(scope, unit.tx(), &[id]).await?;
    if slots.iter().any(|slot| slot.holder != SlotHolder::Offer) {
        return Err(Error::conflict(Code::AgentBusy, "This agent has a call. Release it first."));
    }
    let offline = Wanted { availability: Availability::Offline, reason: None };
    change(&mut unit, id, Step::Now(offline), Why { because: ChangeCause::AgentRemoved, by: Some(by) })
        .await?;
    row.removed_at = Some(unit.now());
    agents::save_settings(scope, unit.tx(), &row).await?;
    agents::set_queues(scope, unit.tx(), id, Vec::new()).await?;
    agents::set_skills(scope, unit.tx(), id, Vec::new()).await?;
    unit.reroute(RoutingSubject::Agent, id);
    audit::note(app, scope, unit.tx(), by, "agents:remove", json!({"agentId": id})).await?;
    unit.commit().await?;
    supervise::withdraw_offers(app, scope, id, OfferState::Withdrawn).await?;
    Ok(())
}

/// The agent, locked. Who has ceased to be one is not there.
pub(super) async fn lock(unit: &Unit, id: AgentId) -> Result<agent::Model> {
    let row = workforce::lock_agent(unit.scope(), unit.tx(), id).await?;
    if row.removed_at.is_some() { Err(Error::NotFound(Subject::Agent)) } else { Ok(row) }
}

async fn settle(unit: &mut Unit, mut row: agent::Model, patch: AgentPatch) -> Result<()> {
    let scope = unit.scope();
    row.reach = patch.reach.unwrap_or(row.reach);
    row.number = patch.number.or(row.number);
    row.capacity = patch.capacity.unwrap_or(row.capacity);
    row.may_pick = match patch.pick {
        Some(Picking::Allowed) => true,
        Some(Picking::Forbidden) => false,
        None => row.may_pick,
    };
    if row.reach == Reach::Number && row.number.is_none() {
        return Err(Error::invalid("/number", "is required for an agent who is reached at a number"));
    }
    agents::save_settings(scope, unit.tx(), &row).await?;
    if let Some(levels) = patch.skills {
        refuse_unknown_skills(unit, &levels).await?;
        let level = |level: Level| agent_skill::Model {
            company_id: scope.company(),
            agent_id: row.id,
            skill_id: level.skill,
            level: level.level,
        };
        agents::set_skills(scope, unit.tx(), row.id, levels.into_iter().map(level).collect()).await?;
    }
    if let Some(queues) = patch.queues {
        refuse_unknown_queues(unit, &queues).await?;
        let member =
            |queue_id| queue_member::Model { company_id: scope.company(), queue_id, agent_id: row.id };
        agents::set_queues(scope, unit.tx(), row.id, queues.into_iter().map(member).collect()).await?;
    }
    if row.availability == Availability::Available {
        super::device::watch(unit, &row).await?;
    }
    unit.reroute(RoutingSubject::Agent, row.id);
    super::tell_status(unit, row.id).await
}

/// Refuses skills that the company does not have, and one that is named twice.
pub(super) async fn refuse_unknown_skills(unit: &Unit, levels: &[Level]) -> Result<()> {
    let known = workforce::skills(unit.scope(), unit.tx()).await?;
    for (index, level) in levels.iter().enumerate() {
        let field = format!("/skills/{index}/id");
        if !known.iter().any(|skill| skill.id == level.skill) {
            return Err(Error::invalid(field, "is not a skill of the company"));
        }
        if levels[..index].iter().any(|other| other.skill == level.skill) {
            return Err(Error::invalid(field, "is named twice"));
        }
    }
    Ok(())
}

async fn refuse_unknown_queues(unit: &Unit, queues: &[QueueId]) -> Result<()> {
    for (index, id) in queues.iter().enumerate() {
        let field = format!("/queueIds/{index}");
        match queueing::queue(unit.scope(), unit.tx(), *id).await {
            Ok(_) if queues[..index].contains(id) => return Err(Error::invalid(field, "is named twice")),
            Ok(_) => {}
            Err(Error::NotFound(_)) => return Err(Error::invalid(field, "is not a queue of the company")),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
