//! What people do with those who are to be called back.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallbackId, QueueId, UserId};
use entity::{CallbackState, CompanyScope, callback};
use serde_json::{Value, json};

use super::book::FURTHEST;
use super::opening::{Opening, opening};
use super::tries::keeping;
use super::{look_again, save, settle};
use crate::app::App;
use crate::authz::Whose;
use crate::calls::control::Actor;
use crate::calls::{CallFile, visit};
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::notices::{self, Notice};
use crate::slice::{Slice, read_cursor};
use crate::store::{Unit, callbacks, queueing, workforce};

/// Which ones a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    pub state: Option<CallbackState>,
    pub queue: Option<QueueId>,
}

/// The newest first. An agent sees those that are assigned to him, and those of his queues that are assigned to nobody.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    shown: Shown,
    cursor: Option<String>,
    limit: u64,
) -> Result<Slice<callback::Model>> {
    let of_agent = match whose {
        Whose::Everybodys => None,
        Whose::Agents(agent) => Some(agent),
        Whose::Nobodys => return Ok(Slice::empty()),
    };
    let before = read_cursor(cursor.as_deref())?;
    let filter = callbacks::Filter { state: shown.state, queue: shown.queue, of_agent, before };
    let rows = callbacks::list(scope, app.db.reader(), &filter, limit + 1).await?;
    Ok(Slice::of(rows, limit, |last| last.id))
}

pub async fn get(app: &App, scope: CompanyScope, whose: Whose, id: CallbackId) -> Result<callback::Model> {
    let row = callbacks::get(scope, app.db.reader(), id).await?;
    let row = row.ok_or(Error::NotFound(Subject::Callback))?;
    let concerns = match whose {
        Whose::Everybodys => true,
        Whose::Agents(agent) => callbacks::concerns(scope, app.db.reader(), agent, id).await?,
        Whose::Nobodys => false,
    };
    if concerns { Ok(row) } else { Err(Error::NotFound(Subject::Callback)) }
}

/// Nobody is called any more. Whose phone rings at this moment is let go.
///
/// # Errors
/// `CALLBACK_SETTLED` when it is over already.
pub async fn cancel(app: &App, scope: CompanyScope, actor: Actor, id: CallbackId) -> Result<callback::Model> {
    end(app, scope, actor, id, CallbackState::Cancelled).await
}

/// Somebody has settled it otherwise: nobody is called any more.
///
/// # Errors
/// `CALLBACK_SETTLED` when it is over already.
pub async fn done(app: &App, scope: CompanyScope, actor: Actor, id: CallbackId) -> Result<callback::Model> {
    end(app, scope, actor, id, CallbackState::Done).await
}

async fn end(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    id: CallbackId,
    to: CallbackState,
) -> Result<callback::Model> {
    get(app, scope, actor.whose, id).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let row = open(&unit, id).await?;
    let under_way = row.call_id.is_some();
    settle(&mut unit, row, to, None).await?;
    if under_way {
        let now = unit.now();
        look_again(&mut unit, id, now).await?;
    }
    let action = if to == CallbackState::Done { "callbacks:done" } else { "callbacks:cancel" };
    finish(unit, actor.user, action, id, json!({})).await
}

/// He is called at another time, at his turn when none is named. Then he is as old as that time; else he keeps his place.
///
/// # Errors
/// 422 for a time that is over or too far away; `CALLBACK_SETTLED`, `CALLBACK_UNDER_WAY` when an agent has him already,
/// `QUEUE_CLOSED` when nobody may be called then.
pub async fn reschedule(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    id: CallbackId,
    at: Option<DateTime<Utc>>,
) -> Result<callback::Model> {
    get(app, scope, actor.whose, id).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let (_file, mut row) = open_with_try(&unit, id).await?;
    let now = unit.now();
    if let Some(at) = at {
        if at <= now || at > now + FURTHEST {
            return Err(Error::invalid("/at", "must be in the future, and within 60 days"));
        }
        let queue = queueing::queue(scope, unit.tx(), row.queue_id).await?;
        match opening(&unit, &queue, at).await? {
            Opening::Open { .. } => {}
            Opening::Later(_) | Opening::Never => {
                return Err(Error::conflict(Code::QueueClosed, format!("{} is closed then.", queue.name)));
            }
        }
        row.waiting_since = at;
    } else {
        row.waiting_since = row.waiting_since.min(now);
    }
    (row.wanted_at, row.due_at) = (at, at.unwrap_or(now));
    look_again(&mut unit, id, now).await?;
    save(&mut unit, row).await?;
    finish(unit, actor.user, "callbacks:reschedule", id, json!({"at": at})).await
}

