//! What a workflow of TaskRouter needs of the company: its queues with their rules, and the skills that it asks for. What
//! is there by that name is taken as it is; what is not is made, in the unit that brings the flow.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::id::{AgentId, QueueId, SkillId};
use entity::{OverflowAction as Action, queue};
use flow_import::{
    CompanyQueue, Imported, OverflowAction, OverflowStep, Reference, ReferenceKind, RoutingPlan, SettledLine,
};
use uuid::Uuid;

use crate::error::{Code, Error, FieldError, Result};
use crate::queues::{self, RulesWish, Settings, StepAction, StepWish};
use crate::skills;
use crate::store::{Unit, queueing, workforce};

/// Characters of a queue's name, and of a skill's.
const QUEUE_NAME: usize = 80;
const SKILL_NAME: usize = 100;

/// What the company has now for the workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub queues: Vec<NeededQueue>,
    pub skills: Vec<NeededSkill>,
    /// What queues do with who has waited for a target's time, or why the flow does it.
    pub rules: Vec<SettledLine>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NeededQueue {
    pub id: QueueId,
    pub name: String,
    /// As the workflow names it.
    pub references: Vec<String>,
    pub came: Came,
    /// Who serves a new one: all who have the skills for which some target asks there.
    pub agents: Vec<AgentId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NeededSkill {
    pub id: SkillId,
    pub name: String,
    /// As the plan has it: the name, or the id to which the workflow's was mapped.
    asked_as: String,
    pub came: Came,
}

/// Whether it was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Before,
    Now,
}

/// Makes what the plan needs, lets the queues take what they can of the flow, and counts all of it as mapped.
///
/// # Errors
/// Names each reference that is no name for a queue or a skill.
pub(super) async fn make(unit: &mut Unit, imported: &mut Imported) -> Result<Made> {
    let Some(plan) = &imported.routing else {
        return Err(Error::internal("make queues", "the import gave no plan"));
    };
    refuse_unfit_names(unit, plan, &imported.report.references).await?;
    let skills = skills_of(unit, plan).await?;
    let (queues, rows) = queues_of(unit, plan, &skills).await?;
    let known = rows.iter().map(|(name, (came, row))| (name.clone(), as_of_the_plan(*came, row))).collect();
    let document = imported.flows.first_mut();
    let mut settled = document.map(|document| plan.settle(document, &known)).unwrap_or_default();
    for (came, row) in rows.into_values() {
        let steps = settled.overflow.remove(&row.id.to_string()).filter(|_| came == Came::Now);
        if let Some(steps) = steps {
            let overflow = steps.into_iter().filter_map(wish).collect();
            queues::give_rules(unit, row, RulesWish { overflow, ..RulesWish::default() }).await?;
        }
    }
    for reference in imported.report.references.iter_mut().filter(|reference| reference.mapped.is_none()) {
        reference.mapped = match reference.kind {
            ReferenceKind::Queue => queues
                .iter()
                .find(|queue| queue.references.contains(&reference.reference))
                .map(|queue| queue.name.clone()),
            ReferenceKind::Skill => skills
                .iter()
                .find(|skill| skill.asked_as == reference.reference)
                .map(|skill| skill.name.clone()),
            ReferenceKind::Flow
            | ReferenceKind::Prompt
            | ReferenceKind::Hours
            | ReferenceKind::RequestUrl
            | ReferenceKind::Agent => None,
        };
    }
    Ok(Made { queues, skills, rules: settled.lines })
}

/// What is there may bear any name; what is made has to have one that can be given.
async fn refuse_unfit_names(unit: &Unit, plan: &RoutingPlan, references: &[Reference]) -> Result<()> {
    let mut wrong = Vec::new();
    for planned in &plan.queues {
        let is_there = queueing::queue_by_name(unit.scope(), unit.tx(), &planned.name).await?.is_some();
        let problem = if planned.named || planned.name != planned.reference {
            unfit(&planned.name, "queue", QUEUE_NAME).filter(|_| !is_there)
        } else {
            Some("the workflow names no queue there: map it to one".to_owned())
        };
        wrong.extend(problem.map(|message| FieldError { field: place(&planned.reference), message }));
    }
    let known = workforce::skills(unit.scope(), unit.tx()).await?;
    for name in &plan.skills {
        let is_known = known.iter().any(|skill| skill.name == *name || skill.id.to_string() == *name);
        if let Some(message) = unfit(name, "skill", SKILL_NAME).filter(|_| !is_known) {
            let mapped = |one: &&Reference| {
                one.kind == ReferenceKind::Skill && one.mapped.as_deref() == Some(name.as_str())
            };
            let reference = references.iter().find(mapped).map_or(name, |one| &one.reference);
            wrong.push(FieldError { field: place(reference), message });
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::ValidationFailed,
        message: "Some names cannot be given.".into(),
        fields: wrong,
    })
}

fn unfit(name: &str, what: &str, most: usize) -> Option<String> {
    if name.parse::<Uuid>().is_ok() {
        return Some(format!("is the id of no {what} of the company"));
    }
    if name.contains("{{") || name.contains("{%") {
        return Some(format!("is computed there: map it to one {what}"));
    }
    (name.chars().count() > most)
        .then(|| format!("a {what} has a name of at most {most} characters: map it to one"))
}

/// Where a mapping of this reference stands.
fn place(reference: &str) -> String {
    format!("/mapping/{}", reference.replace('~', "~0").replace('/', "~1"))
}

