//! Live call control: hold, mute, keys, transfers, and a supervisor in a call.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, FlowId, QueueId};
use entity::{SuperviseMode, TransferMode, TransferState, TransferTarget, supervision, transfer};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ControlCalls, Permission, ReadCalls, SuperviseCalls};
use crate::calls::control::{self, Actor, Microphone};
use crate::calls::supervise::{self, Supervisor};
use crate::calls::transfer::{self as passing_on, To};
use crate::calls::{desk, hold};
use crate::error::{Error, Result as Outcome};

pub struct LiveCalls;

impl<P: Permission> From<&Can<P>> for Actor {
    fn from(can: &Can<P>) -> Self {
        Self { user: can.caller().user, whose: can.whose() }
    }
}

/// Whether the agent is heard.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct MuteIn {
    pub muted: bool,
}

/// Keys for the other party.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct DigitsIn {
    /// `0` to `9`, `*`, `#`; `w` waits half a second, `W` a whole one.
    #[oai(validator(min_length = 1, max_length = 32, pattern = "^[0-9*#wW]+$"))]
    pub digits: String,
}

/// Who is to get the call: exactly one of these.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferToIn {
    pub agent_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
    /// In E.164.
    #[oai(validator(pattern = "^\\+[1-9][0-9]{6,14}$"))]
    pub number: Option<String>,
    /// Blind only.
    pub flow_id: Option<Uuid>,
}

/// How a call is passed on.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct TransferIn {
    pub to: TransferToIn,
    pub mode: Word<TransferMode>,
}

impl TransferToIn {
    fn read(self) -> Outcome<To> {
        match (self.agent_id, self.queue_id, self.number, self.flow_id) {
            (Some(agent), None, None, None) => Ok(To::Agent(AgentId(agent))),
            (None, Some(queue), None, None) => Ok(To::Queue(QueueId(queue))),
            (None, None, Some(number), None) => Ok(To::Number(number)),
            (None, None, None, Some(flow)) => Ok(To::Flow(FlowId(flow))),
            _ => Err(Error::invalid("/to", "must name exactly one of agentId, queueId, number and flowId")),
        }
    }
}

/// A call that is, or was, passed on.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct TransferOut {
    pub id: Uuid,
    pub call_id: Uuid,
    /// Who passes it on.
    pub agent_id: Uuid,
    pub mode: Word<TransferMode>,
    pub target: Word<TransferTarget>,
    pub to_agent_id: Option<Uuid>,
    pub to_queue_id: Option<Uuid>,
    pub to_number: Option<String>,
    pub to_flow_id: Option<Uuid>,
    pub state: Word<TransferState>,
    /// Why it failed: `busy`, `no_answer`, `declined`, `device_error`, `unreachable`, `caller_left`, `left_again`.
    pub reason: Option<String>,
    pub started_at: DateTime<Utc>,
    /// When who was asked had come to the agent.
    pub joined_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl From<transfer::Model> for TransferOut {
    fn from(row: transfer::Model) -> Self {
        Self {
            id: row.id.0,
            call_id: row.call_id.0,
            agent_id: row.agent_id.0,
            mode: Word(row.mode),
            target: Word(row.target),
            to_agent_id: row.to_agent_id.map(|id| id.0),
            to_queue_id: row.to_queue_id.map(|id| id.0),
            to_number: row.to_number,
            to_flow_id: row.to_flow_id.map(|id| id.0),
            state: Word(row.state),
            reason: row.reason,
            started_at: row.started_at,
            joined_at: row.joined_at,
            ended_at: row.ended_at,
        }
    }
}

/// What a supervisor wants to do in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuperviseIn {
    pub mode: Word<SuperviseMode>,
}

/// A supervisor in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct SupervisionOut {
    pub id: Uuid,
    pub call_id: Uuid,
    pub mode: Word<SuperviseMode>,
    pub started_at: DateTime<Utc>,
}

impl From<supervision::Model> for SupervisionOut {
    fn from(row: supervision::Model) -> Self {
        Self { id: row.id.0, call_id: row.call_id.0, mode: Word(row.mode), started_at: row.started_at }
    }
}

#[OpenApi(tag = "Tag::LiveCalls")]
impl LiveCalls {
    /// Puts the caller on hold: he hears music. Twice changes nothing.
    #[oai(path = "/api/calls/:id/hold", method = "post", operation_id = "holdCall")]
    async fn hold(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        hold::hold(app, can.scope()?, Actor::from(&can), CallId(id)).await?;
        Done::saying("On hold.")
    }

