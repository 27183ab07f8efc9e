//! Whether this server is alive and can do its work: for probes and load balancers.

use poem::web::Data;
use poem_openapi::{Enum, Object, OpenApi};

use super::Tag;
use super::envelope::{Failure, Reply, Success};
use crate::app::App;
use crate::bus::Connection;
use crate::error::Error;
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
}

async fn ready(app: &App) -> Reply<HealthOut> {
    if let Err(cause) = system::ping(app.db.reader()).await {
        tracing::error!(?cause, "the database cannot be reached");
        let (code, message) = ("DATABASE_UNREACHABLE", "The database cannot be reached.");
        return Err(Failure(Error::Unavailable { code, message }));
    }
    let bus = app.bus.connection().into();
    Success::ok(HealthOut { database: Reachability::Connected, bus, version: version() })
}

pub(super) fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}
