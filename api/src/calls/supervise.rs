//! A supervisor listens to a conversation, whispers to the agent, or speaks with both. He has a leg of his own, joined
//! muted, and goes from one to the other without a new one; after a transfer it follows the caller. He never counts as
//! company for the caller: that stands where somebody leaves, and not here.
//!
//! Each use is in the company's audit. The call's story says nothing of it, since the agent can read that, and it is the
//! company that decides whether he is told.

use entity::id::{AgentId, CallId, SupervisionId, UserId};
use entity::{CompanyScope, JobKind, LegKind, LegState, SegmentState, SuperviseMode, leg, supervision};
use serde_json::{Value, json};

use super::{CallFile, accept, control, leave, participant, transfer};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::store::{Audience, Unit, calls, companies, live, queueing, users, workforce};

/// Who supervises, and as which agent he can be reached if he is one.
#[derive(Clone, Copy, Debug)]
pub struct Supervisor {
    pub user: UserId,
    pub agent: Option<AgentId>,
}

/// Brings the supervisor into the conversation, or changes what he does in it.
///
/// # Errors
/// A conflict when nobody talks with the caller, when the call is the supervisor's own, or when he is in another one.
pub async fn supervise(
    app: &App,
    scope: CompanyScope,
    supervisor: Supervisor,
    call: CallId,
    mode: SuperviseMode,
) -> Result<supervision::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let file = CallFile::open(&unit, call).await?;
    let segment = queueing::live_segment(scope, unit.tx(), call).await?;
    let connected = segment.is_some_and(|segment| segment.state == SegmentState::Connected);
    if !connected || file.caller_has_left() {
        return Err(control::not_connected());
    }
    let talks = queueing::live_segments(scope, unit.tx(), call).await?;
    if talks.iter().any(|segment| Some(segment.agent_id) == supervisor.agent) {
        return Err(Error::conflict(Code::YourOwnCall, "This is your own call."));
    }
    let row = match live::supervision_of(scope, unit.tx(), supervisor.user).await? {
        Some(row) if row.call_id != call => {
            return Err(Error::conflict(Code::SupervisingAnotherCall, "You are in another call."));
        }
        Some(row) if row.mode == mode => return Ok(row),
        Some(row) => switch(&mut unit, row, mode).await?,
        None => begin(&mut unit, &file, supervisor, mode).await?,
    };
    note(&unit, &row, "call:supervise", Some(mode)).await?;
    tell(&mut unit, &row, Some(mode)).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(row)
}

async fn begin(
    unit: &mut Unit,
    file: &CallFile,
    supervisor: Supervisor,
    mode: SuperviseMode,
) -> Result<supervision::Model> {
    let address = address(unit, supervisor).await?;
    let leg = transfer::plan_leg(unit, file, LegKind::Supervisor, address);
    let row = supervision::Model {
        id: unit.id::<SupervisionId>(),
        company_id: unit.company(),
        call_id: file.id(),
        user_id: supervisor.user,
        leg_id: leg.id,
        mode,
        started_at: unit.now(),
        ended_at: None,
    };
    let now = unit.now();
    unit.job(JobKind::DialParty, leg.id, json!({}), now);
    unit.scope().insert::<leg::Entity, _>(unit.tx(), leg).await?;
    unit.scope().insert::<supervision::Entity, _>(unit.tx(), row.clone()).await?;
    Ok(row)
}

async fn switch(
    unit: &mut Unit,
    mut row: supervision::Model,
    mode: SuperviseMode,
) -> Result<supervision::Model> {
    row.mode = mode;
    live::save_supervision(unit.scope(), unit.tx(), row.clone()).await?;
    if let Some(leg) = calls::leg(unit.scope(), unit.tx(), row.leg_id).await? {
        participant::set(unit, &leg);
    }
    Ok(row)
}

/// Where a supervisor is reached: as the agent that he also is, else at a browser under his own identity (decision 17).
async fn address(unit: &Unit, supervisor: Supervisor) -> Result<String> {
    let Some(id) = supervisor.agent else { return Ok(identity(supervisor.user)) };
    Ok(accept::address_of(&workforce::agent(unit.scope(), unit.tx(), id).await?))
}

/// The identity at the provider of the browser of somebody who is no agent.
pub fn identity(user: UserId) -> String {
    format!("client:{}", user.0.simple())
}

