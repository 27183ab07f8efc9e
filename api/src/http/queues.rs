//! Queues.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{IdleReading, ServiceLevelVariant, Strategy};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::queue_rules::QueueRules;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadQueues, WriteQueues};
use crate::queues::{self, Live, ServiceLevelToday, Settings};
use crate::reports::ask::variant;
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
    /// How long an agent has after a call. It holds him for all his queues.
    wrap_up_seconds: i32,
    /// How long an agent who declined is not offered the same call again.
    decline_cool_off_seconds: i32,
    hold_music_url: Option<String>,
    /// After so long on hold the agent is reminded, and again each time.
    hold_reminder_seconds: i32,
    /// After so long on hold the caller comes back to the agent by himself.
    hold_limit_seconds: i32,
    rules: QueueRules,
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
            hold_reminder_seconds: queue.hold_reminder_seconds,
            hold_limit_seconds: queue.hold_limit_seconds,
            rules: queue.rules.into(),
            agent_ids: agents.into_iter().map(Into::into).collect(),
            created_at: queue.created_at,
        }
    }
}

/// A new queue. What is left out is as usual: longest idle, 20 seconds to ring, 30 to wrap up, no rules.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewQueueIn {
    #[oai(validator(min_length = 1, max_length = 80))]
    name: String,
    strategy: Option<Word<Strategy>>,
    idle_reading: Option<Word<IdleReading>>,
    #[oai(validator(minimum(value = "5"), maximum(value = "120")))]
    ring_seconds: Option<i32>,
    #[oai(validator(minimum(value = "0"), maximum(value = "3600")))]
    wrap_up_seconds: Option<i32>,
    #[oai(validator(minimum(value = "0"), maximum(value = "3600")))]
    decline_cool_off_seconds: Option<i32>,
    /// A web address; an empty text for none.
    hold_music_url: Option<String>,
    #[oai(validator(minimum(value = "10"), maximum(value = "3600")))]
    hold_reminder_seconds: Option<i32>,
    #[oai(validator(minimum(value = "30"), maximum(value = "7200")))]
    hold_limit_seconds: Option<i32>,
    rules: Option<QueueRules>,
    /// Who serves the queue.
    #[oai(validator(max_items = 5000))]
    agent_ids: Option<Vec<Uuid>>,
}

/// What is left out stays as it is. Rules and agents, when given, are all that there are afterwards.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct QueueIn {
    #[oai(validator(min_length = 1, max_length = 80))]
    name: Option<String>,
    strategy: Option<Word<Strategy>>,
    idle_reading: Option<Word<IdleReading>>,
    #[oai(validator(minimum(value = "5"), maximum(value = "120")))]
    ring_seconds: Option<i32>,
    #[oai(validator(minimum(value = "0"), maximum(value = "3600")))]
    wrap_up_seconds: Option<i32>,
    #[oai(validator(minimum(value = "0"), maximum(value = "3600")))]
    decline_cool_off_seconds: Option<i32>,
    /// A web address; an empty text for none.
    hold_music_url: Option<String>,
    #[oai(validator(minimum(value = "10"), maximum(value = "3600")))]
    hold_reminder_seconds: Option<i32>,
    #[oai(validator(minimum(value = "30"), maximum(value = "7200")))]
    hold_limit_seconds: Option<i32>,
    rules: Option<QueueRules>,
    /// Who serves the queue.
    #[oai(validator(max_items = 5000))]
    agent_ids: Option<Vec<Uuid>>,
}

impl From<QueueIn> for Settings {
    fn from(body: QueueIn) -> Self {
        Self {
            name: body.name,
            strategy: body.strategy.map(|word| word.0),
            idle_reading: body.idle_reading.map(|word| word.0),
            ring_seconds: body.ring_seconds,
            wrap_up_seconds: body.wrap_up_seconds,
            decline_cool_off_seconds: body.decline_cool_off_seconds,
            hold_music_url: body.hold_music_url,
            hold_reminder_seconds: body.hold_reminder_seconds,
            hold_limit_seconds: body.hold_limit_seconds,
            rules: body.rules.map(Into::into),
            agents: body.agent_ids.map(|ids| ids.into_iter().map(AgentId).collect()),
        }
    }
}

impl From<NewQueueIn> for Settings {
    fn from(body: NewQueueIn) -> Self {
        Self {
            name: Some(body.name),
            strategy: body.strategy.map(|word| word.0),
            idle_reading: body.idle_reading.map(|word| word.0),
            ring_seconds: body.ring_seconds,
            wrap_up_seconds: body.wrap_up_seconds,
            decline_cool_off_seconds: body.decline_cool_off_seconds,
            hold_music_url: body.hold_music_url,
            hold_reminder_seconds: body.hold_reminder_seconds,
            hold_limit_seconds: body.hold_limit_seconds,
            rules: body.rules.map(Into::into),
            agents: body.agent_ids.map(|ids| ids.into_iter().map(AgentId).collect()),
        }
    }
}

