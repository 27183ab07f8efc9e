//! A caller asks to be called back, or calls himself while he is to be called.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::CallbackId;
use entity::{
    CallOutcome, CallStatus, CallbackState, EntryOutcome, EntryPurpose, Inserted, WebhookEventKind, callback,
    queue, queue_entry,
};
use ivr_engine::{Booking, Callback as Wish, CallbackTime};
use serde_json::json;

use super::opening::{Opening, opening};
use super::{look_again, save, tell_outside};
use crate::calls::rows::NeededSkill;
use crate::calls::story::EventKind;
use crate::calls::{CallFile, enqueue, leave, outbound};
use crate::error::{Code, Error, Result};
use crate::store::{Unit, callbacks, queueing};

/// Nobody is promised a call later than this.
pub const FURTHEST: TimeDelta = TimeDelta::days(60);

/// What the caller of this call wants is written down, and his call is not a lost one. Who asks twice in one queue has one
/// callback, at his oldest place, with what he asked for last.
pub async fn book(unit: &mut Unit, file: &mut CallFile, wish: &Wish) -> Result<Booking> {
    let (scope, now) = (unit.scope(), unit.now());
    let Some(queue) = queueing::queue_by_name(scope, unit.tx(), &wish.queue).await? else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownQueue", "queue": wish.queue}));
        return Ok(Booking::Failed);
    };
    let Some(skills) = enqueue::skills(unit, &wish.skills).await? else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownSkill", "skills": wish.skills}));
        return Ok(Booking::Failed);
    };
    let wanted_at = match wish.when {
        CallbackTime::InQueue => None,
        CallbackTime::At(at) => Some(at),
    };
    if queueing::live_segment(scope, unit.tx(), file.id()).await?.is_some() {
        let told = json!({"queueId": queue.id, "number": wish.number, "reason": "agent_is_there"});
        file.note(unit, EventKind::CallbackRefused, told);
        return Ok(Booking::Failed);
    }
    if let Some(refusal) = refusal(unit, &queue, &wish.number, wanted_at.unwrap_or(now)).await? {
        let told = json!({"queueId": queue.id, "number": wish.number, "reason": refusal.reason()});
        file.note(unit, EventKind::CallbackRefused, told);
        return Ok(refusal.booking());
    }
    let visit = visit_behind(unit, file).await?;
    let since = visit.as_ref().map_or(now, |visit| visit.waiting_since);
    let new = row(unit, file, &queue, wish, skills, (wanted_at, since));
    let (mut row, joined) = write(unit, new.clone()).await?;
    if joined {
        row.waiting_since = wanted_at.unwrap_or(row.waiting_since.min(since));
        (row.wanted_at, row.due_at, row.attempts) = (wanted_at, new.due_at, 0);
        (row.last_call_id, row.last_call_at) = (Some(file.id()), now);
    }
    if let Some(visit) = visit {
        leave_for_it(unit, file, &visit).await?;
    }
    if file.row.answered_at.is_none() {
        file.row.outcome.get_or_insert(CallOutcome::Callback);
    }
    file.note(
        unit,
        EventKind::CallbackBooked,
        json!({"callbackId": row.id, "queueId": queue.id, "queue": queue.name, "number": row.number,
            "waitingSince": row.waiting_since, "wantedAt": row.wanted_at, "joined": joined}),
    );
    look_again(unit, row.id, now).await?;
    tell_outside(unit, WebhookEventKind::CallbackRequested, &row);
    save(unit, row).await?;
    Ok(Booking::Accepted)
}

/// His visit ends with it: the one that goes on, in which he was asked while he waited, or the one out of which a rule has
/// sent him.
async fn leave_for_it(unit: &mut Unit, file: &mut CallFile, visit: &queue_entry::Model) -> Result<()> {
    match visit.outcome {
        None => {
            leave::take_out_of_queue(unit, file, visit.id, EntryOutcome::Callback, json!({})).await?;
            file.row.status = CallStatus::InIvr;
            file.row.agent_id = None;
            Ok(())
        }
        Some(outcome) => match outcome.called_back() {
            Some(refined) => queueing::set_outcome(unit.scope(), unit.tx(), visit.id, refined).await,
            None => Ok(()),
        },
    }
}

