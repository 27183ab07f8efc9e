//! The flows of a queue.

use entity::queue_flows;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadQueues, WriteQueues};
use crate::queue_flows as flows;

pub struct FlowsOfQueues;

/// What people hear at a queue by flows. Where there is none, or it is not published, they hear what a queue says by itself.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct QueueFlowsOut {
    pub queue_id: Uuid,
    /// What waiting callers hear, over and over.
    pub wait_flow_id: Option<Uuid>,
    /// What held callers hear, over and over.
    pub hold_flow_id: Option<Uuid>,
    /// What an agent hears before he is joined.
    pub whisper_flow_id: Option<Uuid>,
}

impl From<queue_flows::Model> for QueueFlowsOut {
    fn from(row: queue_flows::Model) -> Self {
        Self {
            queue_id: row.queue_id.0,
            wait_flow_id: row.wait_flow_id.map(|id| id.0),
            hold_flow_id: row.hold_flow_id.map(|id| id.0),
            whisper_flow_id: row.whisper_flow_id.map(|id| id.0),
        }
    }
}

/// The flows that a queue is to have; what is absent it has not.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueFlowsIn {
    /// Of the kind `wait`.
    pub wait_flow_id: Option<Uuid>,
    /// Of the kind `hold`.
    pub hold_flow_id: Option<Uuid>,
    /// Of the kind `whisper`.
    pub whisper_flow_id: Option<Uuid>,
}

#[OpenApi(prefix_path = "/api/queues", tag = "Tag::Queues")]
impl FlowsOfQueues {
    /// Shows a queue's flows.
    #[oai(path = "/:id/flows", method = "get", operation_id = "getQueueFlows")]
    async fn get(
        &self,
        can: Can<ReadQueues>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<QueueFlowsOut> {
        Success::ok(flows::get(app, can.scope()?, id.into()).await?)
    }

    /// Sets a queue's flows.
    #[oai(path = "/:id/flows", method = "put", operation_id = "setQueueFlows")]
    async fn set(
        &self,
        can: Can<WriteQueues>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<QueueFlowsIn>,
    ) -> Reply<QueueFlowsOut> {
        let of = |id: Option<Uuid>| id.map(Into::into);
        let (wait, hold, whisper) = (of(body.wait_flow_id), of(body.hold_flow_id), of(body.whisper_flow_id));
        Success::ok(flows::set(app, can.scope()?, id.into(), wait, hold, whisper).await?)
    }
}
