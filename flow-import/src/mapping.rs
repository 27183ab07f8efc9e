//! What the references of the source are called in the company.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// From the references of a [`Report`](crate::Report), as they are written there, to what they are here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mapping(pub BTreeMap<String, Target>);

/// What a reference is here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Target {
    /// The id or name of a queue, flow, prompt, agent or skill, or the address of a request. A workflow of TaskRouter is
    /// a queue, or with the prefix `flow:` a flow.
    Name(String),
    /// Opening hours, as in a node `hours`: `{"zone", "weekly", "exceptions"}`. Flows keep their hours themselves, so
    /// this is what hours of operation are mapped to.
    Schedule(Value),
}

impl Mapping {
    /// The name that a reference has here; blank ones do not count.
    pub(crate) fn name(&self, reference: &str) -> Option<&str> {
        match self.0.get(reference) {
            Some(Target::Name(name)) => Some(name.trim()).filter(|name| !name.is_empty()),
            Some(Target::Schedule(_)) | None => None,
        }
    }

    /// The opening hours that a reference has here.
    pub(crate) fn schedule(&self, reference: &str) -> Option<&Value> {
        match self.0.get(reference) {
            Some(Target::Schedule(schedule)) => Some(schedule),
            Some(Target::Name(_)) | None => None,
        }
    }
}

impl<R: Into<String>, N: Into<String>> FromIterator<(R, N)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (R, N)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(from, to)| (from.into(), Target::Name(to.into()))).collect())
    }
}
