//! A flow that has been checked and compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::node::Node;
use crate::{Catalog, Finding, NodeType, document};

/// A flow, ready to be stepped through. Cheap to clone and to share between threads; nothing in it changes.
#[derive(Debug, Clone)]
pub struct Flow(pub(crate) Arc<Compiled>);

#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) name: String,
    pub(crate) language: String,
    pub(crate) voice: Option<String>,
    pub(crate) start: String,
    pub(crate) nodes: BTreeMap<String, Node>,
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

    /// The language of its texts, a BCP 47 tag.
    pub fn language(&self) -> &str {
        &self.0.language
    }

    /// The id and the type of each node, by id.
    pub fn nodes(&self) -> impl Iterator<Item = (&str, NodeType)> {
        self.0.nodes.iter().map(|(id, node)| (id.as_str(), node.kind.node_type()))
    }

    /// The ids or names of the queues that it sends callers to, each once.
    pub fn queues(&self) -> Vec<&str> {
        let mut queues: Vec<&str> = self
            .0
            .nodes
            .values()
            .filter_map(|node| match &node.kind {
                crate::node::Kind::Enqueue(enqueue) => Some(enqueue.queue.as_str()),
                _ => None,
            })
            .collect();
        queues.sort_unstable();
        queues.dedup();
        queues
    }
}

/// All that is wrong with a document, in a company that has these queues and skills: first its
/// head, then node by node in the order of their ids, then its shape.
pub fn validate(document: &Value, catalog: &Catalog) -> Vec<Finding> {
    document::read(document, catalog).1.findings
}
