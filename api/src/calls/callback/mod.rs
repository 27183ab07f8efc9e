//! Who is called back (decision 28).
//!
//! A callback is a row that is open until he was reached, or why not stands in it. It owns his place: since when he
//! waits. When it is due, a try is made of it: a call of its own, which stands in the queue's line at that place with
//! nobody on the line. Routing offers it to an agent like any other, and only when he is in the room is the customer
//! called into it ([`super::outbound`]). Nobody reached: the agent is free at once, and after a while there is another
//! try, up to a limit.
//!
//! [`bring_up`] alone brings a try into the line and takes it out; it may run at any time and any number of times.

mod book;
mod opening;
mod people;
mod request;
mod tries;

pub use book::{book, take_up};
pub use people::{Shown, assign, cancel, done, get, list, reschedule};
pub use request::{Wanted, Whom, request};
pub use tries::{bring_up, goes_back_in_line, is_rung, not_reached, reached};

use chrono::{DateTime, Utc};
use entity::id::CallbackId;
use entity::{CallbackState, JobKind, WebhookEventKind, callback};
use serde_json::{Value, json};

use crate::error::Result;
use crate::store::{Audience, Unit, callbacks, jobs};

/// It is brought up to date at this time, and not at another one that was meant before.
async fn look_again(unit: &mut Unit, id: CallbackId, at: DateTime<Utc>) -> Result<()> {
    jobs::cancel(unit, JobKind::BringUpCallback, id).await?;
    unit.job(JobKind::BringUpCallback, id, json!({}), at);
    Ok(())
}

/// Writes the callback, and tells who watches.
async fn save(unit: &mut Unit, row: callback::Model) -> Result<()> {
    unit.tell(&[Audience::Supervisors, Audience::Queue(row.queue_id)], "callback:update", summary(&row));
    Ok(callbacks::save(unit.scope(), unit.tx(), row).await?)
}

/// It is over; nothing is left to do at a later time. One that is settled stays as it is.
async fn settle(
    unit: &mut Unit,
    mut row: callback::Model,
    to: CallbackState,
    reason: Option<&str>,
) -> Result<()> {
    let Some(state) = row.state.settle(to) else { return Ok(()) };
    row.state = state;
    row.reason = reason.map(str::to_owned);
    row.settled_at = Some(unit.now());
    jobs::cancel(unit, JobKind::BringUpCallback, row.id).await?;
    tell_outside(unit, WebhookEventKind::CallbackDone, &row);
    save(unit, row).await
}

/// What others are told of it.
fn tell_outside(unit: &mut Unit, kind: WebhookEventKind, row: &callback::Model) {
    let mut told = summary(row);
    told["wantedAt"] = json!(row.wanted_at);
    let at = unit.now();
    unit.fact(kind, at, told);
}

/// What people are told of it.
fn summary(row: &callback::Model) -> Value {
    json!({
        "callbackId": row.id,
        "queueId": row.queue_id,
        "number": row.number,
        "state": row.state,
        "waitingSince": row.waiting_since,
        "dueAt": row.due_at,
        "attempts": row.attempts,
        "agentId": row.agent_id,
        "callId": row.call_id,
        "reason": row.reason,
    })
}
