//! The composition root: the one file that picks SQLite or PostgreSQL, in-process or Redis, and joins the parts.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clock::Clock;
use entity::id::{CompanyId, NodeId};
use tokio::sync::Semaphore;

use crate::authz::Table;
use crate::bus::{Bus, Delivery, RedisBus};
use crate::calls::request::Underway;
use crate::calls::router::{self, Desks};
use crate::calls::sweep::Mends;
use crate::calls::urls::Urls;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::exports::Places;
use crate::files::Buckets;
use crate::flows::replay::AT_ONCE;
use crate::flows_cache::FlowCache;
use crate::identity::firebase;
use crate::ids::Ids;
use crate::jobs::{self, Workshop};
use crate::keys::Keys;
use crate::limits::{Limiter, Rules};
use crate::media::MediaDesk;
use crate::metrics::Metrics;
use crate::notices;
use crate::outbound::mail::{self, Mailer};
use crate::outbound::sms::{self, Texter};
use crate::outbound::web::{Lanes, Web};
use crate::providers::Providers;
use crate::realtime::{self, Sockets};
use crate::reports;
use crate::storage::{Folder, S3, Storage};
use crate::store::{Database, mails, phone_messages, system};

/// Everything that a use case needs; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub settings: Settings,
    pub clock: Clock,
    pub ids: Ids,
    /// What is counted of all this.
    pub metrics: Arc<Metrics>,
    /// This process, anew at every start.
    pub node: NodeId,
    pub started_at: DateTime<Utc>,
    pub keys: Keys,
    pub db: Database,
    pub bus: Bus,
    pub providers: Providers,
    pub storage: Arc<dyn Storage>,
    /// The ways to companies' own buckets.
    pub buckets: Buckets,
    pub flows: FlowCache,
    pub desks: Desks,
    /// What this node does of the jobs.
    pub workshop: Workshop,
    /// What the sweeper mended on this node.
    pub mends: Mends,
    /// The connected sockets of this node.
    pub sockets: Sockets,
    /// The evaluated policy.
    pub authz: &'static Table,
    /// How often things were done of late.
    pub limiter: Limiter,
    /// How often they may be done.
    pub limits: Rules,
    /// The way by which mail leaves.
    pub mailer: Mailer,
    /// Wakes who carries messages to telephone numbers.
    pub texter: Texter,
    /// The keys of Firebase, where its tokens are believed.
    pub firebase: Option<firebase::Keys>,
    /// The ways to people's phones.
    pub push: notices::Services,
    /// The way to addresses that tenants give.
    pub web: Web,
    /// How many requests of flows may be under way there.
    pub lanes: Lanes,
    /// The same for what is told to hooks.
    pub hook_lanes: Lanes,
    /// The same for events that endpoints are told of.
    pub webhook_lanes: Lanes,
    /// The same for what phones are told.
    pub push_lanes: Lanes,
    /// The requests of flows that this node has under way.
    pub underway: Underway,
    /// Places for exports.
    pub exports: Places,
    /// What uploads and their pictures need.
    pub media: MediaDesk,
    /// Places for replays.
    pub replays: Arc<Semaphore>,
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
        let db = Database::connect(&settings).await?;
        Self::build_on(db, settings, clock, delivery).await
    }

    /// The same on a database that is connected.
    pub async fn build_on(
        db: Database,
        settings: Settings,
        clock: Clock,
        delivery: Delivery,
    ) -> Result<Self> {
        let keys = Keys::load(&settings)?;
        let ids = Ids::new(clock.clone());
        let node = ids.next();
        let bus = Bus::new(&clock, delivery);
        if let Some(url) = &settings.redis_url {
            let remote = RedisBus::start(url, &bus, &clock, node)
                .map_err(|cause| Error::internal("REDIS_URL", cause))?;
            bus.connect(remote);
        }
        let providers = Providers::new(&settings, &keys);
        let storage: Arc<dyn Storage> = match &settings.s3 {
            Some(s3) => Arc::new(S3::new(s3)),
            None => Arc::new(Folder::new(settings.upload_path.clone())),
        };
        let (flows, desks) = (FlowCache::default(), Desks::default());
        let exports = Places::of(&settings.exports);
        let authz = Table::compiled().await?;
        let limiter =
            Limiter::new(settings.redis_url.as_ref()).map_err(|cause| Error::internal("REDIS_URL", cause))?;
        let limits = Rules::of(&settings);
        let mailer = Mailer::new(&settings, &clock)?;
        let media = MediaDesk::new(&settings)?;
        let texter = Texter::new(&clock);
        let firebase = settings.firebase.as_ref().map(firebase::Keys::new).transpose()?;
        let push = notices::Services::new(&settings.push, &clock)?;
        let web = Web::new(&settings.public_url, settings.outbound_allow.clone())?;
        let started_at = clock.now();
        Ok(Self(Arc::new(Parts {
            settings,
            clock,
            ids,
            metrics: Arc::new(Metrics::new()?),
            node,
            started_at,
            keys,
            db,
            bus,
            providers,
            storage,
            buckets: Buckets::default(),
            flows,
            desks,
            workshop: Workshop::default(),
            mends: Mends::default(),
            sockets: Sockets::default(),
            authz,
            limiter,
            limits,
            mailer,
            texter,
            firebase,
            push,
            web,
            lanes: Lanes::new(Lanes::REQUESTS),
            hook_lanes: Lanes::new(Lanes::HOOKS),
            webhook_lanes: Lanes::new(Lanes::WEBHOOKS),
            push_lanes: Lanes::new(Lanes::WEBHOOKS),
            underway: Underway::default(),
            exports,
            media,
            replays: Arc::new(Semaphore::new(AT_ONCE)),
        })))
    }

    /// Starts what this node does by itself: jobs, mail, routing, and telling its sockets. They run until the process ends.
    pub async fn start_work(&self) -> Result<()> {
        system::free_leases_of_the_dead(self).await?;
        mails::free_leases_of_the_dead(self).await?;
        phone_messages::free_leases_of_the_dead(self).await?;
        // A caller who wants to be called back must not wait for them.
        tokio::task::spawn_blocking(crate::calls::outbound::load_plans);
        tokio::spawn(jobs::run(self.clone()));
        tokio::spawn(jobs::housekeeping::run(self.clone()));
        tokio::spawn(mail::run(self.clone()));
        tokio::spawn(sms::run(self.clone()));
        tokio::spawn(router::run(self.clone()));
        tokio::spawn(realtime::run(self.clone()));
        tokio::spawn(reports::run(self.clone()));
        Ok(())
    }

    /// The addresses that the provider is given for a company's calls.
    pub fn urls(&self, company: CompanyId) -> Urls {
        Urls::new(&self.settings.public_url, company)
    }
}
