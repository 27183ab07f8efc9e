//! Wake-ups: what may be lost. Every receiver also looks by itself once a second, so that a bus that drops everything
//! makes the service slower and nothing else. Beside them what is fleeting: told to the sockets of all nodes, and to nobody later.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use clock::{Busy, Clock, Signal};
use entity::id::CompanyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod redis;

pub use redis::RedisBus;

/// Something was committed that somebody may be waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wake {
    /// A job is due.
    Jobs,
    /// A company's routing index has changes to read.
    Routing(CompanyId),
    /// A company's outbox has news.
    Outbox(CompanyId),
}

/// An event for sockets that is of no use a moment later: somebody is writing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fleeting {
    pub company: CompanyId,
    /// Names of rooms.
    pub rooms: Vec<String>,
    pub event: String,
    pub payload: Value,
}

/// Fleeting events that wait to be told on this node at most; what comes beyond is dropped.
const FLEETING: usize = 10_000;

/// Carries wake-ups and what is fleeting to the other nodes.
pub trait Remote: Send + Sync {
    fn publish(&self, wake: Wake);
    fn tell(&self, event: Fleeting);
    fn connection(&self) -> Connection;
}

/// For `/health/ready`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    Connected,
    /// Nodes poll until it is back.
    Lost,
    /// There is no other node to talk to.
    Alone,
}

/// What becomes of wake-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Deliver,
    /// For tests of the polling that stands behind every wake-up.
    DropEverything,
}

/// Wakes the receivers of this node and, when there are others, theirs.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    delivery: Delivery,
    jobs: Signal,
    routing: Inbox,
    outbox: Inbox,
    fleeting: (Signal, Mutex<Vec<Fleeting>>),
    remote: OnceLock<Arc<dyn Remote>>,
}

impl Bus {
    pub fn new(clock: &Clock, delivery: Delivery) -> Self {
        Self(Arc::new(Inner {
            delivery,
            jobs: Signal::new(clock),
            routing: Inbox::new(clock),
            outbox: Inbox::new(clock),
            fleeting: (Signal::new(clock), Mutex::default()),
            remote: OnceLock::new(),
        }))
    }

    /// Joins the other nodes. Once.
    pub fn connect(&self, remote: Arc<dyn Remote>) {
        let _ = self.0.remote.set(remote);
    }

    /// Tells this node and the others.
    pub fn wake(&self, wake: Wake) {
        self.wake_here(wake);
        if let (Some(remote), Delivery::Deliver) = (self.0.remote.get(), self.0.delivery) {
            remote.publish(wake);
        }
    }

    /// Tells this node.
    pub fn wake_here(&self, wake: Wake) {
        match (self.0.delivery, wake) {
            (Delivery::DropEverything, _) => {}
            (Delivery::Deliver, Wake::Jobs) => self.0.jobs.raise(),
            (Delivery::Deliver, Wake::Routing(company)) => self.0.routing.put(company),
            (Delivery::Deliver, Wake::Outbox(company)) => self.0.outbox.put(company),
        }
    }

    /// Tells the sockets of this node and of the others.
    pub fn tell(&self, event: Fleeting) {
        if let (Some(remote), Delivery::Deliver) = (self.0.remote.get(), self.0.delivery) {
            remote.tell(event.clone());
        }
        self.tell_here(event);
    }

    /// Tells the sockets of this node.
    pub fn tell_here(&self, event: Fleeting) {
        let (signal, waiting) = &self.0.fleeting;
        let mut waiting = waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if self.0.delivery == Delivery::Deliver && waiting.len() < FLEETING {
            waiting.push(event);
            signal.raise();
        }
    }

    /// What is to be told here.
    pub async fn fleeting(&self) -> (Busy, Vec<Fleeting>) {
        let (signal, waiting) = &self.0.fleeting;
        let busy = signal.raised().await;
        let told = std::mem::take(&mut *waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        (busy, told)
    }

    pub async fn jobs(&self) -> Busy {
        self.0.jobs.raised().await
    }

    pub async fn routing(&self) -> (Busy, BTreeSet<CompanyId>) {
        self.0.routing.take().await
    }

    pub async fn outbox(&self) -> (Busy, BTreeSet<CompanyId>) {
        self.0.outbox.take().await
    }

    pub fn connection(&self) -> Connection {
        self.0.remote.get().map_or(Connection::Alone, |remote| remote.connection())
    }
}

/// Companies that something happened to, until they are taken.
struct Inbox {
    signal: Signal,
    companies: Mutex<BTreeSet<CompanyId>>,
}

impl Inbox {
    fn new(clock: &Clock) -> Self {
        Self { signal: Signal::new(clock), companies: Mutex::default() }
    }

    fn put(&self, company: CompanyId) {
        self.companies.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(company);
        self.signal.raise();
    }

    async fn take(&self) -> (Busy, BTreeSet<CompanyId>) {
        let busy = self.signal.raised().await;
        let companies =
            std::mem::take(&mut *self.companies.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        (busy, companies)
    }
}
