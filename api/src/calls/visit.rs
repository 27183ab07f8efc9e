//! A visit of a queue: how it begins, what its queue's rules come to for it, and how it goes on in another queue. Nothing
//! else writes one, so a caller of a flow, one whom a rule or a supervisor moves, and one whom an agent passes on wait
//! under the same rules.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, QueueEntryId, QueueId, UserId};
use entity::{
    CallStatus, EntryOutcome, EntryPurpose, JobKind, KeptFor, OverflowAction, PlannedStep, RoutingSubject,
    VisitPlan, queue, queue_entry,
};
use ivr_engine::FlowKind;
use serde_json::{Value, json};

use super::rows::{self, NeededSkill};
use super::story::EventKind;
use super::{CallFile, admission, leave, side, transfer};
use crate::error::Result;
use crate::store::{Audience, Unit, queueing, workforce};

/// What a visit of a queue begins with.
pub struct Visit {
    pub priority: i32,
    pub skills: Vec<NeededSkill>,
    /// Since when he counts as waiting.
    pub waiting_since: DateTime<Utc>,
    /// The longest wait that the flow allows.
    pub flow_wait_until: Option<DateTime<Utc>>,
    pub wanted: For,
    pub keeping: Keeping,
    /// The queues that he was moved out of on the way here.
    pub came_through: Vec<QueueId>,
}

/// Whom a visit is to find, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    /// The caller waits for whoever is next.
    Anybody,
    /// The caller waits for this agent alone.
    Agent(AgentId),
    /// The agent who has the call asks for whoever is next.
    AnyColleague,
    Colleague(AgentId),
    /// Nobody is on the line: whoever is next has somebody called.
    Callback,
}

impl For {
    /// As a visit that waits for whoever is next is made anew elsewhere.
    fn again(purpose: EntryPurpose) -> Self {
        match purpose {
            EntryPurpose::Caller => Self::Anybody,
            EntryPurpose::Consult => Self::AnyColleague,
            EntryPurpose::Callback => Self::Callback,
        }
    }

    fn purpose(self) -> EntryPurpose {
        match self {
            Self::Anybody | Self::Agent(_) => EntryPurpose::Caller,
            Self::AnyColleague | Self::Colleague(_) => EntryPurpose::Consult,
            Self::Callback => EntryPurpose::Callback,
        }
    }

    fn agent(self) -> Option<AgentId> {
        match self {
            Self::Agent(agent) | Self::Colleague(agent) => Some(agent),
            Self::Anybody | Self::AnyColleague | Self::Callback => None,
        }
    }
}

/// For whom a caller is kept at first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// For whom the queue's rules say.
    ByRule,
    For(Preference),
    Nobody,
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

/// Writes the visit. From here on the caller waits, or the agent who has him asks. Whether the queue takes him was asked
/// before ([`admission`]), except of who only comes back to it.
pub async fn begin(
    unit: &mut Unit,
    file: &mut CallFile,
    queue: &queue::Model,
    visit: Visit,
) -> Result<queue_entry::Model> {
    let now = unit.now();
    let (purpose, wanted) = (visit.wanted.purpose(), visit.wanted.agent());
    let mut entry = queue_entry::Model {
        id: unit.id::<QueueEntryId>(),
        company_id: unit.company(),
        call_id: file.id(),
        queue_id: queue.id,
        priority: visit.priority,
        skills: serde_json::to_value(visit.skills).unwrap_or_default(),
        entered_at: now,
        waiting_since: visit.waiting_since,
        purpose,
        wanted_agent_id: wanted,
        max_wait_until: None,
        plan: VisitPlan {
            flow_wait_until: visit.flow_wait_until,
            came_through: visit.came_through,
            ..VisitPlan::default()
        },
        outcome: None,
        left_at: None,
    };
    let mut preferred = None;
    if matches!(visit.wanted, For::Anybody | For::Callback) {
        rules_begin(unit, &mut entry, queue);
        (entry.plan.kept_for, preferred) = kept_for(unit, file, &entry, queue, visit.keeping).await?;
    }
    unit.scope().insert::<queue_entry::Entity, _>(unit.tx(), entry.clone()).await?;
    watch(unit, &entry, queue).await?;
    unit.reroute(RoutingSubject::Entry, entry.id);
    match purpose {
        EntryPurpose::Caller | EntryPurpose::Callback => {
            file.row.status = CallStatus::Queued;
            file.row.queue_id = Some(queue.id);
            file.row.agent_id = None;
        }
        EntryPurpose::Consult => {}
    }
    note_entry(unit, file, queue, &entry, preferred);
    if wanted.is_none() {
        tell_queue(unit, &entry);
    }
    Ok(entry)
}

