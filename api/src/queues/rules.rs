//! The rules of a queue as somebody wishes them, checked: every one that is wrong is named.

use entity::id::{FlowId, FlowVersionId, QueueId, ScheduleId};
use entity::{Announcements, OverflowAction, OverflowStep, QueueRules, ServiceLevel, WrapUpRule};
use ivr_engine::Hours;
use serde_json::Value;

use super::field;
use crate::error::{FieldError, Result};
use crate::store::{Unit, flows, queueing, schedules};

/// Steps of one queue.
pub const MOST_STEPS: usize = 10;

/// The rules as they were sent.
#[derive(Clone, Debug, Default)]
pub struct RulesWish {
    pub hours: Option<Value>,
    /// Whose hours these are to be, instead of some of its own.
    pub schedule: Option<ScheduleId>,
    pub skip_when_unstaffed: bool,
    pub max_length: Option<u32>,
    pub max_wait_seconds: Option<u32>,
    pub ageing_seconds: Option<u32>,
    pub ring_all_limit: Option<u16>,
    pub last_agent_seconds: Option<u32>,
    pub overflow: Vec<StepWish>,
    pub service_level: ServiceLevel,
    pub wrap_up: WrapUpRule,
    pub announcements: Announcements,
}

/// An overflow step as it was sent: what it needs depends on what it does.
#[derive(Clone, Debug)]
pub struct StepWish {
    pub after_seconds: u32,
    pub action: StepAction,
    pub queue: Option<QueueId>,
    pub flow: Option<FlowId>,
    pub levels: Option<u8>,
    pub mailbox: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepAction {
    Queue,
    RelaxSkills,
    RingAll,
    Flow,
    Voicemail,
    CallbackOffer,
}

/// The rules of queue `own`, and what is wrong with them.
pub(super) async fn check(
    unit: &Unit,
    own: QueueId,
    wish: RulesWish,
) -> Result<(QueueRules, Vec<FieldError>)> {
    let mut wrong = Vec::new();
    let mut hours = wish.hours;
    if let Some(schedule) = wish.schedule {
        if hours.is_some() {
            wrong.push(field("/rules/hours", "does not go with a schedule, which has hours"));
        }
        match schedules::lock(unit.scope(), unit.tx(), schedule).await? {
            Some(found) => hours = Some(found.hours),
            None => wrong.push(field("/rules/scheduleId", "is no schedule of the company")),
        }
    } else if let Some(hours) = &hours
        && let Err(findings) = Hours::parse(hours)
    {
        wrong.extend(findings.into_iter().map(|finding| {
            field(&format!("/rules/hours{}", finding.field.unwrap_or_default()), &finding.message)
        }));
    }
    if wish.overflow.len() > MOST_STEPS {
        wrong.push(field("/rules/overflow", &format!("must have at most {MOST_STEPS} items")));
    }
    let mut overflow = Vec::new();
    let mut last = None;
    for (index, step) in wish.overflow.into_iter().take(MOST_STEPS).enumerate() {
        let at = format!("/rules/overflow/{index}");
        if last.is_some_and(|last| step.after_seconds <= last) {
            wrong.push(field(&format!("{at}/afterSeconds"), "must be more than that of the step before"));
        }
        last = Some(step.after_seconds);
        let after_seconds = step.after_seconds;
        match action(unit, own, step, &at).await? {
            Ok(action) => overflow.push(OverflowStep { after_seconds, action }),
            Err(found) => wrong.extend(found),
        }
    }
    let rules = QueueRules {
        hours,
        schedule_id: wish.schedule,
        skip_when_unstaffed: wish.skip_when_unstaffed,
        max_length: wish.max_length,
        max_wait_seconds: wish.max_wait_seconds,
        ageing_seconds: wish.ageing_seconds,
        ring_all_limit: wish.ring_all_limit,
        last_agent_seconds: wish.last_agent_seconds,
        overflow,
        service_level: wish.service_level,
        wrap_up: wish.wrap_up,
        announcements: wish.announcements,
    };
    Ok((rules, wrong))
}

type Checked = std::result::Result<OverflowAction, Vec<FieldError>>;

async fn action(unit: &Unit, own: QueueId, step: StepWish, at: &str) -> Result<Checked> {
    let wrong = too_much(&step, at);
    if !wrong.is_empty() {
        return Ok(Err(wrong));
    }
    Ok(match step.action {
        StepAction::RingAll => Ok(OverflowAction::RingAll),
        StepAction::RelaxSkills => Ok(OverflowAction::RelaxSkills { levels: step.levels }),
        StepAction::Voicemail => Ok(OverflowAction::Voicemail { mailbox: step.mailbox }),
        StepAction::Queue => queue(unit, own, step.queue, at).await?,
        StepAction::Flow => {
            flow(unit, step.flow, at).await?.map(|(flow_id, _)| OverflowAction::Flow { flow_id })
        }
        StepAction::CallbackOffer => match flow(unit, step.flow, at).await? {
            Ok((flow_id, version)) if offers_callback(unit, version).await? => {
                Ok(OverflowAction::CallbackOffer { flow_id })
            }
            Ok(_) => {
                Err(vec![field(&format!("{at}/flowId"), "is a flow without a node that offers a callback")])
            }
            Err(found) => Err(found),
        },
    })
}

/// What belongs to another kind of step: left in, it would be forgotten without a word.
fn too_much(step: &StepWish, at: &str) -> Vec<FieldError> {
    let (queue, flow, levels, mailbox) = match step.action {
        StepAction::Queue => (true, false, false, false),
        StepAction::Flow | StepAction::CallbackOffer => (false, true, false, false),
        StepAction::RelaxSkills => (false, false, true, false),
        StepAction::Voicemail => (false, false, false, true),
        StepAction::RingAll => (false, false, false, false),
    };
    let given = [
        ("queueId", step.queue.is_some(), queue),
        ("flowId", step.flow.is_some(), flow),
        ("levels", step.levels.is_some(), levels),
        ("mailbox", step.mailbox.is_some(), mailbox),
    ];
    given
        .into_iter()
        .filter(|(_, given, wanted)| *given && !wanted)
        .map(|(name, ..)| field(&format!("{at}/{name}"), "does not belong to this action"))
        .collect()
}

async fn queue(unit: &Unit, own: QueueId, id: Option<QueueId>, at: &str) -> Result<Checked> {
    let at = format!("{at}/queueId");
    let Some(queue_id) = id else { return Ok(Err(vec![field(&at, "is required for this action")])) };
    if queue_id == own {
        return Ok(Err(vec![field(&at, "must be another queue")]));
    }
    let found = queueing::queue_in_use(unit.scope(), unit.tx(), queue_id).await?;
    Ok(match found {
        Some(_) => Ok(OverflowAction::Queue { queue_id }),
        None => Err(vec![field(&at, "is no queue of the company")]),
    })
}

async fn flow(
    unit: &Unit,
    id: Option<FlowId>,
    at: &str,
) -> Result<std::result::Result<(FlowId, FlowVersionId), Vec<FieldError>>> {
    let at = format!("{at}/flowId");
    let Some(id) = id else { return Ok(Err(vec![field(&at, "is required for this action")])) };
    let found = flows::by_id(unit.scope(), unit.tx(), id).await?;
    Ok(match found {
        None => Err(vec![field(&at, "is no flow of the company")]),
        Some(flow) => match flow.published_version_id {
            Some(version) => Ok((id, version)),
            None => Err(vec![field(&at, "is a flow that was never published")]),
        },
    })
}

/// Whether callers of this version can be asked whether they want to be called back.
async fn offers_callback(unit: &Unit, version: FlowVersionId) -> Result<bool> {
    let found = flows::version_by_id(unit.scope(), unit.tx(), version).await?;
    let document = found.map(|version| version.document).unwrap_or_default();
    let nodes = document["nodes"].as_object();
    Ok(nodes.into_iter().flatten().any(|(_, node)| node["type"] == "callback"))
}
