//! What is different between two versions of a flow, as an author would tell it: node by node.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits;

/// The difference of two documents.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowDiff {
    /// JSON pointers to what is different outside the nodes: `/language`, `/start`.
    pub head: Vec<String>,
    /// Nodes that do something else, by id.
    pub nodes: Vec<NodeDiff>,
    /// Nodes of which only the place or the note is different.
    pub layout: Vec<String>,
}

/// A node that is different.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeDiff {
    pub node: String,
    pub change: NodeChange,
}

/// What has become of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum NodeChange {
    Added,
    Removed,
    Changed {
        /// JSON pointers into the node, at most 100: `/prompt`, `/choices/1/phrases`.
        fields: Vec<String>,
        ports: Vec<PortMove>,
    },
}

/// A port that leads elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMove {
    pub port: String,
    /// The node that it led to. None: it was open.
    pub from: Option<String>,
    /// The node that it leads to. None: it is open.
    pub to: Option<String>,
}

impl FlowDiff {
    /// Whether a call goes alike through both.
    pub fn is_only_layout(&self) -> bool {
        self.head.is_empty() && self.nodes.is_empty()
    }
}

/// What `new` has otherwise than `old`. They are compared as documents, whether they could be published or not.
pub fn diff(old: &Value, new: &Value) -> FlowDiff {
    let mut found = FlowDiff::default();
    let nothing = Map::new();
    let (old_head, new_head) = (object(old, &nothing), object(new, &nothing));
    for name in names(old_head, new_head).into_iter().filter(|name| *name != "nodes") {
        compare(old_head.get(name), new_head.get(name), &format!("/{}", escape(name)), &mut found.head);
    }
    let nodes = |head: &'_ Map<String, Value>| -> BTreeMap<String, Value> {
        let nodes = head.get("nodes").and_then(Value::as_object);
        nodes.into_iter().flatten().map(|(id, node)| (id.clone(), node.clone())).collect()
    };
    let (old_nodes, new_nodes) = (nodes(old_head), nodes(new_head));
    let ids: BTreeSet<&String> = old_nodes.keys().chain(new_nodes.keys()).collect();
    for id in ids {
        let change = match (old_nodes.get(id), new_nodes.get(id)) {
            (None, _) => NodeChange::Added,
            (Some(_), None) => NodeChange::Removed,
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => match changed(old, new) {
                Some(change) => change,
                None => {
                    found.layout.push(id.clone());
                    continue;
                }
            },
        };
        found.nodes.push(NodeDiff { node: id.clone(), change });
    }
    found
}

/// None when only the layout is different.
fn changed(old: &Value, new: &Value) -> Option<NodeChange> {
    let nothing = Map::new();
    let (old, new) = (object(old, &nothing), object(new, &nothing));
    let mut fields = Vec::new();
    for name in names(old, new) {
        if !["position", "note", "next"].contains(&name) {
            compare(old.get(name), new.get(name), &format!("/{}", escape(name)), &mut fields);
        }
    }
    let ports_of =
        |node: &Map<String, Value>| node.get("next").and_then(Value::as_object).cloned().unwrap_or_default();
    let (old, new) = (ports_of(old), ports_of(new));
    let target =
        |ports: &Map<String, Value>, port: &str| ports.get(port).and_then(Value::as_str).map(str::to_owned);
    let ports: Vec<PortMove> = names(&old, &new)
        .into_iter()
        .map(|port| PortMove { port: port.to_owned(), from: target(&old, port), to: target(&new, port) })
        .filter(|port| port.from != port.to)
        .collect();
    (!fields.is_empty() || !ports.is_empty()).then_some(NodeChange::Changed { fields, ports })
}

/// The deepest places at which two values differ. Lists of different lengths differ as a whole.
fn compare(old: Option<&Value>, new: Option<&Value>, at: &str, found: &mut Vec<String>) {
    if old == new || found.len() >= limits::CHANGED_FIELDS {
        return;
    }
    match (old, new) {
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            for name in names(old, new) {
                compare(old.get(name), new.get(name), &format!("{at}/{}", escape(name)), found);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) if old.len() == new.len() => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(Some(old), Some(new), &format!("{at}/{index}"), found);
            }
        }
        _ => found.push(at.to_owned()),
    }
}

fn object<'v>(value: &'v Value, nothing: &'v Map<String, Value>) -> &'v Map<String, Value> {
    value.as_object().unwrap_or(nothing)
}

fn names<'v>(old: &'v Map<String, Value>, new: &'v Map<String, Value>) -> BTreeSet<&'v str> {
    old.keys().chain(new.keys()).map(String::as_str).collect()
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
