//! How a queue stands, for a flow that goes by it.

use std::time::Duration;

use ivr_engine::QueueFigures;
use serde_json::json;

use super::CallFile;
use super::story::EventKind;
use crate::error::Result;
use crate::store::{Unit, queueing};

/// The figures of the queue of this id or name; none of them for a queue that does not exist, and those without data are
/// absent: the wait of the first in a line that is empty, and the expected wait before any call was handled.
pub async fn of_queue(unit: &Unit, file: &mut CallFile, name: &str) -> Result<QueueFigures> {
    let Some(queue) = queueing::queue_by_name(unit.scope(), unit.tx(), name).await? else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownQueue", "queue": name}));
        return Ok(QueueFigures::default());
    };
    let (queue, now) = (routing::QueueId(queue.id.0), unit.now());
    let question =
        |index: &routing::Index| (index.queue_figures(queue, now), index.expected_wait_of_next(queue, now));
    let (figures, expected) = unit.app().desks.ask_within(unit, question).await?;
    Ok(QueueFigures {
        waiting: Some(count(figures.waiting)),
        longest_wait_seconds: figures.longest_wait.map(seconds),
        available: Some(count(figures.available)),
        staffed: Some(count(figures.staffed)),
        expected_wait_seconds: expected.map(seconds),
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX)
}
