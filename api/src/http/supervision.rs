//! What a supervisor does with an agent that is stuck, or has gone home without signing out.

use entity::SlotHolder;
use entity::id::AgentId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::availability::AgentStatusOut;
use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::agents::{self, Conversation, Release, Released};
use crate::app::App;
use crate::authz::{Can, SuperviseAgents};

pub struct Supervision;

/// How far a release goes.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ReleaseIn {
    /// Also ends a conversation that goes on, and with it the caller's line.
    force: Option<bool>,
}

/// A call that no longer holds the agent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ReleasedOut {
    call_id: Uuid,
    /// What it held the agent by.
    holder: Word<SlotHolder>,
}

/// What a release has freed, and what it has left alone.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ReleaseOut {
    released: Vec<ReleasedOut>,
    /// Calls in which the agent still talks.
    kept_call_ids: Vec<Uuid>,
}

impl From<Release> for ReleaseOut {
    fn from(release: Release) -> Self {
        let out = |freed: Released| ReleasedOut { call_id: freed.call.0, holder: Word(freed.holder) };
        Self {
            released: release.released.into_iter().map(out).collect(),
            kept_call_ids: release.kept.into_iter().map(|call| call.0).collect(),
        }
    }
}

#[OpenApi(tag = "Tag::Agents")]
impl Supervision {
    /// Releases an agent from what holds it.
    ///
    /// Offers are withdrawn, wrap-ups end, and a call that the provider no longer knows is closed. A conversation that
    /// goes on is kept unless `force` is asked for.
    #[oai(path = "/api/agents/:id/release", method = "post", operation_id = "releaseAgent")]
    async fn release(
        &self,
        can: Can<SuperviseAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ReleaseIn>,
    ) -> Reply<ReleaseOut> {
        let conversation = if body.force == Some(true) { Conversation::End } else { Conversation::Keep };
        let (scope, by) = (can.scope()?, can.caller().user);
        Success::ok(agents::release(app, scope, by, AgentId(id), conversation).await?)
    }

    /// Signs an agent out: offline, its sessions ended, its sockets closed within a second. A conversation goes on.
    #[oai(path = "/api/agents/:id/logout", method = "post", operation_id = "logOutAgent")]
    async fn log_out(
        &self,
        can: Can<SuperviseAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<AgentStatusOut> {
        Success::ok(agents::log_out(app, can.scope()?, can.caller().user, AgentId(id)).await?)
    }
}
