//! Whether this server is alive and can do its work: for probes and load balancers.

use chrono::{DateTime, Utc};
use entity::JobState;
use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};

use super::Tag;
use super::envelope::{Failure, Reply, Success};
use super::operator::Operator;
use crate::app::App;
use crate::bus::Connection;
use crate::error::{Code, Error};
use crate::health::{self, Report, Service, State};
use crate::metrics::{Resources, Standing};
use crate::store::system;

pub struct Health;

/// How this server is.
#[derive(Object, Debug)]
pub struct HealthOut {
    pub database: Reachability,
    /// The way to the other nodes. When it is lost, nodes poll: slower, and no call is lost.
    pub bus: Reachability,
    pub version: String,
}

/// Whether something that the server needs can be reached.
#[derive(Enum, Debug)]
#[oai(rename_all = "snake_case")]
pub enum Reachability {
    Connected,
    Lost,
    /// There is nothing to connect to.
    Alone,
}

impl From<Connection> for Reachability {
    fn from(connection: Connection) -> Self {
        match connection {
            Connection::Connected => Self::Connected,
            Connection::Lost => Self::Lost,
            Connection::Alone => Self::Alone,
        }
    }
}

/// The process answers.
#[derive(Object, Debug)]
pub struct AliveOut {
    pub version: String,
}

/// What the server depends on, how it is used, and what it takes.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct ServicesOut {
    /// `degraded`: something that calls need does not answer.
    pub status: Condition,
    pub services: ServiceStatesOut,
    pub statistics: StatisticsOut,
    pub resources: ResourcesOut,
    /// What somebody should look at, in words.
    pub warnings: Vec<String>,
    pub version: String,
    pub timestamp: DateTime<Utc>,
}

/// How a state is rated.
#[derive(Enum, Debug)]
#[oai(rename_all = "snake_case")]
pub enum Condition {
    Healthy,
    Degraded,
}

/// How what the server depends on stands.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct ServiceStatesOut {
    pub database: ServiceOut,
    pub redis: ServiceOut,
    /// Where recordings and other files are.
    pub storage: ServiceOut,
    /// The mail server.
    pub mail: ServiceOut,
    /// Of telephone calls.
    pub provider: ProviderOut,
    pub websocket: WebsocketOut,
}

/// Something that the server depends on.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ServiceOut {
    pub configured: bool,
    pub connected: bool,
    /// Milliseconds until it answered.
    pub latency: Option<f64>,
}

/// The telephone network.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ProviderOut {
    /// The platform has an account.
    pub configured: bool,
    /// When it last sent this node a request that it had signed, since the node was started.
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// The sockets of this server.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct WebsocketOut {
    /// Signed-in sockets of this node.
    pub connected_users: u64,
    pub is_active: bool,
}

/// Of all companies together. Absent when the database does not answer.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct StatisticsOut {
    /// Calls with anybody on a line.
    pub calls_in_progress: Option<i64>,
    pub callers_waiting: Option<i64>,
    pub jobs_waiting: Option<i64>,
    pub jobs_running: Option<i64>,
    pub jobs_failed: Option<i64>,
    pub mails_waiting: Option<i64>,
    pub mails_failed: Option<i64>,
    pub database_connections: u32,
    pub database_connections_idle: u64,
}

/// What this process takes of the machine, where that is known.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ResourcesOut {
    /// Seconds since it was started.
    pub uptime: Option<f64>,
    pub cpu_seconds: Option<f64>,
    pub memory_bytes: Option<u64>,
    pub memory_limit_bytes: Option<u64>,
    pub open_files: Option<u64>,
    pub open_files_limit: Option<u64>,
    pub threads: Option<u64>,
}

impl From<Service> for ServiceOut {
    fn from(service: Service) -> Self {
        Self {
            configured: service.state != State::NotConfigured,
            connected: service.state == State::Up,
            latency: service.latency.map(|latency| latency.as_secs_f64() * 1000.0),
        }
    }
}

