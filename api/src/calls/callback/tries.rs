//! The tries of a callback: each a call that goes out, and waits in the line until an agent has it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, CallbackId};
use entity::{
    CallKind, CallStatus, CallbackState, EntryOutcome, EntryPurpose, JobKind, SegmentState, callback, leg,
    phone_number, queue, segment,
};
use serde_json::json;

use super::opening::{Opening, opening};
use super::{look_again, save, settle};
use crate::calls::outbound::{self, NewCall, Unreached};
use crate::calls::rows::NeededSkill;
use crate::calls::story::EventKind;
use crate::calls::visit::{self, For, Keeping, Preference, PreferredAgent, Visit};
use crate::calls::{CallFile, sweep};
use crate::error::{Error, Result};
use crate::store::{self, Audience, Unit, callbacks, calls, queueing};

/// He is on the line himself: so long until it is looked again whether he still is.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(3);
/// How long somebody is kept for the agent to whom he is assigned.
const KEPT_SECONDS: u32 = 900;

/// Brings a callback up to date: into the line when it is due, out of it when it is not, or not any more.
pub async fn bring_up(unit: &mut Unit, id: CallbackId) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    let Some(seen) = callbacks::get(scope, unit.tx(), id).await? else { return Ok(()) };
    let file = match seen.call_id {
        Some(call) => Some(CallFile::open(unit, call).await?),
        None => None,
    };
    let Some(row) = callbacks::lock(scope, unit.tx(), id).await? else { return Ok(()) };
    if row.call_id != seen.call_id {
        return look_again(unit, id, now).await;
    }
    match file {
        Some(file) => look_after(unit, file, row).await,
        None if row.state == CallbackState::Open => begin_if_due(unit, row).await,
        None => Ok(()),
    }
}

