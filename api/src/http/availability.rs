//! What an agent wants, and his browser's signs of life.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Activity, Availability};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::agents;
use crate::app::App;
use crate::authz::Can;
use crate::authz::SetAvailability;
use crate::calls::desk;
use crate::error::{Error, Subject};

pub struct AvailabilityOfAgents;

/// What the agent wants from now on.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvailabilityIn {
    pub status: Word<Availability>,
    #[oai(validator(max_length = 200))]
    pub reason: Option<String>,
}

/// An agent's two axes: what he wants and what he does.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct AgentStatusOut {
    pub agent_id: Uuid,
    pub availability: Word<Availability>,
    pub reason: Option<String>,
    pub activity: Word<Activity>,
}

impl From<agents::Status> for AgentStatusOut {
    fn from(status: agents::Status) -> Self {
        Self {
            agent_id: status.row.id.0,
            availability: Word(status.row.availability),
            reason: status.row.availability_reason,
            activity: Word(status.activity),
        }
    }
}

/// Until when the agent counts as there.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct HeartbeatOut {
    pub ready_until: DateTime<Utc>,
}

#[OpenApi(tag = "Tag::Agents")]
impl AvailabilityOfAgents {
    /// Sets what an agent wants. Also ends not-responding.
    #[oai(path = "/api/agents/:id/availability", method = "put", operation_id = "setAgentAvailability")]
    async fn set(
        &self,
        can: Can<SetAvailability>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AvailabilityIn>,
    ) -> Reply<AgentStatusOut> {
        if !can.whose().includes(AgentId(id)) {
            return Err(Error::NotFound(Subject::Agent).into());
        }
        let (scope, by) = (can.scope()?, can.caller().user);
        Success::ok(agents::set_availability(app, scope, AgentId(id), by, body.status.0, body.reason).await?)
    }

    /// A sign of life from the agent's browser, every five seconds.
    #[oai(path = "/api/agents/me/heartbeat", method = "post", operation_id = "sendHeartbeat")]
    async fn heartbeat(&self, can: Can<SetAvailability>, Data(app): Data<&App>) -> Reply<HeartbeatOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        let ready_until = agents::heartbeat(app, can.scope()?, agent).await?;
        Success::ok(HeartbeatOut { ready_until })
    }
}
