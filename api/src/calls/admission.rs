//! Whether a queue takes a caller now, and what its rules come to for his visit.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, QueueEntryId, QueueId};
use entity::{CallStatus, JobKind, KeptFor, PlannedStep, RoutingSubject, VisitPlan, queue, queue_entry};
use ivr_engine::Hours;
use serde_json::{Value, json};

use super::CallFile;
use super::rows::{self, NeededSkill};
use super::story::EventKind;
use crate::error::{Error, Result};
use crate::store::{Audience, Unit, queueing, workforce};

/// Why a queue does not take a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is outside the queue's hours.
    Closed,
    /// As many wait as may.
    Full,
    /// Nobody who serves it is there, and its rules say not to wait for them.
    Unstaffed,
}

impl Refusal {
    /// As it stands in the story.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Full => "full",
            Self::Unstaffed => "unstaffed",
        }
    }
}

/// Whom a caller is to be kept for at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    pub agent: PreferredAgent,
    pub seconds: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PreferredAgent {
    /// Who talked last with this caller's number.
    Last,
    /// By id or name.
    Named(String),
}

/// What a visit of a queue begins with.
pub struct Visit {
    pub priority: i32,
    pub skills: Vec<NeededSkill>,
    /// Since when he counts as waiting.
    pub waiting_since: DateTime<Utc>,
    /// The longest wait that the flow allows.
    pub flow_wait_until: Option<DateTime<Utc>>,
    pub preference: Option<Preference>,
    /// The queues that he was moved out of on the way here.
    pub came_through: Vec<QueueId>,
}

/// Why the queue would not take a caller now; `None` when it does. Until the unit ends, no other caller takes the last
/// place.
pub async fn refusal(unit: &Unit, queue: &queue::Model) -> Result<Option<Refusal>> {
    let (scope, tx) = (unit.scope(), unit.tx());
    if let Some(hours) = &queue.rules.hours {
        let hours = Hours::parse(hours).map_err(|findings| {
            let first = findings.first().map_or_else(String::new, |finding| finding.message.clone());
            Error::internal("read a queue's hours", first)
        })?;
        if !hours.is_open(unit.now()) {
            return Ok(Some(Refusal::Closed));
        }
    }
    if let Some(most) = queue.rules.max_length {
        queueing::lock_queue(scope, tx, queue.id).await?;
        if queueing::length(scope, tx, queue.id).await? >= u64::from(most) {
            return Ok(Some(Refusal::Full));
        }
    }
    if queue.rules.skip_when_unstaffed && !is_staffed(unit, queue.id).await? {
        return Ok(Some(Refusal::Unstaffed));
    }
    Ok(None)
}

/// Whether anybody who serves the queue is ready for calls, in one or not.
async fn is_staffed(unit: &Unit, queue: QueueId) -> Result<bool> {
    let members = workforce::members_of_queue(unit.scope(), unit.tx(), queue).await?;
    let agents = there(unit, &members).await?;
    Ok(!agents.is_empty())
}

/// Those of the agents who are ready for calls, in one or not.
async fn there(unit: &Unit, agents: &[AgentId]) -> Result<Vec<routing::Agent>> {
    let timing = &unit.app().settings.timing;
    let mut agents = rows::agents(unit.scope(), unit.tx(), timing, Some(agents)).await?;
    agents.retain(|agent| agent.is_staffed(unit.now()));
    Ok(agents)
}

/// Tells the story that the queue did not take the caller.
pub fn note_refusal(unit: &Unit, file: &mut CallFile, queue: &queue::Model, refusal: Refusal) {
    file.note(
        unit,
        EventKind::QueueRefused,
        json!({"queueId": queue.id, "queue": queue.name, "reason": refusal.name()}),
    );
}