/// The supervisor leaves.
pub async fn stop(app: &App, scope: CompanyScope, user: UserId, call: CallId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let file = CallFile::open(&unit, call).await?;
    let row = live::supervision_of(scope, unit.tx(), user).await?.filter(|row| row.call_id == call);
    let Some(row) = row else {
        return Err(Error::conflict(Code::NotSupervising, "You are not in this call."));
    };
    let row = end(&mut unit, row).await?;
    note(&unit, &row, "call:supervise-stop", None).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

async fn end(unit: &mut Unit, mut row: supervision::Model) -> Result<supervision::Model> {
    row.ended_at = Some(unit.now());
    live::save_supervision(unit.scope(), unit.tx(), row.clone()).await?;
    if let Some(leg) = calls::leg(unit.scope(), unit.tx(), row.leg_id).await? {
        leave::end_leg(unit, &leg);
    }
    tell(unit, &row, None).await?;
    Ok(row)
}

/// The call is over: nobody is left to listen to.
pub async fn end_all(unit: &mut Unit, file: &CallFile) -> Result<()> {
    for row in live::open_supervisions(unit.scope(), unit.tx(), file.id()).await? {
        end(unit, row).await?;
    }
    Ok(())
}

/// Another agent has the call, in the same room: who whispers is to be heard by him.
pub async fn point_anew(unit: &mut Unit, file: &CallFile) -> Result<()> {
    for row in live::open_supervisions(unit.scope(), unit.tx(), file.id()).await? {
        if let Some(leg) = calls::leg(unit.scope(), unit.tx(), row.leg_id).await? {
            participant::set(unit, &leg);
        }
        tell(unit, &row, Some(row.mode)).await?;
    }
    Ok(())
}

/// The supervisor is in the room, muted as he always comes; now he is what he wants to be.
pub async fn joined(unit: &mut Unit, mut leg: leg::Model) -> Result<()> {
    leg.joined_at = Some(unit.now());
    calls::save_leg(unit.scope(), unit.tx(), leg.clone()).await?;
    match live::supervision_of_leg(unit.scope(), unit.tx(), leg.id).await? {
        Some(row) if row.ended_at.is_none() => {
            participant::set(unit, &leg);
            tell(unit, &row, Some(row.mode)).await
        }
        Some(_) | None => {
            leave::end_leg(unit, &leg);
            Ok(())
        }
    }
}

/// His leg is over: he has hung up, or never came.
pub async fn gone(unit: &mut Unit, leg: &leg::Model) -> Result<()> {
    match live::supervision_of_leg(unit.scope(), unit.tx(), leg.id).await? {
        Some(row) if row.ended_at.is_none() => end(unit, row).await.map(drop),
        Some(_) | None => Ok(()),
    }
}

/// Whether the supervisor is still to come or there.
pub async fn wanted(unit: &Unit, leg: &leg::Model) -> Result<bool> {
    let row = live::supervision_of_leg(unit.scope(), unit.tx(), leg.id).await?;
    Ok(row.is_some_and(|row| row.ended_at.is_none()) && leg.state != LegState::Completed)
}

async fn note(
    unit: &Unit,
    row: &supervision::Model,
    action: &str,
    mode: Option<SuperviseMode>,
) -> Result<()> {
    let segments = queueing::live_segments(unit.scope(), unit.tx(), row.call_id).await?;
    let agents: Vec<_> = segments.iter().map(|segment| segment.agent_id).collect();
    let detail = json!({"callId": row.call_id, "supervisionId": row.id, "mode": mode, "agentIds": agents});
    audit::note(unit.app(), unit.scope(), unit.tx(), row.user_id, action, detail).await
}

/// Tells who supervises and the other supervisors, and the agents if the company wants them to know.
async fn tell(unit: &mut Unit, row: &supervision::Model, mode: Option<SuperviseMode>) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    let user = users::by_id(unit.tx(), row.user_id).await?.ok_or(Error::NotFound(Subject::User))?;
    let company = companies::own(scope, unit.tx()).await?.ok_or(Error::NotFound(Subject::Company))?;
    let mut payload = json!({"callId": row.call_id, "supervisionId": row.id, "supervisor": user.name,
        "mode": mode.map_or(Value::Null, |mode| json!(mode)), "at": now});
    let mut audience = vec![Audience::Supervisors];
    if company.tell_agents_of_supervision {
        let segments = queueing::live_segments(scope, unit.tx(), row.call_id).await?;
        audience.extend(segments.iter().map(|segment| Audience::Agent(segment.agent_id)));
    }
    payload["userId"] = json!(row.user_id);
    unit.tell(&audience, "call:supervised", payload);
    Ok(())
}
