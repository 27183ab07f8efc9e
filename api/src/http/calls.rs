//! Calls: the list, one, a new one, its story, notes, wrap-up, and an agent's next call.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, QueueId};
use entity::{
    AnsweredBy, CallKind, CallOutcome, CallStatus, EndedBy, EntryOutcome, MachineDetection, call, call_event,
    outbound_call,
};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::counted::{CountedByIn, counted_by};
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::offers::OfferOut;
use super::page::limit_within;
use super::{JsonBody, Tag, Word, idempotency};
use crate::app::App;
use crate::authz::Can;
use crate::authz::{AnswerOffers, DialCalls, ReadCalls, ReadOffers, WriteCalls};
use crate::calls::control::Actor;
use crate::calls::desk::{self, CallPatch, CallView, NewCall, Only};
use crate::calls::outbound::{Dialling, Hours, Noted};
use crate::calls::wrap_up::{self, Notes};
use crate::error::{Error, Result as Outcome};
use crate::store::calls_counted::Counted;

pub struct Calls;

/// A call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallOut {
    pub id: Uuid,
    pub kind: Word<CallKind>,
    /// Where the caller is now.
    pub status: Word<CallStatus>,
    /// How it ended, or what it has led to so far.
    pub outcome: Option<Word<CallOutcome>>,
    /// E.164 where the caller shows a number, else what the carrier sent.
    pub from: String,
    pub to: String,
    /// What the carrier says of who calls; of who is called, the contact's name.
    pub caller_name: Option<String>,
    /// The queue that it waits or waited in last.
    pub queue_id: Option<Uuid>,
    /// The agent who has it, had it last, or is being connected.
    pub agent_id: Option<Uuid>,
    pub disposition: Option<String>,
    pub notes: Option<String>,
    pub started_at: DateTime<Utc>,
    /// When the first agent was connected.
    pub answered_at: Option<DateTime<Utc>>,
    /// When the caller left.
    pub ended_at: Option<DateTime<Utc>>,
    pub ended_by: Option<Word<EndedBy>>,
    /// What only a call has that an agent makes.
    pub outbound: Option<OutboundOut>,
    /// The call was handled elsewhere and written down here.
    pub handled_elsewhere: bool,
}

/// What only a call has that an agent makes.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct OutboundOut {
    /// The user who asked for the call.
    pub requested_by: Uuid,
    /// What the provider was asked to listen for.
    pub machine_detection: Option<Word<MachineDetection>>,
    /// Who or what has answered, where that was asked for.
    pub answered_by: Option<Word<AnsweredBy>>,
    pub answered_by_at: Option<DateTime<Utc>>,
}

impl From<outbound_call::Model> for OutboundOut {
    fn from(row: outbound_call::Model) -> Self {
        Self {
            requested_by: row.requested_by.0,
            machine_detection: row.machine_detection.map(Word),
            answered_by: row.answered_by.map(Word),
            answered_by_at: row.answered_by_at,
        }
    }
}

impl From<CallView> for CallOut {
    fn from(view: CallView) -> Self {
        let outbound = view.outbound.map(OutboundOut::from);
        Self { outbound, handled_elsewhere: view.handled_elsewhere, ..Self::from(view.row) }
    }
}

impl From<call::Model> for CallOut {
    fn from(row: call::Model) -> Self {
        Self {
            id: row.id.0,
            kind: Word(row.kind),
            status: Word(row.status),
            outcome: row.outcome.map(Word),
            from: row.from_address,
            to: row.to_address,
            caller_name: row.caller_name,
            queue_id: row.queue_id.map(|id| id.0),
            agent_id: row.agent_id.map(|id| id.0),
            disposition: row.disposition,
            notes: row.notes,
            started_at: row.started_at,
            answered_at: row.answered_at,
            ended_at: row.ended_at,
            ended_by: row.ended_by.map(Word),
            outbound: None,
            handled_elsewhere: false,
        }
    }
}

/// One line of a call's story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallEventOut {
    /// The order of the story, from 1.
    pub seq: i32,
    /// For example `call.arrived`, `queue.entered`, `offer.made`, `call.connected`, `call.ended`.
    pub kind: String,
    pub data: Any<Value>,
    /// When it happened; never before the line above.
    pub occurred_at: DateTime<Utc>,
    /// When the provider says that it happened, in whole seconds.
    pub provider_at: Option<DateTime<Utc>>,
    /// When we learnt it.
    pub received_at: DateTime<Utc>,
}

impl From<call_event::Model> for CallEventOut {
    fn from(row: call_event::Model) -> Self {
        Self {
            seq: row.seq,
            kind: row.kind,
            data: Any(row.data),
            occurred_at: row.occurred_at,
            provider_at: row.provider_at,
            received_at: row.received_at,
        }
    }
}