/// Writes the visit. From here on the caller waits.
pub async fn begin(
    unit: &mut Unit,
    file: &mut CallFile,
    queue: &queue::Model,
    visit: Visit,
) -> Result<queue_entry::Model> {
    let now = unit.now();
    let in_seconds = |seconds: u32| now + TimeDelta::seconds(i64::from(seconds));
    let of_queue = queue.rules.max_wait_seconds.map(in_seconds);
    let max_wait_until = visit.flow_wait_until.into_iter().chain(of_queue).min();
    let steps = queue
        .rules
        .overflow
        .iter()
        .map(|step| PlannedStep { at: in_seconds(step.after_seconds), action: step.action.clone() });
    let steps: Vec<_> = steps.collect();
    let (kept_for, preferred) = kept_for(unit, file, queue, visit.preference).await?;
    let entry = queue_entry::Model {
        id: unit.id::<QueueEntryId>(),
        company_id: unit.company(),
        call_id: file.id(),
        queue_id: queue.id,
        priority: visit.priority,
        skills: serde_json::to_value(visit.skills).unwrap_or_default(),
        entered_at: now,
        waiting_since: visit.waiting_since,
        max_wait_until,
        plan: VisitPlan {
            steps,
            taken: 0,
            kept_for,
            flow_wait_until: visit.flow_wait_until,
            came_through: visit.came_through,
            leaves_for: None,
        },
        outcome: None,
        left_at: None,
    };
    unit.scope().insert::<queue_entry::Entity, _>(unit.tx(), entry.clone()).await?;
    watch(unit, &entry, queue);
    unit.reroute(RoutingSubject::Entry, entry.id);
    file.row.status = CallStatus::Queued;
    file.row.queue_id = Some(queue.id);
    let mut told =
        json!({"queueId": queue.id, "queue": queue.name, "entryId": entry.id, "priority": entry.priority});
    if let Some(preferred) = preferred {
        told["preferred"] = preferred;
    }
    file.note(unit, EventKind::Queued, told);
    unit.tell(
        &[Audience::Queue(queue.id)],
        "queue:entered",
        json!({"queueId": queue.id, "callId": file.id()}),
    );
    Ok(entry)
}

/// When the next rule of the queue has something to do, if ever. The end of the longest wait is noticed by the caller's
/// own next request where there is no music; a piece of music may last longer.
pub fn watch(unit: &mut Unit, entry: &queue_entry::Model, queue: &queue::Model) {
    let step = entry.plan.steps.get(entry.plan.taken).map(|step| step.at);
    let longest = entry.max_wait_until.filter(|_| queue.hold_music_url.is_some());
    if let Some(next) = step.into_iter().chain(longest).min() {
        unit.job(JobKind::QueueStep, entry.id, json!({}), next);
    }
}

/// Whom the caller is kept for, and what the story says of it: nobody, when that agent does not serve the queue or is not
/// there, for then he would wait for nothing.
async fn kept_for(
    unit: &Unit,
    file: &CallFile,
    queue: &queue::Model,
    wished: Option<Preference>,
) -> Result<(Option<KeptFor>, Option<Value>)> {
    let by_rule =
        queue.rules.last_agent_seconds.map(|seconds| Preference { agent: PreferredAgent::Last, seconds });
    let Some(wished) = wished.or(by_rule) else { return Ok((None, None)) };
    let Some(agent) = find(unit, file, &wished.agent).await? else { return Ok((None, None)) };
    let there = there(unit, &[agent]).await?;
    if !there.iter().any(|agent| agent.queues.contains(&routing::QueueId(queue.id.0))) {
        return Ok((None, Some(json!({"agentId": agent, "there": false}))));
    }
    let until = unit.now() + TimeDelta::seconds(i64::from(wished.seconds));
    Ok((Some(KeptFor { agent, until }), Some(json!({"agentId": agent, "there": true, "until": until}))))
}

async fn find(unit: &Unit, file: &CallFile, wished: &PreferredAgent) -> Result<Option<AgentId>> {
    match wished {
        // Who shows no number is nobody in particular.
        PreferredAgent::Last if !file.row.from_address.starts_with('+') => Ok(None),
        PreferredAgent::Last => {
            queueing::last_agent_of(unit.scope(), unit.tx(), &file.row.from_address).await
        }
        PreferredAgent::Named(name) => workforce::agent_by_name(unit.scope(), unit.tx(), name).await,
    }
}
