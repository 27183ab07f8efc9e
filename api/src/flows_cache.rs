//! Compiled flows of published versions. A version never changes, so what is here is never stale.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use entity::id::FlowVersionId;
use ivr_engine::Flow;

/// More are not kept: all are forgotten and compiled anew when they are needed.
const MOST: usize = 1_000;

#[derive(Default)]
pub struct FlowCache(Mutex<HashMap<FlowVersionId, Arc<Flow>>>);

impl FlowCache {
    pub fn get(&self, version: FlowVersionId) -> Option<Arc<Flow>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&version).cloned()
    }

    pub fn keep(&self, version: FlowVersionId, flow: Flow) -> Arc<Flow> {
        let flow = Arc::new(flow);
        let mut kept = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if kept.len() >= MOST {
            kept.clear();
        }
        kept.insert(version, flow.clone());
        flow
    }
}
