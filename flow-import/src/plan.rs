//! What a TaskRouter workflow says, free of any flow: which tasks go to which queues, in which steps. The server can turn
//! it into queues, overflow steps and skills; the flow that comes with it does the same with nodes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Queues and rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingPlan {
    pub name: String,
    /// Every queue that it names, once, in order.
    pub queues: Vec<PlannedQueue>,
    /// Every skill that its steps ask for, as ours are called, once, by name.
    pub skills: Vec<String>,
    /// The variables that its conditions look at. Whoever sends calls here has to set them.
    pub variables: Vec<String>,
    /// The first whose condition holds counts.
    pub rules: Vec<RoutingRule>,
    /// The queue of calls for which none holds, or that have waited through all steps of theirs. None: they end.
    pub otherwise: Option<String>,
}

/// A queue of the workflow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedQueue {
    /// As the workflow has it, mostly a SID.
    pub reference: String,
    /// What it is called here: as mapped, else the reference.
    pub name: String,
    /// Whether the workflow names it at all. A target may have no queue where there is no default one.
    pub named: bool,
}

/// A filter of the workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRule {
    pub name: String,
    /// Pointer into the source.
    pub pointer: String,
    /// As the workflow has it.
    pub expression: String,
    /// The same as the condition of a branch. None: it could not be translated, and the rule never holds.
    pub when: Option<Value>,
    pub steps: Vec<RoutingStep>,
}

/// A target of a filter: where the call waits, how long, and who may take it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingStep {
    /// Pointer into the source.
    pub pointer: String,
    /// The node of the flow in which it waits.
    pub node: String,
    /// Name of the queue here.
    pub queue: String,
    /// As the workflow has it: 0 and up, the larger first.
    pub priority: Option<u32>,
    /// After so long the next step follows. None: it waits for ever.
    pub timeout_seconds: Option<u32>,
    /// Which workers may take it, as the workflow has it.
    pub workers: Option<String>,
    /// The part of that which skills can say.
    pub skills: Vec<SkillNeed>,
    /// The order of the workers, as the workflow has it.
    pub order_by: Option<String>,
    pub skip_if: Option<SkipIf>,
    pub known_worker: Option<KnownWorker>,
}

/// A skill that an agent must have at least at this level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillNeed {
    pub skill: String,
    /// 1 to 10.
    pub level: u8,
}

/// When a step is skipped at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkipIf {
    /// As the workflow has it.
    pub expression: String,
    /// The same as the condition of a `figures` node. None: it could not be translated, and the step is not skipped.
    pub when: Option<Value>,
}

/// The worker who is asked before all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KnownWorker {
    /// As the workflow has it: `task.` and the attribute that holds the worker, or a constant.
    pub expression: String,
    /// Whether the attribute holds a SID or a friendly name.
    pub by: KnownBy,
    /// The same as a text of ours.
    pub agent: String,
}

/// What names a known worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KnownBy {
    Sid,
    FriendlyName,
}
