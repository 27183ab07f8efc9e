//! How much may be under way to others at once: so much for this node, and so much of it for one company, so that nobody's
//! slow server takes the place of another's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use entity::id::CompanyId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many lanes.
#[derive(Clone, Copy, Debug)]
pub struct Width {
    pub node: usize,
    pub company: usize,
}

pub struct Lanes {
    width: Width,
    node: Arc<Semaphore>,
    companies: Mutex<HashMap<CompanyId, Arc<Semaphore>>>,
}

/// The right to be under way.
pub struct Lane {
    _node: OwnedSemaphorePermit,
    _company: OwnedSemaphorePermit,
}

impl Lanes {
    /// For what a caller waits for.
    pub const REQUESTS: Width = Width { node: 512, company: 32 };
    /// For what takes minutes, and nobody waits for.
    pub const HOOKS: Width = Width { node: 64, company: 4 };
    /// For what is told in passing.
    pub const WEBHOOKS: Width = Width { node: 128, company: 8 };

    pub fn new(width: Width) -> Self {
        Self { width, node: Arc::new(Semaphore::new(width.node)), companies: Mutex::default() }
    }

    /// Waits for its turn.
    pub async fn enter(&self, company: CompanyId) -> Lane {
        let own = {
            let mut companies = self.companies.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            companies.entry(company).or_insert_with(|| Arc::new(Semaphore::new(self.width.company))).clone()
        };
        let company = own.acquire_owned().await.expect("never closed");
        let node = self.node.clone().acquire_owned().await.expect("never closed");
        Lane { _node: node, _company: company }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_company_that_fills_its_lanes_leaves_those_of_others() {
        let (lanes, busy, other) =
            (Lanes::new(Lanes::HOOKS), CompanyId(Uuid::from_u128(1)), CompanyId(Uuid::from_u128(2)));
        let mut held = Vec::new();
        for _ in 0..Lanes::HOOKS.company {
            held.push(lanes.enter(busy).await);
        }
        assert!(lanes.enter(busy).now_or_never().is_none());
        assert!(lanes.enter(other).now_or_never().is_some());
        held.pop();
        assert!(lanes.enter(busy).now_or_never().is_some());
    }
}
