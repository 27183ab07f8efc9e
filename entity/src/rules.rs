//! The rules of a queue, and what they come to for one visit: JSON columns with a type. A field that an older row does
//! not have is at its default.

use chrono::{DateTime, Utc};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ServiceLevelVariant;
use crate::id::{AgentId, FlowId, QueueId, ScheduleId};

/// What a company lets a queue do besides choosing agents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct QueueRules {
    /// When somebody can be queued: zone, weekly intervals and exceptions, as in a flow's hours. Always, without.
    pub hours: Option<Value>,
    /// The schedule of which the hours are a copy.
    pub schedule_id: Option<ScheduleId>,
    /// Whether a caller is refused at once while nobody who serves the queue is there.
    pub skip_when_unstaffed: bool,
    /// Callers who may wait at once.
    pub max_length: Option<u32>,
    pub max_wait_seconds: Option<u32>,
    /// How much waiting one step of priority is worth; without it a larger priority goes before any wait.
    pub ageing_seconds: Option<u32>,
    /// Most agents who are rung at once where all are.
    pub ring_all_limit: Option<u16>,
    /// How long a caller is kept for the agent who talked with him last.
    pub last_agent_seconds: Option<u32>,
    /// By ascending time.
    pub overflow: Vec<OverflowStep>,
    pub service_level: ServiceLevel,
    pub wrap_up: WrapUpRule,
    pub announcements: Announcements,
}

/// What happens to one who has waited for so long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverflowStep {
    /// From his coming into the queue.
    pub after_seconds: u32,
    #[serde(flatten)]
    pub action: OverflowAction,
}

/// What an overflow step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum OverflowAction {
    /// He waits in another queue, as old as he is.
    Queue { queue_id: QueueId },
    /// He asks for less: each skill so many levels lower, or no skill at all.
    RelaxSkills { levels: Option<u8> },
    /// His call rings everybody who is free.
    RingAll,
    /// He goes on in another flow.
    Flow { flow_id: FlowId },
    /// He is asked for a message.
    Voicemail { mailbox: Option<String> },
    /// He goes on in a flow that offers to call him back.
    CallbackOffer { flow_id: FlowId },
}

impl OverflowAction {
    /// As it is stored and told.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queue { .. } => "queue",
            Self::RelaxSkills { .. } => "relax_skills",
            Self::RingAll => "ring_all",
            Self::Flow { .. } => "flow",
            Self::Voicemail { .. } => "voicemail",
            Self::CallbackOffer { .. } => "callback_offer",
        }
    }
}

/// What the company promises: so many of a hundred callers are answered within so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ServiceLevel {
    pub target_percent: u32,
    pub target_seconds: u32,
    /// Who gives up within so many seconds does not count.
    pub short_abandon_seconds: u32,
}

impl Default for ServiceLevel {
    fn default() -> Self {
        Self { target_percent: 80, target_seconds: 20, short_abandon_seconds: 5 }
    }
}

/// How a company's reports count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct ReportSettings {
    pub variant: ServiceLevelVariant,
    /// For all queues; None: as each queue says.
    pub short_abandon_seconds: Option<u32>,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self { variant: ServiceLevelVariant::ExcludingShortAbandons, short_abandon_seconds: None }
    }
}

/// How wrap-up can be made longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WrapUpRule {
    pub extension_seconds: u32,
    pub extensions: u32,
}

impl Default for WrapUpRule {
    fn default() -> Self {
        Self { extension_seconds: 30, extensions: 10 }
    }
}

/// What a waiting caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Announcements {
    pub position: bool,
    /// Never without data.
    pub expected_wait: bool,
    /// Quiet between two announcements; where music plays, its length counts.
    pub interval_seconds: u32,
}

impl Default for Announcements {
    fn default() -> Self {
        Self { position: true, expected_wait: true, interval_seconds: 15 }
    }
}

/// What the rules of its queue come to for one visit: fixed when it begins, so that whoever waits knows what he waits for
/// though the queue's rules are changed meanwhile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct VisitPlan {
    pub steps: Vec<PlannedStep>,
    /// How many of them have been taken, or passed over.
    pub taken: usize,
    /// Kept for this agent at first.
    pub kept_for: Option<KeptFor>,
    /// The longest wait that the flow allows, wherever he is moved to.
    pub flow_wait_until: Option<DateTime<Utc>>,
    /// The queues that he was moved out of on the way here: he is not moved back into them.
    pub came_through: Vec<QueueId>,
    /// Where he goes on when his visit has overflowed; the flow that he came from, without.
    pub leaves_for: Option<OverflowAction>,
    /// The version of the call's session when the visit overflowed: as long as it is the call's, he has not gone on yet.
    pub left_at_version: Option<i32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    pub at: DateTime<Utc>,
    #[serde(flatten)]
    pub action: OverflowAction,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptFor {
    pub agent: AgentId,
    pub until: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_queue_without_rules_has_the_rules_that_everybody_expects() {
        let rules: QueueRules = serde_json::from_value(json!({})).unwrap();
        assert_eq!(rules, QueueRules::default());
        assert_eq!((rules.service_level.target_percent, rules.announcements.interval_seconds), (80, 15));
    }

    #[test]
    fn a_step_is_stored_as_it_is_said() {
        let step =
            OverflowStep { after_seconds: 30, action: OverflowAction::RelaxSkills { levels: Some(2) } };
        let stored = serde_json::to_value(&step).unwrap();
        assert_eq!(stored, json!({"afterSeconds": 30, "action": "relax_skills", "levels": 2}));
        assert_eq!(serde_json::from_value::<OverflowStep>(stored).unwrap(), step);
    }
}