/// A call that an agent is to make, or one that was handled elsewhere.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallIn {
    /// Who is called: in E.164, or as it is dialled in the country of the number that is shown.
    #[oai(validator(min_length = 1, max_length = 40))]
    pub to: String,
    /// What is shown to who is called: a number of the company. Left out, the agent's own, else the company's. Of a call
    /// that was handled elsewhere, who has called.
    #[oai(validator(min_length = 1, max_length = 40))]
    pub from: Option<String>,
    /// Whose call it is; left out, the caller's of this operation. Only who may dial for everybody names another agent.
    pub agent_id: Option<Uuid>,
    /// On whose account it is made: its rules for wrap-up and hold count. Left out, the first queue that the agent serves.
    pub queue_id: Option<Uuid>,
    /// Lets the provider tell whether a person or a machine has answered.
    pub machine_detection: Option<Word<MachineDetection>>,
    /// Calls outside the company's hours, too: a supervisor's decision.
    #[oai(default)]
    pub any_time: bool,
    /// Nobody is called: the call is over, and only written down.
    pub handled_elsewhere: Option<ElsewhereIn>,
}

/// How a call went that was handled elsewhere.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct ElsewhereIn {
    /// `inbound` or `outbound`.
    pub direction: Word<CallKind>,
    pub started_at: DateTime<Utc>,
    /// Needed when the outcome is `answered`.
    pub answered_at: Option<DateTime<Utc>>,
    pub ended_at: DateTime<Utc>,
    /// `answered`, `abandoned`, `voicemail`, `no_answer`, `busy` or `error`.
    pub outcome: Word<CallOutcome>,
    #[oai(validator(max_length = 100))]
    pub disposition: Option<String>,
    #[oai(validator(max_length = 10000))]
    pub notes: Option<String>,
}

impl CallIn {
    fn read(mut self) -> Outcome<NewCall> {
        match self.handled_elsewhere.take() {
            Some(how) => self.noted(how).map(NewCall::Noted),
            None => Ok(NewCall::Dialled(self.dialling())),
        }
    }

    fn dialling(self) -> Dialling {
        Dialling {
            to: self.to,
            from: self.from,
            queue: self.queue_id.map(QueueId),
            machine_detection: self.machine_detection.map(|word| word.0),
            hours: if self.any_time { Hours::SetAside } else { Hours::Kept },
        }
    }

    fn noted(self, how: ElsewhereIn) -> Outcome<Noted> {
        let from = self.from.ok_or_else(|| Error::invalid("/from", "is needed: who has called"))?;
        if self.machine_detection.is_some() {
            return Err(Error::invalid("/machineDetection", "does not go with a call that is over"));
        }
        Ok(Noted {
            kind: how.direction.0,
            from,
            to: self.to,
            queue: self.queue_id.map(QueueId),
            started_at: how.started_at,
            answered_at: how.answered_at,
            ended_at: how.ended_at,
            outcome: how.outcome.0,
            disposition: how.disposition,
            notes: how.notes,
        })
    }
}

/// What may be changed of a call; what is absent stays.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallPatchIn {
    #[oai(validator(max_length = 100))]
    pub disposition: Option<String>,
    #[oai(validator(max_length = 10000))]
    pub notes: Option<String>,
}

/// What the agent leaves behind.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct WrapUpIn {
    /// What the call was about.
    #[oai(validator(max_length = 100))]
    pub disposition: Option<String>,
    #[oai(validator(max_length = 10000))]
    pub notes: Option<String>,
}

/// When wrap-up now ends.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct WrapUpOut {
    pub wrap_up_until: DateTime<Utc>,
}

/// The agent's next call, if there is one.
#[derive(ApiResponse)]
#[expect(
    clippy::large_enum_variant,
    reason = "a reply is made once and written; a box would not stand in the specification"
)]
pub enum NextCall {
    /// This call.
    #[oai(status = 200)]
    Offer(Json<Success<OfferOut>>),
    /// Nobody waits for this agent.
    #[oai(status = 204)]
    Nobody,
}

