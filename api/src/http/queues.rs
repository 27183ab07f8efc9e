//! Queues.

use chrono::{DateTime, Utc};
use entity::{IdleReading, Strategy};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadQueues};
use crate::queues;
use crate::store::queues::QueueWithAgents;

pub struct Queues;

/// A queue and its rules.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueOut {
    id: Uuid,
    name: String,
    /// Which of the free agents gets the next call.
    strategy: Word<Strategy>,
    /// From when an agent counts as idle, for the strategy `longest_idle`.
    idle_reading: Word<IdleReading>,
    /// How long an offer rings.
    ring_seconds: i32,
    /// How long an agent has after a call.
    wrap_up_seconds: i32,
    /// How long an agent who declined is not offered the same call again.
    decline_cool_off_seconds: i32,
    hold_music_url: Option<String>,
    /// Who serves the queue.
    agent_ids: Vec<Uuid>,
    created_at: DateTime<Utc>,
}

impl From<QueueWithAgents> for QueueOut {
    fn from(QueueWithAgents { queue, agents }: QueueWithAgents) -> Self {
        Self {
            id: queue.id.into(),
            name: queue.name,
            strategy: Word(queue.strategy),
            idle_reading: Word(queue.idle_reading),
            ring_seconds: queue.ring_seconds,
            wrap_up_seconds: queue.wrap_up_seconds,
            decline_cool_off_seconds: queue.decline_cool_off_seconds,
            hold_music_url: queue.hold_music_url,
            agent_ids: agents.into_iter().map(Into::into).collect(),
            created_at: queue.created_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/queues", tag = "Tag::Queues")]
impl Queues {
    /// Lists the company's queues.
    #[oai(path = "/", method = "get", operation_id = "listQueues")]
    async fn list(&self, can: Can<ReadQueues>, Data(app): Data<&App>) -> Reply<Vec<QueueOut>> {
        Success::list(queues::all(app, can.scope()?).await?)
    }

    /// Shows a queue.
    #[oai(path = "/:id", method = "get", operation_id = "getQueue")]
    async fn get(
        &self,
        can: Can<ReadQueues>,
        Data(app): Data<&App>,
        /// The queue's id.
        id: Path<Uuid>,
    ) -> Reply<QueueOut> {
        Success::ok(queues::get(app, can.scope()?, id.0.into()).await?)
    }
}
