//! A call that was handled elsewhere, written down: nobody is called, and nothing follows from it.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, QueueId};
use entity::{CallKind, CallOutcome, CallStatus, CompanyScope, call, noted_call};
use serde_json::json;

use crate::app::App;
use crate::calls::CallFile;
use crate::calls::control::Actor;
use crate::calls::story::EventKind;
use crate::dispositions;
use crate::error::{Error, Result, Subject};
use crate::phone;
use crate::store::idempotency::{self, Claim};
use crate::store::{Unit, calls, contacts, outbound, workforce};

/// Clocks of different machines differ by less.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// What is older is no work of today's.
const OLDEST: TimeDelta = TimeDelta::days(366);

/// A call as somebody tells of it.
#[derive(Clone, Debug)]
pub struct Noted {
    pub kind: CallKind,
    pub from: String,
    pub to: String,
    pub queue: Option<QueueId>,
    pub started_at: DateTime<Utc>,
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
    pub outcome: CallOutcome,
    pub disposition: Option<String>,
    pub notes: Option<String>,
}

/// Writes the call down as one that is over. A request that came before under the same key is answered with the call that
/// it made.
///
/// # Errors
/// 422 for numbers that are none, times out of order or far away, and an outcome that does not fit them.
pub async fn note(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    agent: AgentId,
    told: Noted,
    once: Option<idempotency::Request>,
) -> Result<call::Model> {
    if !actor.whose.includes(agent) {
        return Err(Error::NotFound(Subject::Agent));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let id: CallId = unit.id();
    if let Some(request) = once
        && let Claim::Repeated(first) =
            idempotency::claim(scope, unit.tx(), &request, id.0, unit.now()).await?
    {
        return calls::get(scope, unit.tx(), CallId(first)).await;
    }
    let agent = workforce::agent(scope, unit.tx(), agent).await?;
    let told = check(told, unit.now())?;
    if let Some(queue) = told.queue
        && outbound::queue(scope, unit.tx(), queue).await?.is_none()
    {
        return Err(Error::invalid("/queueId", "is not a queue of the company"));
    }
    let disposition = match &told.disposition {
        Some(chosen) => {
            let chosen = dispositions::choose(&unit, told.queue, chosen, told.notes.as_deref()).await;
            Some(chosen.map_err(|error| error.within("/handledElsewhere"))?)
                .filter(|chosen| !chosen.is_empty())
        }
        None => None,
    };
    let row = call::Model {
        status: CallStatus::Completed,
        outcome: Some(told.outcome),
        last_event_at: told.ended_at,
        queue_id: told.queue,
        agent_id: Some(agent.id),
        disposition,
        notes: told.notes,
        answered_at: told.answered_at,
        ended_at: Some(told.ended_at),
        ..call::Model::begun(id, unit.company(), told.kind, (told.from, told.to), told.started_at)
    };
    unit.scope().insert::<call::Entity, _>(unit.tx(), row.clone()).await?;
    contacts::touch(unit.scope(), unit.tx(), &[&row.from_address, &row.to_address], row.started_at).await?;
    let noted = noted_call::Model {
        call_id: id,
        company_id: unit.company(),
        noted_by: actor.user,
        noted_at: unit.now(),
    };
    unit.scope().insert::<noted_call::Entity, _>(unit.tx(), noted).await?;
    let mut file = CallFile::new(row.clone());
    file.note(&unit, EventKind::Noted, json!({"by": actor.user, "agentId": agent.id, "agent": agent.name}));
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(row)
}

fn check(told: Noted, now: DateTime<Utc>) -> Result<Noted> {
    let wrong = |field: &str, message: &str| Err(Error::invalid(field, message));
    let (Some(from), Some(to)) = (phone::e164(&told.from), phone::e164(&told.to)) else {
        let field = if phone::e164(&told.to).is_none() { "/to" } else { "/from" };
        return wrong(field, "is not a telephone number in E.164, as +12025550123");
    };
    let first = told.answered_at.unwrap_or(told.started_at);
    if told.kind == CallKind::Peer {
        return wrong("/handledElsewhere/direction", "is inbound or outbound");
    }
    if told.ended_at > now + SKEW {
        return wrong("/handledElsewhere/endedAt", "is in the future");
    }
    if told.started_at < now - OLDEST {
        return wrong("/handledElsewhere/startedAt", "is more than a year ago");
    }
    if first < told.started_at {
        return wrong("/handledElsewhere/answeredAt", "is before startedAt");
    }
    if told.ended_at < first {
        return wrong("/handledElsewhere/endedAt", "is before the call began");
    }
    match (told.outcome, told.answered_at) {
        (CallOutcome::Answered, None) => {
            wrong("/handledElsewhere/answeredAt", "is needed: the call was answered")
        }
        (CallOutcome::Answered, Some(_)) => Ok(Noted { from, to, ..told }),
        (
            CallOutcome::Abandoned
            | CallOutcome::Voicemail
            | CallOutcome::NoAnswer
            | CallOutcome::Busy
            | CallOutcome::Error,
            None,
        ) => Ok(Noted { from, to, ..told }),
        (CallOutcome::Callback | CallOutcome::Overflow | CallOutcome::FlowExit, _) => {
            wrong("/handledElsewhere/outcome", "is one that only a call of this server can have")
        }
        (
            CallOutcome::Abandoned
            | CallOutcome::Voicemail
            | CallOutcome::NoAnswer
            | CallOutcome::Busy
            | CallOutcome::Error,
            Some(_),
        ) => wrong("/handledElsewhere/answeredAt", "does not go with an outcome without an answer"),
    }
}