#[OpenApi(tag = "Tag::Calls")]
impl Calls {
    /// Lists calls, newest first.
    ///
    /// An agent sees the calls that were his and those offered to him. Figures of reports link to the calls that they have
    /// counted: those whose beginning, whose visit of a queue or whose conversation with an agent lies in the range.
    #[oai(path = "/api/calls", method = "get", operation_id = "listCalls")]
    #[expect(clippy::too_many_arguments, reason = "one for each parameter of the address")]
    async fn list(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// Only calls with this status.
        Query(status): Query<Option<Word<CallStatus>>>,
        /// Only calls of this kind: `inbound`, `outbound`, `peer`.
        Query(direction): Query<Option<Word<CallKind>>>,
        /// Only calls that ended so.
        Query(outcome): Query<Option<Word<CallOutcome>>>,
        /// What `from`, `to`, `queueId` and `agentId` are about: the `call` unless said, a caller's `visit` of a queue, or
        /// an agent's `conversation` that is over.
        Query(by): Query<Option<CountedByIn>>,
        /// Began at this moment or later.
        Query(from): Query<Option<DateTime<Utc>>>,
        /// Began before this moment.
        Query(to): Query<Option<DateTime<Utc>>>,
        /// Of this queue.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
        /// Of this agent.
        #[oai(name = "agentId")]
        Query(agent): Query<Option<Uuid>>,
        /// How the visit ended; with `by=visit`.
        #[oai(name = "visitOutcome")]
        Query(visit): Query<Option<Word<EntryOutcome>>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<CallOut>> {
        let limit = limit_within(limit, super::page::LARGEST_LIMIT)?;
        let (queue, agent) = (queue.map(QueueId), agent.map(AgentId));
        let counted = Counted { by: counted_by(by, visit)?, from, to, queue, agent };
        let kind = direction.map(|word| word.0);
        let only =
            Only { status: status.map(|word| word.0), kind, outcome: outcome.map(|word| word.0), counted };
        desk::list(app, can.scope()?, can.whose(), only, cursor, limit).await?.reply()
    }

    /// Has an agent call somebody, or writes down a call that was handled elsewhere.
    ///
    /// The agent's own phone is called first; when he is there, the other party's rings, and he hears it. From the answer
    /// on it is a call like any other. Repeated with the same `Idempotency-Key` within a day, it is done once, and the
    /// answer is the call that was made. 409 outside the company's hours (`OUTSIDE_HOURS`, with the next opening), when the
    /// agent has no capacity (`NO_FREE_CAPACITY`) or his browser is away (`AGENT_NOT_AVAILABLE`); 422 for numbers that
    /// may not be called: `SHORT_NUMBER`, `PREMIUM_RATE_NUMBER`, `COUNTRY_NOT_ALLOWED`, `CONTACT_BLOCKED`.
    #[oai(path = "/api/calls", method = "post", operation_id = "createCall")]
    async fn create(
        &self,
        can: Can<DialCalls>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each call: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        JsonBody(body): JsonBody<CallIn>,
    ) -> Result<Created<CallOut>, Failure> {
        let once = idempotency::once(&can, "createCall", key, &body)?;
        let agent = desk::acting_agent(body.agent_id.map(AgentId).or(can.caller().agent()))?;
        Created::of(desk::create(app, can.scope()?, Actor::from(&can), agent, body.read()?, once).await?)
    }

    /// Shows a call.
    #[oai(path = "/api/calls/:id", method = "get", operation_id = "getCall")]
    async fn get(&self, can: Can<ReadCalls>, Data(app): Data<&App>, Path(id): Path<Uuid>) -> Reply<CallOut> {
        Success::ok(desk::get(app, can.scope()?, can.whose(), CallId(id)).await?)
    }

    /// Changes a call's disposition and notes.
    #[oai(path = "/api/calls/:id", method = "put", operation_id = "updateCall")]
    async fn update(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<CallPatchIn>,
    ) -> Reply<CallOut> {
        let patch = CallPatch { disposition: body.disposition, notes: body.notes };
        Success::ok(desk::update(app, can.scope()?, can.whose(), CallId(id), patch).await?)
    }

    /// Tells a call's whole story in order.
    #[oai(path = "/api/calls/:id/events", method = "get", operation_id = "listCallEvents")]
    async fn events(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// 1 to 1000; 1000 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<CallEventOut>> {
        let limit = limit_within(limit.or(Some(1000)), 1000)?;
        let page = desk::events(app, can.scope()?, can.whose(), CallId(id), cursor, limit).await?;
        page.reply()
    }

    /// Ends wrap-up with what the call was about.
    #[oai(path = "/api/calls/:id/wrap-up", method = "post", operation_id = "endWrapUp")]
    async fn wrap_up(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<WrapUpIn>,
    ) -> Result<Json<Done>, Failure> {
        let agent = desk::whose_work(can.whose())?;
        let notes = Notes { disposition: body.disposition, notes: body.notes };
        wrap_up::end(app, can.scope()?, CallId(id), agent, notes).await?;
        Done::saying("Wrapped up.")
    }

    /// Gives wrap-up more time: as much and as often as the queue's rules say.
    #[oai(path = "/api/calls/:id/wrap-up/extend", method = "post", operation_id = "extendWrapUp")]
    async fn extend(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<WrapUpOut> {
        let agent = desk::whose_work(can.whose())?;
        let wrap_up_until = wrap_up::extend(app, can.scope()?, CallId(id), agent).await?;
        Success::ok(WrapUpOut { wrap_up_until })
    }

    /// Shows the call that is offered to the agent now; reserves nothing.
    #[oai(path = "/api/calls/queue/next", method = "get", operation_id = "peekNextCall")]
    async fn peek(&self, can: Can<ReadOffers>, Data(app): Data<&App>) -> Result<NextCall, Failure> {
        Ok(NextCall::of(desk::next_offer(app, can.scope()?, can.caller().agent()).await?))
    }

    /// Takes the call that is offered to the agent now.
    #[oai(path = "/api/calls/queue/next", method = "post", operation_id = "takeNextCall")]
    async fn take(&self, can: Can<AnswerOffers>, Data(app): Data<&App>) -> Result<NextCall, Failure> {
        Ok(NextCall::of(desk::take_next(app, can.scope()?, can.caller().agent()).await?))
    }
}

impl NextCall {
    fn of(offer: Option<desk::OfferView>) -> Self {
        offer.map_or(Self::Nobody, |offer| Self::Offer(Json(Success::of(offer.into()))))
    }
}
