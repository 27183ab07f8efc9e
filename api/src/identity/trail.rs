//! What is known of the request under way, beside what its handler is given: from where it came, who sent it, and what was
//! counted against him. The audit and the limits are written from it. Outside a request there is none.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use entity::id::{ApiKeyId, CompanyId, UserId};
use uuid::Uuid;

use crate::limits::Count;

tokio::task_local! {
    static REQUEST: Arc<Trail>;
}

#[derive(Debug)]
pub struct Trail {
    /// In capitals.
    pub method: String,
    pub path: String,
    /// The client's address, as far as the proxies that we trust tell it.
    pub address: Option<IpAddr>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    asker: Option<Asker>,
    audited: bool,
    count: Option<Count>,
}

/// Who may do what he asks for.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    pub user: UserId,
    pub company: Option<CompanyId>,
    pub key: Option<ApiKeyId>,
    pub permission: &'static str,
}

impl Trail {
    pub fn new(method: &str, path: &str, address: Option<IpAddr>) -> Arc<Self> {
        let (method, path) = (method.to_owned(), path.to_owned());
        Arc::new(Self { method, path, address, state: Mutex::default() })
    }

    /// Runs `request` with this trail behind it.
    pub async fn behind<F: Future>(self: Arc<Self>, request: F) -> F::Output {
        REQUEST.scope(self, request).await
    }

    /// Of the request under way.
    pub fn current() -> Option<Arc<Self>> {
        REQUEST.try_with(Arc::clone).ok()
    }

    /// The last id in the path: what the request is about.
    pub fn subject(&self) -> Option<Uuid> {
        self.path.rsplit('/').find_map(|part| part.parse().ok())
    }

    /// As whom limits count who has no credentials: a network of IPv6 as one, since whoever has one address has all of it.
    pub fn from(&self) -> Option<String> {
        Some(match self.address? {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(address) => address.to_string(),
                None => {
                    let [a, b, c, d, ..] = address.segments();
                    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
                }
            },
        })
    }

    pub fn asker(&self) -> Option<Asker> {
        self.lock().asker
    }

    pub fn is_of(&self, asker: Asker) {
        self.lock().asker = Some(asker);
    }

    /// The audit has a line about the request.
    pub fn was_audited(&self) {
        self.lock().audited = true;
    }

    pub fn is_audited(&self) -> bool {
        self.lock().audited
    }

    /// What was counted: of several counts the one that runs out first is told.
    pub fn counted(&self, count: Count) {
        let told = &mut self.lock().count;
        if told.is_none_or(|other| count.remaining <= other.remaining) {
            *told = Some(count);
        }
    }

    pub fn count(&self) -> Option<Count> {
        self.lock().count
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
