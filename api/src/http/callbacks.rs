//! Callbacks: who is to be called back, and when.

use chrono::{DateTime, Utc};
use entity::id::{ContactId, QueueId};
use entity::{CallbackState, callback};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadCallbacks, WriteCallbacks};
use crate::calls::callback::{self as callbacks, Shown, Wanted, Whom};
use crate::calls::control::Actor;
use crate::error::{Error, Result as Outcome};

pub struct Callbacks;

/// Somebody who is to be called back, or was.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct CallbackOut {
    id: Uuid,
    queue_id: Uuid,
    /// Who is called, in E.164.
    number: String,
    /// The number that he is shown: the one that he called.
    our_number: String,
    state: Word<CallbackState>,
    /// Since when he waits: it decides his place in the line, at every try.
    waiting_since: DateTime<Utc>,
    /// The time that was asked for.
    wanted_at: Option<DateTime<Utc>>,
    /// Not before this he waits in the line.
    due_at: DateTime<Utc>,
    priority: i32,
    /// How often he has been rung.
    attempts: i32,
    max_attempts: i32,
    /// Between two tries.
    retry_minutes: i32,
    /// For whom he is kept at first.
    agent_id: Option<Uuid>,
    /// His own latest call, if any led to it.
    last_call_id: Option<Uuid>,
    /// The call that waits in the line for him or is under way; of one who was reached the conversation.
    call_id: Option<Uuid>,
    /// Why he is not called any more: `not_reached`, `queue_gone`, `closed`, `no_number`, or what is against the number.
    reason: Option<String>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

impl From<callback::Model> for CallbackOut {
    fn from(row: callback::Model) -> Self {
        Self {
            id: row.id.0,
            queue_id: row.queue_id.0,
            number: row.number,
            our_number: row.our_number,
            state: Word(row.state),
            waiting_since: row.waiting_since,
            wanted_at: row.wanted_at,
            due_at: row.due_at,
            priority: row.priority,
            attempts: row.attempts,
            max_attempts: row.max_attempts,
            retry_minutes: row.retry_minutes,
            agent_id: row.agent_id.map(|id| id.0),
            last_call_id: row.last_call_id.map(|id| id.0),
            call_id: row.call_id.map(|id| id.0),
            reason: row.reason,
            created_at: row.created_at,
            settled_at: row.settled_at,
        }
    }
}

/// For whom somebody is kept who is to be called back.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AssigneeIn {
    /// An agent of the queue; left out, he is kept for nobody.
    agent_id: Option<Uuid>,
}

/// When somebody is to be called back.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CallbackTimeIn {
    /// Left out, when it is his turn.
    at: Option<DateTime<Utc>>,
}

/// Who is to be called back, on account of which queue.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewCallbackIn {
    queue_id: Uuid,
    /// Who is called: in E.164, or as it is dialled in the country of the company's number. This or a contact.
    #[oai(validator(min_length = 1, max_length = 40))]
    number: Option<String>,
    contact_id: Option<Uuid>,
    /// When; left out, now: he waits in the queue's line at once.
    at: Option<DateTime<Utc>>,
    /// For whom he is kept at first: an agent of the queue.
    agent_id: Option<Uuid>,
    /// 0 to 100; 50 unless said.
    #[oai(default = "middle", validator(minimum(value = "0"), maximum(value = "100")))]
    priority: i32,
}

fn middle() -> i32 {
    50
}

impl NewCallbackIn {
    fn read(self) -> Outcome<Wanted> {
        let whom = match (self.number, self.contact_id) {
            (Some(number), None) => Whom::Number(number),
            (None, Some(contact)) => Whom::Contact(ContactId(contact)),
            (Some(_), Some(_)) => return Err(Error::invalid("/contactId", "does not go with a number")),
            (None, None) => return Err(Error::invalid("/number", "is needed, or a contact")),
        };
        let (queue, agent) = (QueueId(self.queue_id), self.agent_id.map(Into::into));
        Ok(Wanted { queue, whom, at: self.at, agent, priority: self.priority })
    }
}

