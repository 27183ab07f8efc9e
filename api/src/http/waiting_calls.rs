//! What people do with a call that waits in a queue.

use entity::id::{AgentId, CallId, QueueId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::offers::AcceptedOut;
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, PickCalls, SteerCalls};
use crate::calls::{desk, waiting};

pub struct WaitingCalls;

/// How urgent a call is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct PriorityIn {
    /// The larger is served first; a flow gives 50 unless it says otherwise.
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    priority: i32,
}

/// Where a call is to wait.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct MoveIn {
    queue_id: Uuid,
}

/// Who is to have a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AssignIn {
    agent_id: Uuid,
}

#[OpenApi(tag = "Tag::Calls")]
impl WaitingCalls {
    /// Gives a waiting call another priority.
    #[oai(path = "/api/calls/:id/priority", method = "post", operation_id = "setCallPriority")]
    async fn priority(
        &self,
        can: Can<SteerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<PriorityIn>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope()?, can.caller().user);
        waiting::set_priority(app, scope, by, CallId(id), body.priority).await?;
        Done::saying("The call has this priority now.")
    }

    /// Moves a waiting call to another queue, where it is as old as it was.
    #[oai(path = "/api/calls/:id/move", method = "post", operation_id = "moveCall")]
    async fn move_call(
        &self,
        can: Can<SteerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<MoveIn>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope()?, can.caller().user);
        waiting::move_to(app, scope, by, CallId(id), QueueId(body.queue_id)).await?;
        Done::saying("The call waits in this queue now.")
    }

    /// Takes a waiting call out of order, as an offer that the caller of this operation accepts.
    ///
    /// An agent needs the right to pick, and serves the call's queue. 409 with the name of who was faster.
    #[oai(path = "/api/calls/:id/pick", method = "post", operation_id = "pickCall")]
    async fn pick(
        &self,
        can: Can<PickCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<AcceptedOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        let (scope, by) = (can.scope()?, can.caller().user);
        let call = waiting::pick(app, scope, can.whose(), by, agent, CallId(id)).await?;
        Success::ok(AcceptedOut { call_id: call.0 })
    }

    /// Gives a waiting call to an agent, whose phone is then called.
    ///
    /// A supervisor names anybody who can be reached and has capacity; an agent only himself, and picks it so. 409 when
    /// somebody else has the call, with his name.
    #[oai(path = "/api/calls/:id/assign", method = "post", operation_id = "assignCall")]
    async fn assign(
        &self,
        can: Can<PickCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AssignIn>,
    ) -> Reply<AcceptedOut> {
        let (scope, by) = (can.scope()?, can.caller().user);
        let agent = AgentId(body.agent_id);
        let call = waiting::assign(app, scope, can.whose(), by, agent, CallId(id)).await?;
        Success::ok(AcceptedOut { call_id: call.0 })
    }
}
