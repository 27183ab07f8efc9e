//! What people do with a call that waits: give it another priority, move it to another queue, take it out of order.

use entity::id::{AgentId, CallId, QueueId, UserId};
use entity::{CompanyScope, RoutingSubject, agent, queue_entry};
use serde_json::json;

use super::story::EventKind;
use super::visit::{self, MovedBy};
use super::{CallFile, accept, admission, offer, rows};
use crate::app::App;
use crate::authz::{Permission, PickCalls, Whose};
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::store::{Audience, Unit, agents, queueing, workforce};

/// The larger is served first. 0 to 100, as in flows.
pub async fn set_priority(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: CallId,
    priority: i32,
) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    let entry = waiting(&unit, id).await?;
    queueing::set_priority(scope, unit.tx(), entry.id, priority).await?;
    unit.reroute(RoutingSubject::Entry, entry.id);
    let detail = json!({"callId": id, "entryId": entry.id, "from": entry.priority, "to": priority, "by": by});
    file.note(&unit, EventKind::PriorityChanged, detail.clone());
    unit.tell(
        &[Audience::Supervisors, Audience::Queue(entry.queue_id)],
        "call:update",
        json!({"callId": id, "status": file.row.status, "queueId": entry.queue_id, "priority": priority}),
    );
    audit::note(app, scope, unit.tx(), by, "calls:priority", detail).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// The caller waits on in another queue, as long as he has waited already.
///
/// # Errors
/// A conflict when he waits there already, waits no more, or that queue does not take him now.
pub async fn move_to(app: &App, scope: CompanyScope, by: UserId, id: CallId, queue: QueueId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    let old = waiting(&unit, id).await?;
    let queue = queueing::queue_in_use(scope, unit.tx(), queue)
        .await?
        .ok_or_else(|| Error::invalid("/queueId", "is not a queue of the company"))?;
    if queue.id == old.queue_id {
        return Err(Error::conflict(Code::AlreadyInQueue, "The call waits in this queue already."));
    }
    admission::must_take(&unit, &queue).await?;
    let from = old.queue_id;
    visit::move_to(&mut unit, &mut file, old, &queue, MovedBy::Supervisor(by)).await?;
    let detail = json!({"callId": id, "from": from, "to": queue.id});
    audit::note(app, scope, unit.tx(), by, "calls:move", detail).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// The agent takes the call, whoever's turn it is: as if it had been offered to him and he had accepted. `whose` is with
/// which calls he may: an agent with those of his queues, when he may pick at all.
pub async fn pick(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    by: UserId,
    agent: AgentId,
    id: CallId,
) -> Result<CallId> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    let row = workforce::agent(scope, unit.tx(), agent).await?;
    let queue = file.row.queue_id.ok_or_else(not_waiting)?;
    match whose {
        Whose::Everybodys => {}
        Whose::Agents(_) if !agents::serves(scope, unit.tx(), agent, queue).await? => {
            return Err(Error::NotFound(Subject::Call));
        }
        Whose::Agents(_) if !row.may_pick => return Err(Error::Forbidden { permission: PickCalls::NAME }),
        Whose::Agents(_) => {}
        Whose::Nobodys => return Err(Error::NotFound(Subject::Call)),
    }
    let entry = waiting(&unit, id).await?;
    take_out_of_turn(&mut unit, &mut file, &entry, &row, EventKind::Picked).await?;
    audit::note(app, scope, unit.tx(), by, "calls:pick", json!({"callId": id, "agentId": agent})).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(id)
}

/// Gives the waiting call to an agent, as if it had been offered to him and he had accepted: his phone is called. `whose`
/// is to whom it may be given. Twice changes nothing.
///
/// # Errors
/// `CALL_ALREADY_TAKEN` with the name of another agent who has it, `CALL_NOT_WAITING`, `AGENT_NOT_AVAILABLE`.
pub async fn assign(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    by: UserId,
    agent: AgentId,
    id: CallId,
) -> Result<CallId> {
    if whose == Whose::Agents(agent) {
        return pick(app, scope, whose, by, agent, id).await;
    }
    if whose != Whose::Everybodys {
        return Err(Error::NotFound(Subject::Agent));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    let row = workforce::agent(scope, unit.tx(), agent).await?;
    let taken = queueing::live_segment(scope, unit.tx(), id).await?;
    if taken.is_some_and(|segment| segment.agent_id == agent) {
        return Ok(id);
    }
    let entry = waiting(&unit, id).await?;
    rows::can_be_rung(&unit, &row)?;
    take_out_of_turn(&mut unit, &mut file, &entry, &row, EventKind::Assigned).await?;
    audit::note(app, scope, unit.tx(), by, "calls:assign", json!({"callId": id, "agentId": agent})).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(id)
}

/// The agent has the call, whoever's turn it was.
async fn take_out_of_turn(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    agent: &agent::Model,
    kind: EventKind,
) -> Result<()> {
    file.note(unit, kind, json!({"agentId": agent.id, "agent": agent.name, "entryId": entry.id}));
    let offered = queueing::open_offers_of_call(unit.scope(), unit.tx(), file.id()).await?;
    let offer = match offered.into_iter().find(|offer| offer.agent_id == agent.id) {
        Some(theirs) => theirs,
        None => offer::add(unit, file, entry, agent).await?.ok_or_else(|| rows::no_capacity(agent))?,
    };
    accept::take(unit, file, &offer, agent).await
}

/// The visit in which the call waits. When an agent has it already, the refusal names him.
async fn waiting(unit: &Unit, id: CallId) -> Result<queue_entry::Model> {
    if let Some(segment) = queueing::live_segment(unit.scope(), unit.tx(), id).await? {
        let winner = workforce::agent(unit.scope(), unit.tx(), segment.agent_id).await?.name;
        let message = format!("{winner} has already taken this call.");
        return Err(Error::conflict(Code::CallAlreadyTaken, message));
    }
    queueing::open_entry(unit.scope(), unit.tx(), id).await?.ok_or_else(not_waiting)
}

fn not_waiting() -> Error {
    Error::conflict(Code::CallNotWaiting, "This call does not wait in a queue.")
}
