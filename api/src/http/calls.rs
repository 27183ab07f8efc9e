//! A call: itself, its story, notes, wrap-up, and an agent's next one.

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{
    AnsweredBy, CallKind, CallOutcome, CallStatus, EndedBy, MachineDetection, call, call_event, outbound_call,
};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::offers::OfferOut;
use super::page::limit_within;
use super::peer_call_shapes::PeerCallOut;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::Can;
use crate::authz::{AnswerOffers, ReadCalls, ReadOffers, WriteCalls};
use crate::calls::desk::{self, CallPatch, CallView};
use crate::calls::lists;
use crate::calls::wrap_up::{self, Notes};
use crate::contacts::pop::Pop;
use crate::contacts::tags_of;
use crate::store::call_marks::Mark;

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
    /// By which it is found again; not told in offers.
    pub tags: Option<Vec<String>>,
    /// Who is at the other end, when a contact has the number; not told in lists.
    pub contact: Option<CallContactOut>,
    /// What only a call among colleagues has.
    pub peer: Option<PeerCallOut>,
}

/// The contact at the other end of a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallContactOut {
    pub id: Uuid,
    pub name: Option<String>,
    /// Where the contact works.
    pub company: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    pub tags: Vec<String>,
    /// Whether the company does not call this contact.
    pub blocked: bool,
    /// The begin of the last call from or to one of the contact's numbers before this one.
    pub last_call_at: Option<DateTime<Utc>>,
    /// The company's own fields that are to be seen with an offer.
    pub fields: Vec<CallContactFieldOut>,
}

/// A field of the company's own, with what the contact has in it.
#[derive(Object, Debug)]
pub struct CallContactFieldOut {
    pub name: String,
    /// As people read it.
    pub label: String,
    pub value: String,
}

impl From<Pop> for CallContactOut {
    fn from(pop: Pop) -> Self {
        let fields = pop.fields.into_iter().map(|field| CallContactFieldOut {
            name: field.name,
            label: field.label,
            value: field.value,
        });
        Self {
            id: pop.row.id.0,
            tags: tags_of(&pop.row),
            name: pop.row.name,
            company: pop.row.company_name,
            language: pop.row.language,
            blocked: pop.row.blocked,
            last_call_at: pop.last_call_at,
            fields: fields.collect(),
        }
    }
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
        let talked = (view.row.answered_at, view.row.ended_at);
        Self {
            outbound,
            peer: view.peer.map(|peer| PeerCallOut::of(peer, talked)),
            handled_elsewhere: view.handled_elsewhere,
            tags: Some(view.tags),
            contact: view.contact.map(CallContactOut::from),
            ..Self::from(view.row)
        }
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
            tags: None,
            contact: None,
            peer: None,
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

/// What may be changed of a call; what is absent stays.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallPatchIn {
    #[oai(validator(max_length = 100))]
    pub disposition: Option<String>,
    #[oai(validator(max_length = 10000))]
    pub notes: Option<String>,
    /// In place of those that it has.
    #[oai(validator(max_items = 50))]
    pub tags: Option<Vec<String>>,
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
    /// Shows a call.
    #[oai(path = "/api/calls/:id", method = "get", operation_id = "getCall")]
    async fn get(&self, can: Can<ReadCalls>, Data(app): Data<&App>, Path(id): Path<Uuid>) -> Reply<CallOut> {
        Success::ok(desk::get(app, can.scope()?, can.whose(), CallId(id)).await?)
    }

    /// Changes a call's disposition, notes and tags.
    ///
    /// Once the company has a list of dispositions, one of those for the call's queue has to be chosen; an empty one takes
    /// the choice back.
    #[oai(path = "/api/calls/:id", method = "put", operation_id = "updateCall")]
    async fn update(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<CallPatchIn>,
    ) -> Reply<CallOut> {
        let patch = CallPatch { disposition: body.disposition, notes: body.notes, tags: body.tags };
        Success::ok(desk::update(app, can.scope()?, can.whose(), CallId(id), patch).await?)
    }

    /// Hides a call from the caller's own history. Everybody else sees it as before.
    #[oai(path = "/api/calls/:id", method = "delete", operation_id = "hideCall")]
    async fn hide(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let whose = (can.whose(), super::call_lists::own(&can));
        lists::mark(app, can.scope()?, whose, CallId(id), Mark::Hidden).await?;
        Done::saying("Hidden from your history.")
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
