//! The flows that others call and go to, at hand for those who run calls without a server.

use std::collections::BTreeMap;

use crate::{Flow, FlowRef, Session};

/// Compiled flows by their references, and which of them an id or a name stands for now.
#[derive(Debug, Clone, Default)]
pub struct Flows {
    flows: BTreeMap<FlowRef, Flow>,
    names: BTreeMap<String, FlowRef>,
}

impl Flows {
    /// None: what is called is not found.
    pub fn none() -> Self {
        Self::default()
    }

    /// A version of a flow.
    pub fn add(&mut self, reference: FlowRef, flow: Flow) {
        self.flows.insert(reference, flow);
    }

    /// What this id or name stands for when a flow asks for it.
    pub fn name(&mut self, id_or_name: impl Into<String>, reference: FlowRef) {
        self.names.insert(id_or_name.into(), reference);
    }

    pub(crate) fn find(&self, id_or_name: &str) -> Option<&FlowRef> {
        self.names.get(id_or_name).filter(|reference| self.flows.contains_key(*reference))
    }

    /// The flow that a session's next step is to be given, in a call that began with `own`.
    pub(crate) fn of<'a>(&'a self, own: &'a Flow, session: &Session) -> Option<&'a Flow> {
        match session.flow() {
            None => Some(own),
            Some(reference) => self.flows.get(reference),
        }
    }
}