fn note_entry(
    unit: &Unit,
    file: &mut CallFile,
    queue: &queue::Model,
    entry: &queue_entry::Model,
    preferred: Option<Value>,
) {
    let mut told = json!({"queueId": queue.id, "queue": queue.name, "entryId": entry.id, "priority": entry.priority,
        "purpose": entry.purpose, "wantedAgentId": entry.wanted_agent_id, "waitingSince": entry.waiting_since});
    if let Some(preferred) = preferred {
        told["preferred"] = preferred;
    }
    file.note(unit, EventKind::Queued, told);
}

fn tell_queue(unit: &mut Unit, entry: &queue_entry::Model) {
    unit.tell(
        &[Audience::Queue(entry.queue_id)],
        "queue:entered",
        json!({"queueId": entry.queue_id, "callId": entry.call_id}),
    );
}

/// The queue's rules hold for this visit from now on.
fn rules_begin(unit: &Unit, entry: &mut queue_entry::Model, queue: &queue::Model) {
    let in_seconds = |seconds: u32| unit.now() + TimeDelta::seconds(i64::from(seconds));
    let of_queue = queue.rules.max_wait_seconds.filter(|_| is_on_the_line(entry)).map(in_seconds);
    entry.max_wait_until = entry.plan.flow_wait_until.into_iter().chain(of_queue).min();
    let steps = queue
        .rules
        .overflow
        .iter()
        .filter(|step| is_on_the_line(entry) || !needs_a_line(&step.action))
        .map(|step| PlannedStep { at: in_seconds(step.after_seconds), action: step.action.clone() });
    entry.plan.steps = steps.collect();
    entry.plan.taken = 0;
}

/// Whether somebody waits there and listens. Who is to be called back waits as long as it takes, and can be sent nowhere
/// where he would have to hear something.
fn is_on_the_line(entry: &queue_entry::Model) -> bool {
    entry.purpose != EntryPurpose::Callback
}

fn needs_a_line(action: &OverflowAction) -> bool {
    match action {
        OverflowAction::Flow { .. }
        | OverflowAction::Voicemail { .. }
        | OverflowAction::CallbackOffer { .. } => true,
        OverflowAction::Queue { .. } | OverflowAction::RelaxSkills { .. } | OverflowAction::RingAll => false,
    }
}

/// A visit for which one agent was wanted, or which an agent made for himself, is from now on one of a caller who waits
/// for whoever is next: at the same place, and under the queue's rules.
pub async fn open_to_everybody(
    unit: &mut Unit,
    file: &mut CallFile,
    mut entry: queue_entry::Model,
) -> Result<queue_entry::Model> {
    let queue = queueing::queue(unit.scope(), unit.tx(), entry.queue_id).await?;
    entry.wanted_agent_id = None;
    entry.purpose = EntryPurpose::Caller;
    rules_begin(unit, &mut entry, &queue);
    queueing::save_entry(unit.scope(), unit.tx(), entry.clone()).await?;
    watch(unit, &entry, &queue).await?;
    unit.reroute(RoutingSubject::Entry, entry.id);
    file.row.queue_id = Some(entry.queue_id);
    tell_queue(unit, &entry);
    Ok(entry)
}

/// Who has a waiting caller moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedBy {
    /// A rule of the queue.
    Overflow,
    Supervisor(UserId),
}

impl MovedBy {
    fn outcome(self) -> EntryOutcome {
        match self {
            Self::Overflow => EntryOutcome::Overflow,
            Self::Supervisor(_) => EntryOutcome::Moved,
        }
    }

    fn user(self) -> Option<UserId> {
        match self {
            Self::Overflow => None,
            Self::Supervisor(user) => Some(user),
        }
    }
}

/// The caller waits on in another queue, as old as he is: what was offered is withdrawn, his visit is over, and the other
/// queue's rules hold from now on. Nothing is asked of the provider: its queue is only where the caller is parked.
pub async fn move_to(
    unit: &mut Unit,
    file: &mut CallFile,
    old: queue_entry::Model,
    queue: &queue::Model,
    by: MovedBy,
) -> Result<queue_entry::Model> {
    let told = json!({"toQueueId": queue.id, "by": by.user()});
    leave::take_out_of_queue(unit, file, old.id, by.outcome(), told).await?;
    let mut came_through = old.plan.came_through.clone();
    came_through.push(old.queue_id);
    let visit = Visit {
        priority: old.priority,
        skills: rows::needed(&old),
        waiting_since: old.waiting_since,
        flow_wait_until: old.plan.flow_wait_until,
        wanted: For::again(old.purpose),
        keeping: Keeping::ByRule,
        came_through,
    };
    let new = begin(unit, file, queue, visit).await?;
    transfer::visit_moved(unit, &old, &new).await?;
    // His status may be as it was, so nobody would be told that he waits elsewhere now.
    unit.tell(
        &[Audience::Supervisors, Audience::Queue(old.queue_id)],
        "call:update",
        json!({"callId": file.id(), "status": file.row.status, "queueId": queue.id, "priority": new.priority}),
    );
    Ok(new)
}