    /// Brings the caller back from hold. Twice changes nothing.
    ///
    /// With somebody who was asked in the room, all three then talk.
    #[oai(path = "/api/calls/:id/resume", method = "post", operation_id = "resumeCall")]
    async fn resume(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        hold::resume(app, can.scope()?, Actor::from(&can), CallId(id)).await?;
        Done::saying("Resumed.")
    }

    /// Mutes the agent, or lets him be heard again.
    #[oai(path = "/api/calls/:id/mute", method = "post", operation_id = "muteCall")]
    async fn mute(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<MuteIn>,
    ) -> Result<Json<Done>, Failure> {
        let microphone = if body.muted { Microphone::Muted } else { Microphone::On };
        control::mute(app, can.scope()?, Actor::from(&can), CallId(id), microphone).await?;
        Done::saying(if body.muted { "Muted." } else { "Not muted." })
    }

    /// Plays keys to the other party; which ones is kept nowhere.
    ///
    /// To who was asked from outside while the caller is on hold, else to the caller.
    #[oai(path = "/api/calls/:id/digits", method = "post", operation_id = "sendDigits")]
    async fn digits(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<DigitsIn>,
    ) -> Result<Json<Done>, Failure> {
        control::send_keys(app, can.scope()?, Actor::from(&can), CallId(id), body.digits).await?;
        Done::saying("Sent.")
    }

    /// Passes the call on.
    ///
    /// Blind, the agent goes at once; warm, he stays with who is asked, and the caller hears music. What fails brings the
    /// caller back to him, or to the queue at the old place. 409 when a transfer is under way, the agent cannot be asked
    /// now, or the flow was never published; 422 for a number that the company's rules for calls that go out do not allow.
    #[oai(path = "/api/calls/:id/transfer", method = "post", operation_id = "transferCall")]
    async fn transfer(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<TransferIn>,
    ) -> Result<Created<TransferOut>, Failure> {
        let (to, mode) = (body.to.read()?, body.mode.0);
        Created::of(passing_on::start(app, can.scope()?, Actor::from(&can), CallId(id), to, mode).await?)
    }

    /// Lists the call's transfers, oldest first.
    #[oai(path = "/api/calls/:id/transfers", method = "get", operation_id = "listTransfers")]
    async fn transfers(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<TransferOut>> {
        Success::list(desk::transfers(app, can.scope()?, can.whose(), CallId(id)).await?)
    }

    /// Completes a warm transfer: the agent goes, and who was asked has the caller.
    #[oai(path = "/api/calls/:id/transfer/complete", method = "post", operation_id = "completeTransfer")]
    async fn complete(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<TransferOut> {
        Success::ok(passing_on::complete(app, can.scope()?, Actor::from(&can), CallId(id)).await?)
    }

    /// Takes a warm transfer back: the agent keeps the caller, and who was asked is let go.
    #[oai(path = "/api/calls/:id/transfer/cancel", method = "post", operation_id = "cancelTransfer")]
    async fn cancel(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<TransferOut> {
        Success::ok(passing_on::cancel(app, can.scope()?, Actor::from(&can), CallId(id)).await?)
    }

    /// Brings all three together: the agent, the caller, and who was asked.
    #[oai(path = "/api/calls/:id/transfer/merge", method = "post", operation_id = "mergeTransfer")]
    async fn merge(
        &self,
        can: Can<ControlCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<TransferOut> {
        Success::ok(passing_on::merge(app, can.scope()?, Actor::from(&can), CallId(id)).await?)
    }

    /// Listens to a call, whispers to its agent, or speaks with both.
    ///
    /// The supervisor's phone or browser is called the first time; another mode then changes what he does, without a new
    /// call. Each use is in the audit.
    #[oai(path = "/api/calls/:id/supervise", method = "post", operation_id = "superviseCall")]
    async fn supervise(
        &self,
        can: Can<SuperviseCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<SuperviseIn>,
    ) -> Reply<SupervisionOut> {
        let supervisor = Supervisor { user: can.caller().user, agent: can.caller().agent() };
        Success::ok(supervise::supervise(app, can.scope()?, supervisor, CallId(id), body.mode.0).await?)
    }

    /// Leaves a call that one supervises.
    #[oai(path = "/api/calls/:id/supervise", method = "delete", operation_id = "stopSupervising")]
    async fn stop(
        &self,
        can: Can<SuperviseCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        supervise::stop(app, can.scope()?, can.caller().user, CallId(id)).await?;
        Done::saying("You have left the call.")
    }
}
