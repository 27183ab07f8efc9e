//! A flow that has been checked and compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::LAST_AGENT;
use crate::node::{Destination, Enqueue, Kind, Node, Sound};
use crate::{Catalog, Finding, NodeType, document};

/// A flow, ready to be stepped through. Cheap to clone and to share between threads; nothing in it changes.
#[derive(Debug, Clone)]
pub struct Flow(pub(crate) Arc<Compiled>);

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    pub(crate) kind: FlowKind,
    pub(crate) parameters: Vec<String>,
    pub(crate) language: String,
    pub(crate) voice: Option<String>,
    pub(crate) start: String,
    pub(crate) nodes: BTreeMap<String, Node>,
}

/// What a flow is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FlowKind {
    /// A call, from its arrival on.
    #[default]
    Call,
    /// What a caller hears who waits in a queue.
    Wait,
    /// What a caller hears whom an agent holds.
    Hold,
    /// What an agent hears before he is joined with a caller.
    Whisper,
}

impl FlowKind {
    pub(crate) const ALL: [Self; 4] = [Self::Call, Self::Wait, Self::Hold, Self::Whisper];

    /// Its name in a document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Wait => "wait",
            Self::Hold => "hold",
            Self::Whisper => "whisper",
        }
    }
}

impl Flow {
    /// Checks and compiles a document, without looking whether its queues and skills exist. A document with a finding
    /// of severity `Error` gives all its findings; warnings alone do not hinder.
    pub fn parse(document: &Value) -> Result<Flow, Vec<Finding>> {
        let (compiled, checker) = document::read(document, &Catalog::unchecked());
        compiled.map(|compiled| Self(Arc::new(compiled))).ok_or(checker.findings)
    }

    /// The flow's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is for.
    pub fn kind(&self) -> FlowKind {
        self.0.kind
    }

    /// The language of its texts, a BCP 47 tag.
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// The arguments that it takes when another flow calls it.
    pub fn parameters(&self) -> &[String] {
        &self.0.parameters
    }

    /// The id and the type of each node, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, NodeType)> {
        self.0.nodes.iter().map(|(id, node)| (id.as_str(), node.kind.node_type()))
    }

    /// The ids or names of the queues that it sends callers to, asks about or lets call back, each once.
    pub fn queues(&self) -> Vec<&str> {
        self.named(|kind| match kind {
            Kind::Enqueue(enqueue) => Some(enqueue.queue.as_str()),
            Kind::Figures(figures) => Some(figures.queue.as_str()),
            Kind::Callback(callback) => Some(callback.queue.as_str()),
            _ => None,
        })
    }

    /// The ids or names of the flows that it calls and goes to, each once.
    pub fn calls(&self) -> Vec<&str> {
        self.named(|kind| match kind {
            Kind::Subflow(subflow) => Some(subflow.flow.as_str()),
            Kind::Goto(flow) => Some(flow.as_str()),
            _ => None,
        })
    }

    /// The names of the library's prompts that it uses, each once.
    pub fn prompts(&self) -> Vec<&str> {
        distinct(self.0.nodes.values().flat_map(|node| node.kind.sounds()).filter_map(|sound| match sound {
            Sound::Library { name, .. } => Some(name.as_str()),
            Sound::Say(_) | Sound::Play(_) => None,
        }))
    }

    /// The ids or names of the agents that it connects callers with or has them wait for, each once, as far as they are
    /// not templates.
    pub fn agents(&self) -> Vec<&str> {
        self.named(|kind| match kind {
            Kind::Transfer(transfer) => match &transfer.to {
                Destination::Agent(agent) => agent.plain(),
                Destination::Number(_) | Destination::Sip(_) => None,
            },
            Kind::Enqueue(Enqueue { prefer_agent: Some(prefer), .. }) => {
                prefer.agent.plain().filter(|agent| !agent.is_empty() && *agent != LAST_AGENT)
            }
            _ => None,
        })
    }

    /// The names of the values that it gives back, each once.
    pub fn returns(&self) -> Vec<&str> {
        let values = self.0.nodes.values().filter_map(|node| match &node.kind {
            Kind::Return(values) => Some(values),
            _ => None,
        });
        distinct(values.flatten().map(|(name, _)| name.as_str()))
    }

    fn named<'f>(&'f self, of: impl Fn(&'f Kind) -> Option<&'f str>) -> Vec<&'f str> {
        distinct(self.0.nodes.values().filter_map(|node| of(&node.kind)))
    }
}

fn distinct<'f>(names: impl Iterator<Item = &'f str>) -> Vec<&'f str> {
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// All that is wrong with a document, in a company that has these queues, skills, agents, prompts and flows: first its
/// head, then node by node in the order of their ids, then its shape.
pub fn validate(document: &Value, catalog: &Catalog) -> Vec<Finding> {
    document::read(document, catalog).1.findings
}