async fn skills_of(unit: &Unit, plan: &RoutingPlan) -> Result<Vec<NeededSkill>> {
    let known = workforce::skills(unit.scope(), unit.tx()).await?;
    let mut needed = Vec::with_capacity(plan.skills.len());
    for name in &plan.skills {
        let found = known.iter().find(|skill| skill.name == *name || skill.id.to_string() == *name);
        let (came, row) = match found {
            Some(skill) => (Came::Before, skill.clone()),
            None => (Came::Now, skills::make(unit, name.clone()).await?),
        };
        needed.push(NeededSkill { id: row.id, name: row.name, asked_as: name.clone(), came });
    }
    Ok(needed)
}

/// The queues by the names that the plan has for them.
type Rows = BTreeMap<String, (Came, queue::Model)>;

async fn queues_of(
    unit: &mut Unit,
    plan: &RoutingPlan,
    skills: &[NeededSkill],
) -> Result<(Vec<NeededQueue>, Rows)> {
    let mut needed: Vec<NeededQueue> = Vec::new();
    let mut rows = Rows::new();
    let staff = Staff::read(unit, plan, skills).await?;
    for planned in &plan.queues {
        let reference = planned.reference.clone();
        let found = queueing::queue_by_name(unit.scope(), unit.tx(), &planned.name).await?;
        let told = found.as_ref().and_then(|row| needed.iter_mut().find(|queue| queue.id == row.id));
        if let (Some(told), Some(row)) = (told, &found) {
            told.references.push(reference);
            rows.insert(planned.name.clone(), (told.came, row.clone()));
            continue;
        }
        let (came, row, agents) = match found {
            Some(row) => (Came::Before, row, Vec::new()),
            None => {
                let agents = staff.of(&planned.name);
                let settings = Settings {
                    name: Some(planned.name.clone()),
                    agents: Some(agents.clone()),
                    ..Settings::default()
                };
                (Came::Now, queues::make(unit, settings).await?, agents)
            }
        };
        let (id, name) = (row.id, row.name.clone());
        needed.push(NeededQueue { id, name, references: vec![reference], came, agents });
        rows.insert(planned.name.clone(), (came, row));
    }
    Ok((needed, rows))
}

/// What the agents of the company can, and what the targets of each queue ask for.
struct Staff {
    agents: Vec<AgentId>,
    levels: HashMap<(AgentId, SkillId), i32>,
    asked: BTreeMap<String, BTreeSet<Vec<(SkillId, i32)>>>,
}

impl Staff {
    async fn read(unit: &Unit, plan: &RoutingPlan, skills: &[NeededSkill]) -> Result<Self> {
        let ids: HashMap<_, _> = skills.iter().map(|skill| (skill.asked_as.as_str(), skill.id)).collect();
        let mut asked: BTreeMap<String, BTreeSet<Vec<(SkillId, i32)>>> = BTreeMap::new();
        for step in plan.rules.iter().flat_map(|rule| &rule.steps).filter(|step| !step.skills.is_empty()) {
            let needs =
                step.skills.iter().map(|need| Some((*ids.get(need.skill.as_str())?, need.level.into())));
            let mut needs = needs.collect::<Option<Vec<_>>>().ok_or_else(|| {
                Error::internal("make queues", "a target asks for a skill that the plan does not have")
            })?;
            needs.sort_unstable();
            asked.entry(step.queue.clone()).or_default().insert(needs);
        }
        let levels = workforce::skills_of_agents(unit.scope(), unit.tx(), None).await?;
        let levels = levels.into_iter().map(|row| ((row.agent_id, row.skill_id), row.level)).collect();
        let agents = workforce::agents(unit.scope(), unit.tx(), None).await?;
        let agents: BTreeSet<_> = agents.into_iter().map(|agent| agent.id).collect();
        Ok(Self { agents: agents.into_iter().collect(), levels, asked })
    }

    /// Who has all the skills for which some target of this queue asks.
    fn of(&self, queue: &str) -> Vec<AgentId> {
        let Some(asked) = self.asked.get(queue) else { return Vec::new() };
        let has = |agent: AgentId, (skill, level): (SkillId, i32)| {
            self.levels.get(&(agent, skill)).is_some_and(|has| *has >= level)
        };
        let can = |agent: &AgentId| asked.iter().any(|needs| needs.iter().all(|need| has(*agent, *need)));
        self.agents.iter().copied().filter(can).collect()
    }
}

fn as_of_the_plan(came: Came, row: &queue::Model) -> CompanyQueue {
    let step = |step: &entity::OverflowStep| OverflowStep {
        after_seconds: step.after_seconds,
        action: match &step.action {
            Action::Queue { queue_id } => OverflowAction::Queue(queue_id.to_string()),
            Action::RelaxSkills { levels } => OverflowAction::RelaxSkills(*levels),
            Action::RingAll
            | Action::Flow { .. }
            | Action::Voicemail { .. }
            | Action::CallbackOffer { .. } => OverflowAction::Else,
        },
    };
    let kept = (came == Came::Before).then(|| row.rules.overflow.iter().map(step).collect());
    CompanyQueue { id: row.id.to_string(), kept }
}

/// The step as somebody would wish it. What no workflow says is never among them.
fn wish(step: OverflowStep) -> Option<StepWish> {
    let plain = StepWish {
        after_seconds: step.after_seconds,
        action: StepAction::RelaxSkills,
        queue: None,
        flow: None,
        levels: None,
        mailbox: None,
    };
    match step.action {
        OverflowAction::Queue(id) => {
            Some(StepWish { action: StepAction::Queue, queue: id.parse().ok(), ..plain })
        }
        OverflowAction::RelaxSkills(levels) => Some(StepWish { levels, ..plain }),
        OverflowAction::Else => None,
    }
}
