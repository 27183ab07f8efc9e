//! Who controls a call that is under way, and what they all are told of it. An agent controls the call that he has; a
//! supervisor any call of the company.

use entity::id::{AgentId, CallId, UserId};
use entity::{CompanyScope, SegmentState, segment, transfer};
use serde_json::{Value, json};

use super::story::EventKind;
use super::{CallFile, participant};
use crate::app::App;
use crate::authz::Whose;
use crate::error::{Code, Error, Result, Subject};
use crate::store::{Audience, Unit, calls, live, queueing};

/// Who asks for something, and whose calls he may control.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub user: UserId,
    pub whose: Whose,
}

/// The call, locked, with the agent who talks with the caller. An agent's own call only.
pub async fn talk(unit: &Unit, actor: Actor, call: CallId) -> Result<(CallFile, segment::Model)> {
    let file = open(unit, actor, call).await?;
    match queueing::live_segment(unit.scope(), unit.tx(), call).await? {
        Some(segment) if segment.state == SegmentState::Connected && !file.caller_has_left() => {
            if actor.whose.includes(segment.agent_id) {
                Ok((file, segment))
            } else {
                Err(Error::conflict(Code::NotYourCall, "Another agent has this call."))
            }
        }
        Some(_) | None => Err(not_connected()),
    }
}

/// The call, locked, if it is visible to this actor.
async fn open(unit: &Unit, actor: Actor, call: CallId) -> Result<CallFile> {
    let theirs = match actor.whose {
        Whose::Everybodys => true,
        Whose::Agents(agent) => queueing::is_call_of(unit.scope(), unit.tx(), agent, call).await?,
        Whose::Nobodys => false,
    };
    if theirs { CallFile::open(unit, call).await } else { Err(Error::NotFound(Subject::Call)) }
}

pub fn not_connected() -> Error {
    Error::conflict(Code::CallNotConnected, "Nobody talks with this caller now.")
}

/// Whether an agent is heard by the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Microphone {
    On,
    Muted,
}

/// Mutes an agent, or lets him be heard again: the one who asks, or for a supervisor the one who has the call.
pub async fn mute(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    call: CallId,
    microphone: Microphone,
) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = open(&unit, actor, call).await?;
    let there = queueing::live_segments(scope, unit.tx(), call).await?;
    let there = there.into_iter().filter(|segment| segment.state != SegmentState::Reserved);
    let mut theirs = there.filter(|segment| actor.whose.includes(segment.agent_id));
    let Some(segment) = theirs.next() else { return Err(not_connected()) };
    let leg = calls::offer_leg(scope, unit.tx(), segment.offer_id).await?;
    let Some(mut leg) = leg.filter(|leg| !leg.state.is_over()) else { return Err(not_connected()) };
    let muted = microphone == Microphone::Muted;
    if leg.muted != muted {
        leg.muted = muted;
        participant::set(&mut unit, &leg);
        calls::save_leg(scope, unit.tx(), leg).await?;
        let kind = if muted { EventKind::Muted } else { EventKind::Unmuted };
        file.note(&unit, kind, json!({"agentId": segment.agent_id}));
        tell(&mut unit, &mut file).await?;
    }
    file.save(&mut unit).await?;
    unit.commit().await
}

/// Plays keys to the other party: to who is asked from outside while the caller is on hold, else to the caller.
pub async fn send_keys(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    call: CallId,
    keys: String,
) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, segment) = talk(&unit, actor, call).await?;
    let asked = live::open_transfer(scope, unit.tx(), call).await?.and_then(|transfer| transfer.leg_id);
    let outside = match asked {
        Some(leg) => calls::leg(scope, unit.tx(), leg).await?,
        None => None,
    };
    let outside = outside.filter(|leg| leg.joined_at.is_some() && !leg.state.is_over());
    let caller = calls::caller_leg(scope, unit.tx(), call).await?;
    let held = caller.as_ref().is_some_and(|leg| leg.held);
    let Some(party) = outside.filter(|_| held).or(caller) else { return Err(not_connected()) };
    // Not which: they may be a secret.
    file.note(
        &unit,
        EventKind::KeysSent,
        json!({"agentId": segment.agent_id, "count": keys.chars().count()}),
    );
    participant::send_keys(&mut unit, &party, keys);
    file.save(&mut unit).await?;
    unit.commit().await
}

/// Tells everybody concerned how the call stands: supervisors, the agents who have it, who passes it on.
pub async fn tell(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    let (scope, call) = (unit.scope(), file.id());
    let segments = queueing::live_segments(scope, unit.tx(), call).await?;
    let transfer = live::open_transfer(scope, unit.tx(), call).await?;
    let mut muted = Vec::new();
    for segment in &segments {
        if let Some(leg) = calls::offer_leg(scope, unit.tx(), segment.offer_id).await?
            && leg.muted
        {
            muted.push(segment.agent_id);
        }
    }
    let mut agents: Vec<AgentId> = segments.iter().map(|segment| segment.agent_id).collect();
    agents.extend(transfer.as_ref().map(|transfer| transfer.agent_id));
    agents.extend(file.row.agent_id);
    agents.sort_unstable();
    agents.dedup();
    let mut payload = file.summary();
    payload["heldSince"] = json!(segments.iter().find_map(|segment| segment.held_since));
    payload["muted"] = json!(muted);
    payload["transfer"] = transfer.as_ref().map_or(Value::Null, describe);
    let audience: Vec<_> =
        std::iter::once(Audience::Supervisors).chain(agents.into_iter().map(Audience::Agent)).collect();
    unit.tell(&audience, "call:update", payload);
    file.is_told();
    Ok(())
}

/// What people are told of a transfer.
pub fn describe(transfer: &transfer::Model) -> Value {
    json!({
        "id": transfer.id,
        "agentId": transfer.agent_id,
        "mode": transfer.mode,
        "target": transfer.target,
        "toAgentId": transfer.to_agent_id,
        "toQueueId": transfer.to_queue_id,
        "toNumber": transfer.to_number,
        "toFlowId": transfer.to_flow_id,
        "state": transfer.state,
        "reason": transfer.reason,
    })
}
