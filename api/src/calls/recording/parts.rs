//! Which part of a recording is which agent's conversation: one file goes with the caller from agent to agent.
//!
//! A pause is silence in the file, so that times in it are those of the call.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, QueueId, SegmentId};
use entity::{recording, segment};

/// An agent's conversation within a recording, in milliseconds from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    pub segment: SegmentId,
    pub agent: AgentId,
    pub queue: QueueId,
    pub from_ms: i64,
    /// None as long as both go on.
    pub to_ms: Option<i64>,
}

/// The parts of a recording, in the order of the conversations; those of agents who talk with the caller together
/// overlap. Of what was heard between two agents nobody has a part.
pub fn of(recording: &recording::Model, segments: &[segment::Model]) -> Vec<Part> {
    let Some(began) = recording.started_at else { return Vec::new() };
    segments.iter().filter_map(|segment| part(began, recording.ended_at, segment)).collect()
}

fn part(began: DateTime<Utc>, ended: Option<DateTime<Utc>>, segment: &segment::Model) -> Option<Part> {
    let from = segment.connected_at?.max(began);
    let to = match (segment.ended_at, ended) {
        (Some(left), Some(ended)) => Some(left.min(ended)),
        (left, ended) => left.or(ended),
    };
    let after_begin = |at: DateTime<Utc>| (at - began).num_milliseconds();
    to.is_none_or(|to| to > from).then(|| Part {
        segment: segment.id,
        agent: segment.agent_id,
        queue: segment.queue_id,
        from_ms: after_begin(from),
        to_ms: to.map(after_begin),
    })
}
