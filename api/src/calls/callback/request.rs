//! Staff want somebody called back, who need not have called.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, ContactId, QueueId};
use entity::{CallbackState, CompanyScope, callback};
use serde_json::json;

use super::book::{FURTHEST, write};
use super::opening::{Opening, opening};
use super::people::finish;
use super::{look_again, save};
use crate::app::App;
use crate::authz::Whose;
use crate::calls::control::Actor;
use crate::calls::outbound;
use crate::error::{Code, Error, Result, Subject};
use crate::notices::{self, Notice};
use crate::store::{Unit, contacts, queueing, workforce};

/// As often, and as many minutes apart, as a flow's callback unless it says otherwise.
const ATTEMPTS: (i32, i32) = (3, 15);

/// Who is to be called.
#[derive(Clone, Debug)]
pub enum Whom {
    Number(String),
    Contact(ContactId),
}

/// A callback as it is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub queue: QueueId,
    pub whom: Whom,
    /// At his turn from now on, unless said.
    pub at: Option<DateTime<Utc>>,
    /// For whom he is kept at first.
    pub agent: Option<AgentId>,
    /// 0 to 100.
    pub priority: i32,
}

/// # Errors
/// `CALLBACK_EXISTS`, `QUEUE_CLOSED`, `NO_NUMBER`; 422 for a number that may not be called, a time that is over or too far
/// away, an agent or a queue that is not the caller's to choose.
pub async fn request(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    wanted: Wanted,
) -> Result<callback::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    let queue = queueing::queue_in_use(scope, unit.tx(), wanted.queue).await?;
    let queue = queue.ok_or(Error::NotFound(Subject::Queue))?;
    let members = workforce::members_of_queue(scope, unit.tx(), queue.id).await?;
    let may = match actor.whose {
        Whose::Everybodys => true,
        Whose::Agents(agent) => members.contains(&agent),
        Whose::Nobodys => false,
    };
    if !may {
        return Err(Error::invalid("/queueId", "is not a queue that you serve"));
    }
    if let Some(agent) = wanted.agent
        && !(members.contains(&agent) && actor.whose.includes(agent))
    {
        return Err(Error::invalid("/agentId", "is not an agent of the queue to whom you may assign it"));
    }
    let written = match wanted.whom {
        Whom::Number(number) => number,
        Whom::Contact(id) => {
            let contact = contacts::by_id(scope, unit.tx(), id).await?;
            contact.ok_or(Error::NotFound(Subject::Contact))?.row.number
        }
    };
    let (number, line) = outbound::callable(&unit, &written).await.map_err(of_the_number)?;
    let at = wanted.at.unwrap_or(now);
    if wanted.at.is_some_and(|at| at <= now || at > now + FURTHEST) {
        return Err(Error::invalid("/at", "must be in the future, and within 60 days"));
    }
    match opening(&unit, &queue, at).await? {
        Opening::Open { .. } => {}
        Opening::Later(_) | Opening::Never => {
            return Err(Error::conflict(Code::QueueClosed, format!("{} is closed then.", queue.name)));
        }
    }
    let row = callback::Model {
        id: unit.id(),
        company_id: scope.company(),
        queue_id: queue.id,
        number,
        our_number: line.number,
        state: CallbackState::Open,
        waiting_since: at,
        wanted_at: wanted.at,
        due_at: at,
        priority: wanted.priority,
        skills: json!([]),
        max_attempts: ATTEMPTS.0,
        retry_minutes: ATTEMPTS.1,
        attempts: 0,
        agent_id: wanted.agent,
        last_call_id: None,
        last_call_at: now,
        call_id: None,
        reason: None,
        created_at: now,
        settled_at: None,
    };
    let (row, was_there) = write(&unit, row).await?;
    if was_there {
        return Err(Error::conflict(
            Code::CallbackExists,
            "This number is to be called back from this queue already.",
        ));
    }
    let id = row.id;
    look_again(&mut unit, id, now).await?;
    if let Some(agent) = row.agent_id {
        let notice = Notice::callback(id, &row.number, now);
        notices::to_other_agent(&mut unit, agent, actor.user, notice).await?;
    }
    save(&mut unit, row).await?;
    let detail = json!({"queueId": wanted.queue, "at": wanted.at, "agentId": wanted.agent});
    finish(unit, actor.user, "callbacks:request", id, detail).await
}

/// What is wrong with whom to call stands at its own place in the body.
fn of_the_number(error: Error) -> Error {
    match error {
        Error::Invalid { code, message, mut fields } => {
            for field in &mut fields {
                field.field = "/number".to_owned();
            }
            Error::Invalid { code, message, fields }
        }
        other => other,
    }
}