/// The visit after which he asks, which gives him his age: nobody has talked with him since.
async fn visit_behind(unit: &Unit, file: &CallFile) -> Result<Option<queue_entry::Model>> {
    if file.row.answered_at.is_some() {
        return Ok(None);
    }
    let last = queueing::last_visit(unit.scope(), unit.tx(), file.id()).await?;
    Ok(last.filter(|visit| visit.purpose == EntryPurpose::Caller))
}

fn row(
    unit: &Unit,
    file: &CallFile,
    queue: &queue::Model,
    wish: &Wish,
    skills: Vec<NeededSkill>,
    (wanted_at, since): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> callback::Model {
    let now = unit.now();
    callback::Model {
        id: unit.id::<CallbackId>(),
        company_id: unit.company(),
        queue_id: queue.id,
        number: wish.number.clone(),
        our_number: file.row.our_address().to_owned(),
        state: CallbackState::Open,
        waiting_since: wanted_at.unwrap_or(since),
        wanted_at,
        due_at: wanted_at.unwrap_or(now),
        priority: i32::from(wish.priority),
        skills: serde_json::to_value(skills).unwrap_or_default(),
        max_attempts: i32::try_from(wish.attempts).unwrap_or(i32::MAX),
        retry_minutes: i32::try_from(wish.retry_minutes).unwrap_or(i32::MAX),
        attempts: 0,
        agent_id: None,
        last_call_id: Some(file.id()),
        last_call_at: now,
        call_id: None,
        reason: None,
        created_at: now,
        settled_at: None,
    }
}

/// The new row, or the open one of the same number, locked; and whether it was there before.
pub(super) async fn write(unit: &Unit, new: callback::Model) -> Result<(callback::Model, bool)> {
    let (scope, tx) = (unit.scope(), unit.tx());
    if let Some(open) = callbacks::open_for(scope, tx, new.queue_id, &new.number).await? {
        return Ok((open, true));
    }
    match callbacks::insert(scope, tx, new.clone()).await? {
        Inserted::Yes => Ok((new, false)),
        Inserted::Conflicted => {
            let open = callbacks::open_for(scope, tx, new.queue_id, &new.number).await?;
            let gone = || Error::internal("book a callback", "its row was settled in this moment");
            open.map(|open| (open, true)).ok_or_else(gone)
        }
    }
}

/// Why nobody is called.
enum Refusal {
    Closed,
    TooFar,
    Number(Code),
}

impl Refusal {
    /// As it stands in the story.
    fn reason(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::TooFar => "too_far",
            Self::Number(code) => code.as_str(),
        }
    }

    fn booking(&self) -> Booking {
        match self {
            Self::Closed => Booking::Closed,
            Self::TooFar | Self::Number(_) => Booking::Failed,
        }
    }
}

async fn refusal(
    unit: &Unit,
    queue: &queue::Model,
    number: &str,
    at: DateTime<Utc>,
) -> Result<Option<Refusal>> {
    if at > unit.now() + FURTHEST {
        return Ok(Some(Refusal::TooFar));
    }
    match outbound::may_be_called(unit, number).await {
        Ok(_) => {}
        Err(Error::Invalid { code, .. }) => return Ok(Some(Refusal::Number(code))),
        Err(other) => return Err(other),
    }
    Ok(match opening(unit, queue, at).await? {
        Opening::Open { .. } => None,
        Opening::Later(_) | Opening::Never => Some(Refusal::Closed),
    })
}

/// Somebody comes into a queue that is to call him back: he gets the place that he has kept, and nobody calls him while
/// he is on the line. Since when he waits; `None` for everybody else, and before the time that he asked for.
pub async fn take_up(
    unit: &mut Unit,
    file: &mut CallFile,
    queue: &queue::Model,
) -> Result<Option<DateTime<Utc>>> {
    let number = file.row.their_address().to_owned();
    if !number.starts_with('+') {
        return Ok(None);
    }
    let open = callbacks::open_for(unit.scope(), unit.tx(), queue.id, &number).await?;
    let Some(mut row) = open.filter(|row| row.waiting_since <= unit.now()) else { return Ok(None) };
    let since = row.waiting_since;
    (row.last_call_id, row.last_call_at) = (Some(file.id()), unit.now());
    file.note(unit, EventKind::CallbackTakenUp, json!({"callbackId": row.id, "waitingSince": since}));
    let now = unit.now();
    look_again(unit, row.id, now).await?;
    save(unit, row).await?;
    Ok(Some(since))
}
