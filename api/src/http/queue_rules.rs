//! The rules of a queue as a body, the same both ways.

use entity::OverflowAction;
use entity::id::{FlowId, QueueId};
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object};
use serde_json::Value;
use uuid::Uuid;

use crate::queues::{RulesWish, StepAction, StepWish};

/// What a queue does besides choosing agents. What is left out is off.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct QueueRules {
    /// When somebody can be queued: `zone`, `weekly`, `exceptions`, as in a flow's `hours` node. Always, when left out.
    hours: Option<Any<Value>>,
    /// By which it goes instead of hours of its own.
    schedule_id: Option<Uuid>,
    /// Whether a caller is sent on at once while no agent of the queue is ready.
    #[oai(default)]
    skip_when_unstaffed: bool,
    /// Callers who may wait at once.
    #[oai(validator(minimum(value = "1"), maximum(value = "100000")))]
    max_length: Option<u32>,
    /// Longest wait; the flow's own limit counts beside it, and the shorter one wins.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    max_wait_seconds: Option<u32>,
    /// How much waiting one step of priority is worth. When left out, a larger priority goes before any wait.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    ageing_seconds: Option<u32>,
    /// Most agents who are rung at once where all are.
    #[oai(validator(minimum(value = "1"), maximum(value = "1000")))]
    ring_all_limit: Option<u16>,
    /// How long a caller is kept for the agent who talked with him last, if that one is there.
    #[oai(validator(minimum(value = "1"), maximum(value = "3600")))]
    last_agent_seconds: Option<u32>,
    /// What happens to who has waited for so long, by ascending time.
    #[oai(default, validator(max_items = 10))]
    overflow: Vec<OverflowStep>,
    #[oai(default = "service_level")]
    service_level: ServiceLevelTarget,
    #[oai(default = "wrap_up")]
    wrap_up: WrapUpRule,
    #[oai(default = "announcements")]
    announcements: Announcements,
}

/// What happens to who has waited for so long.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct OverflowStep {
    /// From his coming into the queue.
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    after_seconds: u32,
    action: OverflowActionName,
    /// For `queue`.
    queue_id: Option<Uuid>,
    /// For `flow` and `callback_offer`: one that is published.
    flow_id: Option<Uuid>,
    /// For `relax_skills`: each skill so many levels lower. No skill at all, when left out.
    #[oai(validator(minimum(value = "1"), maximum(value = "10")))]
    levels: Option<u8>,
    /// For `voicemail`: where the message belongs.
    #[oai(validator(min_length = 1, max_length = 100))]
    mailbox: Option<String>,
}

/// What is done with a caller for whom nobody is found.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum OverflowActionName {
    /// He waits in another queue, as old as he is.
    Queue,
    /// He asks for less.
    RelaxSkills,
    /// His call rings everybody who is free.
    RingAll,
    /// He goes on in another flow.
    Flow,
    /// He is asked for a message.
    Voicemail,
    /// He goes on in a flow that offers to call him back.
    CallbackOffer,
}

/// What the company promises.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ServiceLevelTarget {
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    target_percent: u32,
    #[oai(validator(minimum(value = "1"), maximum(value = "86400")))]
    target_seconds: u32,
    /// Who gives up within so many seconds does not count.
    #[oai(validator(minimum(value = "0"), maximum(value = "60")))]
    short_abandon_seconds: u32,
}

/// How wrap-up can be made longer.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct WrapUpRule {
    /// What one extension adds.
    #[oai(validator(minimum(value = "5"), maximum(value = "600")))]
    extension_seconds: u32,
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    extensions: u32,
}

/// What a waiting caller is told.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct Announcements {
    position: bool,
    /// Never without data.
    expected_wait: bool,
    /// Quiet between two announcements. Where music plays, its length counts instead.
    #[oai(validator(minimum(value = "5"), maximum(value = "600")))]
    interval_seconds: u32,
}

fn service_level() -> ServiceLevelTarget {
    entity::ServiceLevel::default().into()
}

fn wrap_up() -> WrapUpRule {
    entity::WrapUpRule::default().into()
}

fn announcements() -> Announcements {
    entity::Announcements::default().into()
}

impl From<entity::ServiceLevel> for ServiceLevelTarget {
    fn from(level: entity::ServiceLevel) -> Self {
        let entity::ServiceLevel { target_percent, target_seconds, short_abandon_seconds } = level;
        Self { target_percent, target_seconds, short_abandon_seconds }
    }
}

