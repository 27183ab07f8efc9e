//! What an agent wants, now and after the call, and his browser's signs of life.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Activity, Availability, When};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::agents::{self, Hand, Wanted};
use crate::app::App;
use crate::authz::{Can, SetAvailability};
use crate::calls::desk;
use crate::error::{Error, Result, Subject};

pub struct AvailabilityOfAgents;

/// What the agent wants.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvailabilityIn {
    pub status: Word<Availability>,
    /// One of the company's reasons for this status, where it has some.
    #[oai(validator(max_length = 200))]
    pub reason: Option<String>,
    /// `now` unless said otherwise.
    pub when: Option<Word<When>>,
}

/// What an agent will want.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct WantedOut {
    pub availability: Word<Availability>,
    pub reason: Option<String>,
}

impl From<Wanted> for WantedOut {
    fn from(wanted: Wanted) -> Self {
        Self { availability: Word(wanted.availability), reason: wanted.reason }
    }
}

/// An agent's two axes: what he wants and what he does.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct AgentStatusOut {
    pub agent_id: Uuid,
    pub availability: Word<Availability>,
    pub reason: Option<String>,
    /// Since when the availability is what it is.
    pub since: DateTime<Utc>,
    /// What the agent will want once the call and its wrap-up are over.
    pub next: Option<WantedOut>,
    pub activity: Word<Activity>,
}

impl From<agents::Status> for AgentStatusOut {
    fn from(status: agents::Status) -> Self {
        Self {
            agent_id: status.row.id.0,
            availability: Word(status.row.availability),
            since: status.row.available_since,
            next: agents::next_of(&status.row).map(Into::into),
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
    /// Sets what an agent wants, now or once its call is over.
    ///
    /// By the agent's own hand it also ends not-responding. What rings is withdrawn when it becomes unavailable.
    #[oai(path = "/api/agents/:id/availability", method = "put", operation_id = "setAgentAvailability")]
    async fn set(
        &self,
        can: Can<SetAvailability>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AvailabilityIn>,
    ) -> Reply<AgentStatusOut> {
        let hand = hand(&can, AgentId(id))?;
        let wanted = Wanted { availability: body.status.0, reason: body.reason };
        let when = body.when.map_or(When::Now, |when| when.0);
        Success::ok(agents::set_availability(app, can.scope()?, AgentId(id), hand, wanted, when).await?)
    }

    /// Takes back what was asked for after the call.
    #[oai(
        path = "/api/agents/:id/availability/next",
        method = "delete",
        operation_id = "takeBackNextAvailability"
    )]
    async fn take_back(
        &self,
        can: Can<SetAvailability>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<AgentStatusOut> {
        let hand = hand(&can, AgentId(id))?;
        Success::ok(agents::take_back_next(app, can.scope()?, AgentId(id), hand).await?)
    }

    /// A sign of life from the agent's browser, every five seconds.
    #[oai(path = "/api/agents/me/heartbeat", method = "post", operation_id = "sendHeartbeat")]
    async fn heartbeat(&self, can: Can<SetAvailability>, Data(app): Data<&App>) -> Reply<HeartbeatOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        let ready_until = agents::heartbeat(app, can.scope()?, agent).await?;
        Success::ok(HeartbeatOut { ready_until })
    }
}

/// Another agent than those that the caller may set does not exist.
fn hand(can: &Can<SetAvailability>, id: AgentId) -> Result<Hand> {
    if !can.whose().includes(id) {
        return Err(Error::NotFound(Subject::Agent));
    }
    Ok(Hand::of(can.caller().user, can.caller().agent(), id))
}
