//! Whether a queue takes a caller now.

use entity::id::{AgentId, QueueId};
use entity::queue;
use ivr_engine::Hours;
use serde_json::json;

use super::CallFile;
use super::rows;
use super::story::EventKind;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, queueing, workforce};

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

    /// For who wanted to bring a caller there.
    pub fn conflict(self, queue: &queue::Model) -> Error {
        let name = &queue.name;
        match self {
            Self::Closed => Error::conflict(Code::QueueClosed, format!("{name} is closed now.")),
            Self::Full => Error::conflict(Code::QueueFull, format!("As many callers wait in {name} as may.")),
            Self::Unstaffed => {
                Error::conflict(Code::QueueUnstaffed, format!("Nobody is ready in {name} now."))
            }
        }
    }
}

/// Why the queue would not take a caller now; `None` when it does. Until the unit ends, no other caller takes the last
/// place.
pub async fn refusal(unit: &Unit, queue: &queue::Model) -> Result<Option<Refusal>> {
    let (scope, tx) = (unit.scope(), unit.tx());
    if hours(queue)?.is_some_and(|hours| !hours.is_open(unit.now())) {
        return Ok(Some(Refusal::Closed));
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

/// When the queue is open; always, without.
pub fn hours(queue: &queue::Model) -> Result<Option<Hours>> {
    let Some(stored) = &queue.rules.hours else { return Ok(None) };
    Hours::parse(stored).map(Some).map_err(|findings| {
        let first = findings.first().map_or_else(String::new, |finding| finding.message.clone());
        Error::internal("read a queue's hours", first)
    })
}

/// For people who bring a caller there.
///
/// # Errors
/// A conflict that says why the queue takes nobody now.
pub async fn must_take(unit: &Unit, queue: &queue::Model) -> Result<()> {
    match refusal(unit, queue).await? {
        Some(refusal) => Err(refusal.conflict(queue)),
        None => Ok(()),
    }
}

/// Whether anybody who serves the queue is ready for calls, in one or not.
async fn is_staffed(unit: &Unit, queue: QueueId) -> Result<bool> {
    let members = workforce::members_of_queue(unit.scope(), unit.tx(), queue).await?;
    let agents = who_is_there(unit, &members).await?;
    Ok(!agents.is_empty())
}

/// Those of the agents who are ready for calls, in one or not.
pub async fn who_is_there(unit: &Unit, agents: &[AgentId]) -> Result<Vec<routing::Agent>> {
    let (timing, now) = (&unit.app().settings.timing, unit.now());
    let mut agents = rows::agents(unit.scope(), unit.tx(), timing, Some(agents), now).await?;
    agents.retain(|agent| agent.is_staffed(now));
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