/// He is kept for this agent at first, from now on or from when he is due; for nobody when none is named. An agent may
/// take one upon himself, or give it back.
///
/// # Errors
/// 422 for an agent who does not serve the queue; `CALLBACK_SETTLED`, `CALLBACK_UNDER_WAY` when an agent has him already.
pub async fn assign(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    id: CallbackId,
    agent: Option<AgentId>,
) -> Result<callback::Model> {
    get(app, scope, actor.whose, id).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let (file, mut row) = open_with_try(&unit, id).await?;
    if let Some(agent) = agent {
        let members = workforce::members_of_queue(scope, unit.tx(), row.queue_id).await?;
        if !members.contains(&agent) || !actor.whose.includes(agent) {
            return Err(Error::invalid("/agentId", "is not an agent of the queue to whom you may assign it"));
        }
    }
    if let Some(agent) = agent.filter(|_| row.agent_id != agent) {
        let notice = Notice::callback(id, &row.number, unit.now());
        notices::to_other_agent(&mut unit, agent, actor.user, notice).await?;
    }
    row.agent_id = agent;
    if let Some(mut file) = file {
        visit::keep_for(&mut unit, &mut file, keeping(&row)).await?;
        file.save(&mut unit).await?;
    }
    save(&mut unit, row).await?;
    finish(unit, actor.user, "callbacks:assign", id, json!({"agentId": agent})).await
}

/// An open callback, locked.
async fn open(unit: &Unit, id: CallbackId) -> Result<callback::Model> {
    let row = callbacks::lock(unit.scope(), unit.tx(), id).await?;
    let row = row.ok_or(Error::NotFound(Subject::Callback))?;
    match row.state {
        CallbackState::Open => Ok(row),
        CallbackState::Answered
        | CallbackState::Failed
        | CallbackState::Cancelled
        | CallbackState::CalledIn
        | CallbackState::Done => {
            let message = format!("This callback is settled already: {}.", row.state.as_str());
            Err(Error::conflict(Code::CallbackSettled, message))
        }
    }
}

/// [`open`] with its try, if one waits in the line, locked first.
async fn open_with_try(unit: &Unit, id: CallbackId) -> Result<(Option<CallFile>, callback::Model)> {
    let seen = callbacks::get(unit.scope(), unit.tx(), id).await?;
    let seen = seen.ok_or(Error::NotFound(Subject::Callback))?;
    let under_way = || Error::conflict(Code::CallbackUnderWay, "An agent is just calling him back.");
    let file = match seen.call_id {
        Some(call) => Some(CallFile::open(unit, call).await?),
        None => None,
    };
    let row = open(unit, id).await?;
    if row.call_id.is_none() {
        // Its try has been given up meanwhile.
        return Ok((None, row));
    }
    if row.call_id != seen.call_id {
        return Err(under_way());
    }
    if let Some(file) = &file
        && queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?.is_some()
    {
        return Err(under_way());
    }
    Ok((file, row))
}

/// Notes who did what, and commits.
pub(super) async fn finish(
    unit: Unit,
    by: UserId,
    action: &str,
    id: CallbackId,
    mut detail: Value,
) -> Result<callback::Model> {
    detail["callbackId"] = json!(id);
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, detail).await?;
    let row = callbacks::get(unit.scope(), unit.tx(), id).await?;
    unit.commit().await?;
    row.ok_or(Error::NotFound(Subject::Callback))
}
