//! The composition root: the one file that picks SQLite or PostgreSQL, in-process or Redis, and joins the parts.

use std::ops::Deref;
use std::sync::Arc;

use clock::Clock;
use entity::id::NodeId;

use crate::authz::Table;
use crate::bus::{Bus, Delivery, RedisBus};
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::identity::attempts::Attempts;
use crate::ids::Ids;
use crate::keys::Keys;
use crate::store::Database;

/// Everything that a use case needs; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub settings: Settings,
    pub clock: Clock,
    pub ids: Ids,
    /// This process, anew at every start.
    pub node: NodeId,
    pub keys: Keys,
    pub db: Database,
    pub bus: Bus,
    /// The evaluated policy.
    pub authz: Table,
    /// Wrong passwords of late.
    pub attempts: Attempts,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Connects to what the settings name. Does not migrate and starts no work.
    pub async fn build(settings: Settings, clock: Clock, delivery: Delivery) -> Result<Self> {
        std::fs::create_dir_all(&settings.data_dir)
            .map_err(|cause| Error::internal(format!("make {}", settings.data_dir.display()), cause))?;
        let keys = Keys::load(&settings)?;
        let db = Database::connect(&settings).await?;
        let bus = Bus::new(&clock, delivery);
        if let Some(url) = &settings.redis_url {
            let remote =
                RedisBus::start(url, &bus, &clock).map_err(|cause| Error::internal("REDIS_URL", cause))?;
            bus.connect(remote);
        }
        let ids = Ids::new(clock.clone());
        let node = ids.next();
        let authz = Table::compile().await?;
        Ok(Self(Arc::new(Parts {
            settings,
            clock,
            ids,
            node,
            keys,
            db,
            bus,
            authz,
            attempts: Attempts::default(),
        })))
    }
}