/// How a queue stands at one moment.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QueueLiveOut {
    queue_id: Uuid,
    at: DateTime<Utc>,
    /// Callers without an agent yet.
    waiting: u64,
    /// Those of `waiting` who are being offered.
    in_offer: u64,
    /// Callers whose agent is being connected; not in `waiting`.
    connecting: u64,
    /// Of the visit that began first; 0 when nobody waits.
    longest_wait_seconds: u64,
    /// Agents of the queue who are ready, in a call or not.
    staffed: u64,
    /// Those of `staffed` who could take a call.
    available: u64,
    /// The calls that `available` could take.
    free_slots: u64,
    /// Of somebody who would come now; absent without data.
    expected_wait_seconds: Option<u64>,
    /// Who is to be called back, in the line or at a later time. Those in the line are in `waiting` as well.
    callbacks: u64,
    service_level: ServiceLevelOut,
}

/// The service level of those who came since the company's midnight, as the company counts it.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ServiceLevelOut {
    /// Absent while nobody counts.
    percent: Option<f64>,
    target_percent: u32,
    target_seconds: u32,
    short_abandon_seconds: u32,
    variant: Word<ServiceLevelVariant>,
    /// What this way of counting is called.
    name: String,
    /// In words; X is `targetSeconds`, S `shortAbandonSeconds`.
    formula: String,
    numerator: u64,
    denominator: u64,
    answered: u64,
    /// Those of `answered` who waited for `targetSeconds` at most.
    answered_in_time: u64,
    abandoned: u64,
    /// Those of `abandoned` who gave up within `shortAbandonSeconds`.
    short_abandons: u64,
}

impl From<ServiceLevelToday> for ServiceLevelOut {
    fn from(today: ServiceLevelToday) -> Self {
        Self {
            percent: today.ratio.percent(),
            target_percent: today.target.target_percent,
            target_seconds: today.target.target_seconds,
            short_abandon_seconds: today.target.short_abandon_seconds,
            variant: Word(today.variant),
            name: today.variant.as_str().replace('_', " "),
            formula: variant(today.variant).formula().to_owned(),
            numerator: today.ratio.numerator,
            denominator: today.ratio.denominator,
            answered: today.answered,
            answered_in_time: today.answered_in_time,
            abandoned: today.abandoned,
            short_abandons: today.short_abandons,
        }
    }
}

impl From<Live> for QueueLiveOut {
    fn from(live: Live) -> Self {
        let figures = live.figures;
        Self {
            queue_id: live.queue.into(),
            at: live.at,
            waiting: count(figures.waiting),
            in_offer: count(figures.in_offer),
            connecting: count(figures.reserved),
            longest_wait_seconds: figures.longest_wait.map_or(0, |wait| wait.as_secs()),
            staffed: count(figures.staffed),
            available: count(figures.available),
            free_slots: count(figures.free_slots),
            expected_wait_seconds: live.expected_wait.map(|wait| wait.as_secs()),
            callbacks: live.callbacks,
            service_level: live.service_level.into(),
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[OpenApi(prefix_path = "/api/queues", tag = "Tag::Queues")]
impl Queues {
    /// Lists the company's queues.
    #[oai(path = "/", method = "get", operation_id = "listQueues")]
    async fn list(&self, can: Can<ReadQueues>, Data(app): Data<&App>) -> Reply<Vec<QueueOut>> {
        Success::list(queues::all(app, can.scope()?).await?)
    }

    /// Makes a queue.
    #[oai(path = "/", method = "post", operation_id = "createQueue")]
    async fn post(
        &self,
        can: Can<WriteQueues>,
        Data(app): Data<&App>,
        body: JsonBody<NewQueueIn>,
    ) -> Result<Created<QueueOut>, Failure> {
        Created::of(queues::create(app, can.scope()?, body.0.into()).await?)
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

    /// Changes a queue.
    ///
    /// Who waits in it keeps the overflow steps and the longest wait under which he came. A name that flows use stays.
    #[oai(path = "/:id", method = "put", operation_id = "updateQueue")]
    async fn put(
        &self,
        can: Can<WriteQueues>,
        Data(app): Data<&App>,
        /// The queue's id.
        id: Path<Uuid>,
        body: JsonBody<QueueIn>,
    ) -> Reply<QueueOut> {
        Success::ok(queues::change(app, can.scope()?, id.0.into(), body.0.into()).await?)
    }

    /// Deletes a queue.
    ///
    /// Not one in which somebody waits, nor one that flows or other queues send callers to: the failure names them.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteQueue")]
    async fn delete(
        &self,
        can: Can<WriteQueues>,
        Data(app): Data<&App>,
        /// The queue's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        queues::delete(app, can.scope()?, id.0.into()).await?;
        Done::saying("Deleted.")
    }

    /// Shows how a queue stands now, and its service level today.
    #[oai(path = "/:id/live", method = "get", operation_id = "getQueueLive")]
    async fn live(
        &self,
        can: Can<ReadQueues>,
        Data(app): Data<&App>,
        /// The queue's id.
        id: Path<Uuid>,
    ) -> Reply<QueueLiveOut> {
        Success::ok(queues::live(app, can.scope()?, id.0.into()).await?)
    }
}
