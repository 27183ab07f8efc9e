//! What a workflow of TaskRouter has been given in the company.

use flow_import::{Keeper, SettledLine};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

use crate::flows::imports::{Came, Made, NeededQueue, NeededSkill};

/// What a workflow needs of the company: made, or there before.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct ImportMadeOut {
    queues: Vec<ImportedQueueOut>,
    skills: Vec<ImportedSkillOut>,
    /// What follows when the time of a target is over: by a rule of its queue, or why by the flow.
    rules: Vec<ImportedRuleOut>,
}

/// A queue of the workflow.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportedQueueOut {
    id: Uuid,
    name: String,
    /// As the workflow names it.
    references: Vec<String>,
    /// Whether it was made now. One that was there is left as it is.
    created: bool,
    /// Who serves a new one: the agents who have all the skills for which some target asks there. Who else does, the
    /// workflow does not say.
    agent_ids: Vec<Uuid>,
}

/// A skill for which the workflow asks.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportedSkillOut {
    id: Uuid,
    name: String,
    /// Whether it was made now.
    created: bool,
}

/// What follows when the time of a target is over.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportedRuleOut {
    /// JSON pointer to the target.
    pointer: String,
    keeper: ImportedRuleKeeper,
    message: String,
}

/// What keeps a rule of the imported workflow here.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum ImportedRuleKeeper {
    /// The queue, by a rule that it was given now.
    NewRule,
    /// The queue, by a rule that it had.
    KeptRule,
    /// The flow, as it says itself.
    Flow,
}

impl From<Made> for ImportMadeOut {
    fn from(made: Made) -> Self {
        Self {
            queues: made.queues.into_iter().map(Into::into).collect(),
            skills: made.skills.into_iter().map(Into::into).collect(),
            rules: made.rules.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<NeededQueue> for ImportedQueueOut {
    fn from(queue: NeededQueue) -> Self {
        Self {
            id: queue.id.into(),
            name: queue.name,
            references: queue.references,
            created: queue.came == Came::Now,
            agent_ids: queue.agents.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<NeededSkill> for ImportedSkillOut {
    fn from(skill: NeededSkill) -> Self {
        Self { id: skill.id.into(), name: skill.name, created: skill.came == Came::Now }
    }
}

impl From<SettledLine> for ImportedRuleOut {
    fn from(line: SettledLine) -> Self {
        Self {
            pointer: line.pointer,
            keeper: match line.keeper {
                Keeper::NewRule => ImportedRuleKeeper::NewRule,
                Keeper::KeptRule => ImportedRuleKeeper::KeptRule,
                Keeper::Flow => ImportedRuleKeeper::Flow,
            },
            message: line.message,
        }
    }
}