/// Whether he may be in the line now.
enum Due {
    /// Until then, if that is known.
    Now {
        until: Option<DateTime<Utc>>,
    },
    /// Not before this.
    Later(DateTime<Utc>),
    /// He is on the line himself.
    OnTheLine,
    Never(&'static str),
}

async fn due(unit: &Unit, row: &callback::Model, queue: Option<&queue::Model>) -> Result<Due> {
    let now = unit.now();
    if let Some(last) = row.last_call_id
        && calls::get(unit.scope(), unit.tx(), last).await?.ended_at.is_none()
    {
        return Ok(Due::OnTheLine);
    }
    if row.due_at > now {
        return Ok(Due::Later(row.due_at));
    }
    let Some(queue) = queue else { return Ok(Due::Never("queue_gone")) };
    Ok(match opening(unit, queue, now).await? {
        Opening::Open { until } => Due::Now { until },
        Opening::Later(at) => Due::Later(at),
        Opening::Never => Due::Never("closed"),
    })
}

/// There is a try. As long as no agent has it, it can be taken back.
async fn look_after(unit: &mut Unit, mut file: CallFile, mut row: callback::Model) -> Result<()> {
    let (scope, id, open) = (unit.scope(), row.id, row.state == CallbackState::Open);
    if file.row.answered_at.is_some() || file.caller_has_left() {
        return Ok(());
    }
    if !open {
        outbound::call_off(unit, &mut file, Unreached::TakenBack).await?;
        return file.save(unit).await;
    }
    if queueing::live_segment(scope, unit.tx(), file.id()).await?.is_some() {
        // What becomes of it looks after the rest.
        return Ok(());
    }
    let queue = queueing::queue_in_use(scope, unit.tx(), row.queue_id).await?;
    let next = match due(unit, &row, queue.as_ref()).await? {
        Due::Now { until: None } => return Ok(()),
        Due::Now { until: Some(until) } => return look_again(unit, id, until).await,
        Due::Later(at) => {
            row.due_at = row.due_at.max(at);
            at
        }
        Due::OnTheLine => unit.now() + LOOK_AGAIN,
        Due::Never(_) => unit.now(),
    };
    row.call_id = None;
    save(unit, row).await?;
    outbound::call_off(unit, &mut file, Unreached::TakenBack).await?;
    file.save(unit).await?;
    look_again(unit, id, next).await
}

async fn begin_if_due(unit: &mut Unit, mut row: callback::Model) -> Result<()> {
    let (scope, id) = (unit.scope(), row.id);
    let queue = queueing::queue_in_use(scope, unit.tx(), row.queue_id).await?;
    let until = match due(unit, &row, queue.as_ref()).await? {
        Due::OnTheLine => {
            let later = unit.now() + LOOK_AGAIN;
            return look_again(unit, id, later).await;
        }
        Due::Later(at) => {
            if row.due_at < at {
                row.due_at = at;
                save(unit, row).await?;
            }
            return look_again(unit, id, at).await;
        }
        Due::Never(reason) => return settle(unit, row, CallbackState::Failed, Some(reason)).await,
        Due::Now { until } => until,
    };
    if let Some(last) = row.last_call_id
        && callbacks::has_talked(scope, unit.tx(), last, row.last_call_at).await?
    {
        return settle(unit, row, CallbackState::CalledIn, None).await;
    }
    let Some(queue) = queue else { return Ok(()) };
    let name = match outbound::may_be_called(unit, &row.number).await {
        Ok(name) => name,
        Err(Error::Invalid { code, .. }) => {
            let reason = code.as_str().to_ascii_lowercase();
            return settle(unit, row, CallbackState::Failed, Some(&reason)).await;
        }
        Err(other) => return Err(other),
    };
    let Some(line) = line(unit, &row).await? else {
        return settle(unit, row, CallbackState::Failed, Some("no_number")).await;
    };
    let call = begin(unit, &row, &queue, &line, name).await?;
    row.call_id = Some(call);
    save(unit, row).await?;
    match until {
        Some(until) => look_again(unit, id, until).await,
        None => Ok(()),
    }
}

/// The number that he called, or another one of the company when that one is no longer hers.
async fn line(unit: &Unit, row: &callback::Model) -> Result<Option<phone_number::Model>> {
    let numbers = store::outbound::numbers(unit.scope(), unit.tx()).await?;
    let same = numbers.iter().find(|number| number.number == row.our_number);
    Ok(same.or(numbers.first()).cloned())
}

/// The try comes into the line, where he has always been.
async fn begin(
    unit: &mut Unit,
    row: &callback::Model,
    queue: &queue::Model,
    line: &phone_number::Model,
    name: Option<String>,
) -> Result<CallId> {
    let id: CallId = unit.id();
    let new = NewCall { line, to: &row.number, name, status: CallStatus::Queued };
    let mut file = new.open(unit, id).await?;
    let customer = outbound::customer_leg(unit, id, &row.number);
    unit.scope().insert::<leg::Entity, _>(unit.tx(), customer).await?;
    file.note(
        unit,
        EventKind::CallbackDue,
        json!({"callbackId": row.id, "number": row.number, "attempt": row.attempts + 1, "of": row.max_attempts}),
    );
    let skills: Vec<NeededSkill> = serde_json::from_value(row.skills.clone()).unwrap_or_default();
    let visit = Visit {
        priority: row.priority,
        skills,
        waiting_since: row.waiting_since.min(unit.now()),
        flow_wait_until: None,
        wanted: For::Callback,
        keeping: keeping(row),
        came_through: Vec::new(),
    };
    visit::begin(unit, &mut file, queue, visit).await?;
    unit.tell(&[Audience::Supervisors], "call:update", file.summary());
    let check = unit.now() + unit.app().settings.timing.check_call;
    unit.job(JobKind::CheckCall, id, json!({}), check);
    sweep::watch(unit).await?;
    file.save(unit).await?;
    Ok(id)
}

/// For whom he is kept at first: for the agent to whom he is assigned, else for whom the queue's rules say.
pub fn keeping(row: &callback::Model) -> Keeping {
    row.agent_id.map_or(Keeping::ByRule, |agent| {
        Keeping::For(Preference { agent: PreferredAgent::Named(agent.to_string()), seconds: KEPT_SECONDS })
    })
}

/// Whether a callback waits on at its place though this agent's phone did not come: nobody was called for him yet.
pub async fn goes_back_in_line(unit: &Unit, file: &CallFile, segment: &segment::Model) -> Result<bool> {
    if file.row.kind != CallKind::Outbound || segment.state != SegmentState::Reserved {
        return Ok(false);
    }
    let open = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await?;
    Ok(open
        .is_some_and(|entry| entry.id == segment.queue_entry_id && entry.purpose == EntryPurpose::Callback))
}

/// The customer's phone is about to be called. Nothing to do for a call that no callback is behind.
pub async fn is_rung(unit: &mut Unit, file: &CallFile) -> Result<()> {
    let Some(mut row) = callbacks::of_try(unit.scope(), unit.tx(), file.id()).await? else { return Ok(()) };
    row.attempts += 1;
    save(unit, row).await
}

/// He is on the line with an agent.
pub async fn reached(unit: &mut Unit, file: &CallFile) -> Result<()> {
    if file.row.kind != CallKind::Outbound {
        return Ok(());
    }
    match callbacks::of_try(unit.scope(), unit.tx(), file.id()).await? {
        Some(row) => settle(unit, row, CallbackState::Answered, None).await,
        None => Ok(()),
    }
}

/// The try is over, and nobody has talked: he is called again after a while, and at once when it was not for him that
/// nothing came of it; unless he was rung as often as it is tried.
pub async fn not_reached(unit: &mut Unit, file: &mut CallFile, why: Unreached) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    if let Some(entry) = queueing::open_entry(scope, unit.tx(), file.id()).await? {
        let outcome = match why {
            Unreached::TakenBack => EntryOutcome::Withdrawn,
            Unreached::Busy
            | Unreached::NoAnswer
            | Unreached::Failed
            | Unreached::AgentHungUp
            | Unreached::AgentNotReached => EntryOutcome::Unreached,
        };
        crate::calls::leave::take_out_of_queue(unit, file, entry.id, outcome, json!({})).await?;
    }
    let Some(mut row) = callbacks::of_try(scope, unit.tx(), file.id()).await? else { return Ok(()) };
    row.call_id = None;
    if row.state != CallbackState::Open {
        return save(unit, row).await;
    }
    if row.attempts >= row.max_attempts {
        return settle(unit, row, CallbackState::Failed, Some("not_reached")).await;
    }
    row.due_at = match why {
        Unreached::Busy | Unreached::NoAnswer | Unreached::Failed => {
            now + TimeDelta::minutes(i64::from(row.retry_minutes))
        }
        Unreached::AgentHungUp | Unreached::AgentNotReached | Unreached::TakenBack => now,
    };
    let (id, at) = (row.id, row.due_at);
    save(unit, row).await?;
    look_again(unit, id, at).await
}