#[OpenApi(prefix_path = "/api/callbacks", tag = "Tag::Calls")]
impl Callbacks {
    /// Lists callbacks, the newest first.
    ///
    /// An agent sees those that are assigned to him, and those of his queues that are assigned to nobody.
    #[oai(path = "/", method = "get", operation_id = "listCallbacks")]
    async fn list(
        &self,
        can: Can<ReadCallbacks>,
        Data(app): Data<&App>,
        /// Only those that stand so.
        Query(state): Query<Option<Word<CallbackState>>>,
        /// Only those of this queue.
        #[oai(name = "queueId")]
        Query(queue_id): Query<Option<Uuid>>,
        /// From the answer before.
        Query(cursor): Query<Option<String>>,
        /// At most 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
    ) -> Reply<Vec<CallbackOut>> {
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        let shown = Shown { state: state.map(|word| word.0), queue: queue_id.map(QueueId) };
        callbacks::list(app, can.scope()?, can.whose(), shown, cursor, limit).await?.reply()
    }

    /// Has somebody called back, on account of a queue, now or at a time.
    ///
    /// In one queue a number has one open callback: 409 `CALLBACK_EXISTS`. 409 `QUEUE_CLOSED` when nobody may be called
    /// then, `NO_NUMBER` when the company has none to show; 422 for numbers that may not be called. An agent does so for
    /// the queues that he serves.
    #[oai(path = "/", method = "post", operation_id = "createCallback")]
    async fn create(
        &self,
        can: Can<WriteCallbacks>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewCallbackIn>,
    ) -> Result<Created<CallbackOut>, Failure> {
        Created::of(callbacks::request(app, can.scope()?, Actor::from(&can), body.read()?).await?)
    }

    /// Shows a callback.
    #[oai(path = "/:id", method = "get", operation_id = "getCallback")]
    async fn get(
        &self,
        can: Can<ReadCallbacks>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<CallbackOut> {
        Success::ok(callbacks::get(app, can.scope()?, can.whose(), id.into()).await?)
    }

    /// Takes a callback back: nobody is called any more.
    ///
    /// Whose phone rings at this moment is let go. 409 `CALLBACK_SETTLED` when it is over already.
    #[oai(path = "/:id/cancel", method = "post", operation_id = "cancelCallback")]
    async fn cancel(
        &self,
        can: Can<WriteCallbacks>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<CallbackOut> {
        Success::ok(callbacks::cancel(app, can.scope()?, Actor::from(&can), id.into()).await?)
    }

    /// Says that a callback has been settled otherwise: nobody is called any more.
    #[oai(path = "/:id/done", method = "post", operation_id = "finishCallback")]
    async fn done(
        &self,
        can: Can<WriteCallbacks>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<CallbackOut> {
        Success::ok(callbacks::done(app, can.scope()?, Actor::from(&can), id.into()).await?)
    }

    /// Keeps a callback for an agent.
    ///
    /// As with a preferred agent, he is asked first, and after a quarter of an hour everybody. An agent may take one upon
    /// himself. 409 `CALLBACK_UNDER_WAY` when an agent is calling already.
    #[oai(path = "/:id/assign", method = "post", operation_id = "assignCallback")]
    async fn assign(
        &self,
        can: Can<WriteCallbacks>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AssigneeIn>,
    ) -> Reply<CallbackOut> {
        let agent = body.agent_id.map(Into::into);
        Success::ok(callbacks::assign(app, can.scope()?, Actor::from(&can), id.into(), agent).await?)
    }

    /// Calls back at another time.
    ///
    /// 409 `QUEUE_CLOSED` when nobody may be called then, `CALLBACK_UNDER_WAY` when an agent is calling already.
    #[oai(path = "/:id/reschedule", method = "post", operation_id = "rescheduleCallback")]
    async fn reschedule(
        &self,
        can: Can<WriteCallbacks>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<CallbackTimeIn>,
    ) -> Reply<CallbackOut> {
        Success::ok(callbacks::reschedule(app, can.scope()?, Actor::from(&can), id.into(), body.at).await?)
    }
}