impl From<&Standing> for StatisticsOut {
    fn from(standing: &Standing) -> Self {
        let figures = standing.figures.as_ref();
        let of = |counts: Option<&Vec<(JobState, i64)>>, state| {
            let count = |counts: &Vec<(JobState, i64)>| {
                counts.iter().find(|(known, _)| *known == state).map_or(0, |c| c.1)
            };
            counts.map(count)
        };
        let (jobs, mails) = (figures.map(|figures| &figures.jobs), figures.map(|figures| &figures.mails));
        Self {
            calls_in_progress: figures.map(|figures| figures.calls.iter().map(|(_, count)| count).sum()),
            callers_waiting: figures.map(|figures| figures.waiting.callers),
            jobs_waiting: of(jobs, JobState::Queued),
            jobs_running: of(jobs, JobState::Running),
            jobs_failed: of(jobs, JobState::Failed),
            mails_waiting: of(mails, JobState::Queued),
            mails_failed: of(mails, JobState::Failed),
            database_connections: standing.pools.iter().map(|pool| pool.open).sum(),
            database_connections_idle: standing.pools.iter().map(|pool| pool.idle as u64).sum(),
        }
    }
}

impl From<Resources> for ResourcesOut {
    fn from(taken: Resources) -> Self {
        Self {
            uptime: taken.uptime,
            cpu_seconds: taken.cpu_seconds,
            memory_bytes: taken.resident,
            memory_limit_bytes: taken.memory_limit,
            open_files: taken.open_files,
            open_files_limit: taken.open_files_limit,
            threads: taken.threads,
        }
    }
}

impl From<Report> for ServicesOut {
    fn from(report: Report) -> Self {
        Self {
            status: if report.is_healthy() { Condition::Healthy } else { Condition::Degraded },
            statistics: (&report.standing).into(),
            resources: report.standing.resources.into(),
            services: ServiceStatesOut {
                database: report.database.into(),
                redis: report.redis.into(),
                storage: report.storage.into(),
                mail: report.mail.into(),
                provider: ProviderOut {
                    configured: report.provider.state != State::NotConfigured,
                    last_seen_at: report.provider_seen,
                },
                websocket: WebsocketOut { connected_users: report.standing.sockets as u64, is_active: true },
            },
            warnings: report.warnings,
            version: version(),
            timestamp: report.at,
        }
    }
}

#[OpenApi(tag = "Tag::Health")]
impl Health {
    /// Tells how the server is.
    #[oai(path = "/health", method = "get", operation_id = "getHealth")]
    async fn health(&self, Data(app): Data<&App>) -> Reply<HealthOut> {
        ready(app).await
    }

    /// Tells that the process answers.
    ///
    /// For a liveness probe: it asks nothing of the database.
    #[oai(path = "/health/live", method = "get", operation_id = "getLiveness")]
    async fn live(&self) -> Reply<AliveOut> {
        Success::ok(AliveOut { version: version() })
    }

    /// Tells whether the server can do its work.
    ///
    /// 503 when the database cannot be reached. Without the bus the server is slower, and still ready.
    #[oai(path = "/health/ready", method = "get", operation_id = "getReadiness")]
    async fn ready(&self, Data(app): Data<&App>) -> Reply<HealthOut> {
        ready(app).await
    }

    /// Tells how the server and all that it depends on are.
    ///
    /// For operators: with the OPERATOR_TOKEN of the settings as the bearer token, or as the platform's administrator. The
    /// database, the files and the mail server are asked now, five seconds at most. 200 also when something is down: `status`
    /// and `warnings` say so. Probes ask `/health/ready`.
    #[oai(path = "/health/services", method = "get", operation_id = "getServices")]
    async fn services(&self, _operator: Operator, Data(app): Data<&App>) -> Reply<ServicesOut> {
        Success::ok(health::report(app).await?)
    }
}

async fn ready(app: &App) -> Reply<HealthOut> {
    if let Err(cause) = system::ping(app.db.reader()).await {
        tracing::error!(?cause, "the database cannot be reached");
        let (code, message) = (Code::DatabaseUnreachable, "The database cannot be reached.");
        return Err(Failure(Error::Unavailable { code, message }));
    }
    let bus = app.bus.connection().into();
    Success::ok(HealthOut { database: Reachability::Connected, bus, version: version() })
}

pub(super) fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