/// When the next rule of the queue has something to do, if ever. The end of the longest wait is noticed by the caller's
/// own next request where he hears no music and no flow; these may last longer.
pub async fn watch(unit: &mut Unit, entry: &queue_entry::Model, queue: &queue::Model) -> Result<()> {
    let step = entry.plan.steps.get(entry.plan.taken).map(|step| step.at);
    let longest = match entry.max_wait_until {
        Some(until) => hears_at_length(unit, queue).await?.then_some(until),
        None => None,
    };
    if let Some(next) = step.into_iter().chain(longest).min() {
        unit.job(JobKind::QueueStep, entry.id, json!({}), next);
    }
    Ok(())
}

/// Whether who waits there hears music or a flow, which keeps his line from asking what comes next for as long as it lasts.
pub async fn hears_at_length(unit: &Unit, queue: &queue::Model) -> Result<bool> {
    Ok(queue.hold_music_url.is_some() || side::has(unit.scope(), unit.tx(), queue.id, FlowKind::Wait).await?)
}

/// Whoever waits is kept for somebody else from now on, or for nobody.
pub async fn keep_for(unit: &mut Unit, file: &mut CallFile, keeping: Keeping) -> Result<()> {
    let open = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await?;
    let Some(mut entry) = open else { return Ok(()) };
    let queue = queueing::queue(unit.scope(), unit.tx(), entry.queue_id).await?;
    let (kept, preferred) = kept_for(unit, file, &entry, &queue, keeping).await?;
    entry.plan.kept_for = kept;
    file.note(unit, EventKind::Kept, json!({"entryId": entry.id, "preferred": preferred}));
    unit.reroute(RoutingSubject::Entry, entry.id);
    queueing::save_plan(unit.scope(), unit.tx(), entry.id, entry.plan).await
}

/// Whom the caller is kept for, and what the story says of it: nobody, when that agent does not serve the queue, is not
/// there, or cannot do what the caller asks for; then he would wait for nothing.
async fn kept_for(
    unit: &Unit,
    file: &CallFile,
    entry: &queue_entry::Model,
    queue: &queue::Model,
    keeping: Keeping,
) -> Result<(Option<KeptFor>, Option<Value>)> {
    let by_rule = |seconds| Preference { agent: PreferredAgent::Last, seconds };
    let wished = match keeping {
        Keeping::For(preference) => Some(preference),
        Keeping::ByRule => queue.rules.last_agent_seconds.map(by_rule),
        Keeping::Nobody => None,
    };
    let Some(wished) = wished else { return Ok((None, None)) };
    let Some(agent) = find(unit, file, &wished.agent).await? else { return Ok((None, None)) };
    let there = admission::who_is_there(unit, &[agent]).await?;
    let there = there.iter().any(|agent| could_take(agent, entry));
    let until = unit.now() + TimeDelta::seconds(i64::from(wished.seconds));
    let kept = there.then_some(KeptFor { agent, until });
    let told = json!({"agentId": agent, "there": there, "until": kept.map(|kept| kept.until)});
    Ok((kept, Some(told)))
}

fn could_take(agent: &routing::Agent, entry: &queue_entry::Model) -> bool {
    let level = |skill: entity::id::SkillId| agent.skills.get(&routing::SkillId(skill.0)).copied();
    let needed = rows::needed(entry);
    agent.queues.contains(&routing::QueueId(entry.queue_id.0))
        && needed.iter().all(|need| level(need.skill).is_some_and(|level| level >= need.level))
}

async fn find(unit: &Unit, file: &CallFile, wished: &PreferredAgent) -> Result<Option<AgentId>> {
    match wished {
        // Who shows no number is nobody in particular.
        PreferredAgent::Last if !file.row.their_address().starts_with('+') => Ok(None),
        PreferredAgent::Last => {
            queueing::last_agent_of(unit.scope(), unit.tx(), file.row.their_address()).await
        }
        PreferredAgent::Named(name) => workforce::agent_by_name(unit.scope(), unit.tx(), name).await,
    }
}
