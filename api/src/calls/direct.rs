//! A flow connects its caller with one agent. It is a visit of a queue for which he alone is wanted: he is offered it as any
//! call, with his capacity, and the caller hears music meanwhile (decision 26).

use entity::id::{AgentId, QueueId};
use entity::{Availability, CompanyScope, EntryOutcome, agent, queue_entry, queue_member};
use ivr_engine::{DialOutcome, Input};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::offer::{Opened, Rings};
use super::story::EventKind;
use super::transfer::Why;
use super::visit::{self, For, Keeping, Visit};
use super::{CallFile, come_back, leave, offer, rows};
use crate::error::Result;
use crate::store::{Unit, queueing, queues, workforce};

/// Why nobody can be asked at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAgent {
    Unknown,
    /// Several have this name.
    Ambiguous,
    /// The company has no queue whose rules the visit could have.
    WithoutQueue,
}

impl NoAgent {
    /// In the call's story.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknownAgent",
            Self::Ambiguous => "ambiguousAgent",
            Self::WithoutQueue => "noQueue",
        }
    }
}

/// As a flow's callers have who do not say otherwise.
const PRIORITY: i32 = 50;

/// The visit in which the caller waits for this agent, given by id or name, who is rung for so many seconds; or why he
/// cannot be asked.
pub async fn ask(
    unit: &mut Unit,
    file: &mut CallFile,
    agent: &str,
    seconds: u32,
) -> Result<std::result::Result<queue_entry::Model, DialOutcome>> {
    // An input that did not fit makes the flow ask for the same thing again: he is being asked already.
    if let Some(entry) = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await? {
        return Ok(Ok(entry));
    }
    let agent = match find(unit.scope(), unit.tx(), agent).await? {
        Ok(agent) => agent,
        Err(why) => {
            file.note(unit, EventKind::FlowProblem, json!({"code": why.code(), "agent": agent}));
            return Ok(Err(DialOutcome::Failed));
        }
    };
    let Some(queue) = queue_of(unit.scope(), unit.tx(), file.row.queue_id, agent.id).await? else {
        file.note(
            unit,
            EventKind::FlowProblem,
            json!({"code": NoAgent::WithoutQueue.code(), "agentId": agent.id}),
        );
        return Ok(Err(DialOutcome::Failed));
    };
    file.note(unit, EventKind::TransferStarted, json!({"agentId": agent.id, "agent": agent.name}));
    if let Some(outcome) = obstacle(unit, &agent).await? {
        file.note(unit, EventKind::TransferEnded, json!({"outcome": outcome}));
        return Ok(Err(outcome));
    }
    let queue = queueing::queue(unit.scope(), unit.tx(), queue).await?;
    let visit = Visit {
        priority: PRIORITY,
        skills: Vec::new(),
        waiting_since: unit.now(),
        flow_wait_until: None,
        wanted: For::Agent(agent.id),
        keeping: Keeping::Nobody,
        came_through: Vec::new(),
    };
    let entry = visit::begin(unit, file, &queue, visit).await?;
    let rings = Rings::Seconds(i32::try_from(seconds).unwrap_or(i32::MAX));
    match offer::ask(unit, file, &entry, agent.id, rings).await? {
        Opened::Yes => Ok(Ok(entry)),
        Opened::Stale => {
            let outcome = DialOutcome::Busy;
            leave::close_visit(unit, file, entry.id, EntryOutcome::Overflow).await?;
            file.note(unit, EventKind::TransferEnded, json!({"outcome": outcome}));
            Ok(Err(outcome))
        }
    }
}

/// The agent does not take the caller, who goes on in his flow by the port that says so.
pub async fn failed(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    why: Why,
) -> Result<()> {
    let outcome = match why {
        Why::Busy | Why::Declined => DialOutcome::Busy,
        Why::NoAnswer | Why::LeftAgain | Why::CallerLeft => DialOutcome::NoAnswer,
        Why::DeviceError | Why::Unreachable => DialOutcome::Failed,
    };
    leave::close_visit(unit, file, entry.id, EntryOutcome::Overflow).await?;
    file.note(unit, EventKind::TransferEnded, json!({"outcome": outcome, "reason": why.as_str()}));
    file.row.agent_id = None;
    come_back::to_flow(unit, file, Input::Dialed(outcome)).await
}

/// The one agent of this id or name.
pub async fn find<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agent: &str,
) -> Result<std::result::Result<agent::Model, NoAgent>> {
    let all = workforce::agents(scope, db, None).await?;
    let mut found: Vec<_> =
        all.into_iter().filter(|row| row.id.to_string() == agent || row.name == agent).collect();
    Ok(match found.len() {
        0 | 1 => found.pop().ok_or(NoAgent::Unknown),
        _ => Err(NoAgent::Ambiguous),
    })
}

/// Whose rules the visit has: those of the caller's last queue if the agent serves it, else of the first that he serves,
/// by name; of the caller's last one, or of the company's first, if he serves none.
pub async fn queue_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    last: Option<QueueId>,
    agent: AgentId,
) -> Result<Option<QueueId>> {
    let served: Vec<queue_member::Model> =
        workforce::memberships_of_agents(scope, db, Some(&[agent])).await?;
    let serves = |queue: QueueId| served.iter().any(|member| member.queue_id == queue);
    if let Some(queue) = last.filter(|queue| serves(*queue)) {
        return Ok(Some(queue));
    }
    let all: Vec<_> = queues::all(scope, db).await?.into_iter().map(|row| row.queue.id).collect();
    Ok(all.iter().copied().find(|queue| serves(*queue)).or(last).or(all.first().copied()))
}

/// Why the agent cannot be asked now: he has as many calls as he takes or has said that he is busy, or he is not there.
async fn obstacle(unit: &Unit, agent: &agent::Model) -> Result<Option<DialOutcome>> {
    let held = queueing::slots_of(unit.scope(), unit.tx(), &[agent.id]).await?.len();
    let full = held >= usize::try_from(agent.capacity).unwrap_or_default();
    Ok(if full || agent.availability == Availability::Busy {
        Some(DialOutcome::Busy)
    } else if rows::is_ready(agent, &unit.app().settings.timing, unit.now()) {
        None
    } else {
        Some(DialOutcome::NoAnswer)
    })
}