impl From<ServiceLevelTarget> for entity::ServiceLevel {
    fn from(level: ServiceLevelTarget) -> Self {
        let ServiceLevelTarget { target_percent, target_seconds, short_abandon_seconds } = level;
        Self { target_percent, target_seconds, short_abandon_seconds }
    }
}

impl From<entity::WrapUpRule> for WrapUpRule {
    fn from(entity::WrapUpRule { extension_seconds, extensions }: entity::WrapUpRule) -> Self {
        Self { extension_seconds, extensions }
    }
}

impl From<WrapUpRule> for entity::WrapUpRule {
    fn from(WrapUpRule { extension_seconds, extensions }: WrapUpRule) -> Self {
        Self { extension_seconds, extensions }
    }
}

impl From<entity::Announcements> for Announcements {
    fn from(told: entity::Announcements) -> Self {
        let entity::Announcements { position, expected_wait, interval_seconds } = told;
        Self { position, expected_wait, interval_seconds }
    }
}

impl From<Announcements> for entity::Announcements {
    fn from(told: Announcements) -> Self {
        let Announcements { position, expected_wait, interval_seconds } = told;
        Self { position, expected_wait, interval_seconds }
    }
}

impl From<entity::QueueRules> for QueueRules {
    fn from(rules: entity::QueueRules) -> Self {
        Self {
            hours: rules.hours.filter(|_| rules.schedule_id.is_none()).map(Any),
            schedule_id: rules.schedule_id.map(Into::into),
            skip_when_unstaffed: rules.skip_when_unstaffed,
            max_length: rules.max_length,
            max_wait_seconds: rules.max_wait_seconds,
            ageing_seconds: rules.ageing_seconds,
            ring_all_limit: rules.ring_all_limit,
            last_agent_seconds: rules.last_agent_seconds,
            overflow: rules.overflow.into_iter().map(Into::into).collect(),
            service_level: rules.service_level.into(),
            wrap_up: rules.wrap_up.into(),
            announcements: rules.announcements.into(),
        }
    }
}

impl From<QueueRules> for RulesWish {
    fn from(rules: QueueRules) -> Self {
        Self {
            hours: rules.hours.map(|hours| hours.0),
            schedule: rules.schedule_id.map(Into::into),
            skip_when_unstaffed: rules.skip_when_unstaffed,
            max_length: rules.max_length,
            max_wait_seconds: rules.max_wait_seconds,
            ageing_seconds: rules.ageing_seconds,
            ring_all_limit: rules.ring_all_limit,
            last_agent_seconds: rules.last_agent_seconds,
            overflow: rules.overflow.into_iter().map(Into::into).collect(),
            service_level: rules.service_level.into(),
            wrap_up: rules.wrap_up.into(),
            announcements: rules.announcements.into(),
        }
    }
}

impl From<entity::OverflowStep> for OverflowStep {
    fn from(step: entity::OverflowStep) -> Self {
        let plain = |action| Self {
            after_seconds: step.after_seconds,
            action,
            queue_id: None,
            flow_id: None,
            levels: None,
            mailbox: None,
        };
        match step.action {
            OverflowAction::Queue { queue_id } => {
                Self { queue_id: Some(queue_id.into()), ..plain(OverflowActionName::Queue) }
            }
            OverflowAction::RelaxSkills { levels } => {
                Self { levels, ..plain(OverflowActionName::RelaxSkills) }
            }
            OverflowAction::RingAll => plain(OverflowActionName::RingAll),
            OverflowAction::Flow { flow_id } => {
                Self { flow_id: Some(flow_id.into()), ..plain(OverflowActionName::Flow) }
            }
            OverflowAction::Voicemail { mailbox } => Self { mailbox, ..plain(OverflowActionName::Voicemail) },
            OverflowAction::CallbackOffer { flow_id } => {
                Self { flow_id: Some(flow_id.into()), ..plain(OverflowActionName::CallbackOffer) }
            }
        }
    }
}

impl From<OverflowStep> for StepWish {
    fn from(step: OverflowStep) -> Self {
        Self {
            after_seconds: step.after_seconds,
            action: match step.action {
                OverflowActionName::Queue => StepAction::Queue,
                OverflowActionName::RelaxSkills => StepAction::RelaxSkills,
                OverflowActionName::RingAll => StepAction::RingAll,
                OverflowActionName::Flow => StepAction::Flow,
                OverflowActionName::Voicemail => StepAction::Voicemail,
                OverflowActionName::CallbackOffer => StepAction::CallbackOffer,
            },
            queue: step.queue_id.map(QueueId),
            flow: step.flow_id.map(FlowId),
            levels: step.levels,
            mailbox: step.mailbox,
        }
    }
}
