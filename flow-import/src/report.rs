//! What became of every element of the source.

use ivr_engine::Finding;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::plan::RoutingPlan;

/// The formats that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Twilio Studio, flow definition v2.
    Studio,
    /// Amazon Connect, Flow language 2019-10-30.
    Connect,
    /// Amazon Connect, the older export with `modules`.
    ConnectLegacy,
    /// The configuration of a TaskRouter workflow.
    TaskRouter,
    /// Our own flow document.
    CallDocker,
}

impl Source {
    pub const ALL: [Self; 5] =
        [Self::Studio, Self::Connect, Self::ConnectLegacy, Self::TaskRouter, Self::CallDocker];

    /// The name in JSON, as in the `source` of a `disabled` node.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Studio => "studio",
            Self::Connect => "connect",
            Self::ConnectLegacy => "connectLegacy",
            Self::TaskRouter => "taskRouter",
            Self::CallDocker => "callDocker",
        }
    }

    /// For people.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Studio => "a Twilio Studio flow",
            Self::Connect => "an Amazon Connect flow",
            Self::ConnectLegacy => "an older Amazon Connect export",
            Self::TaskRouter => "a TaskRouter workflow",
            Self::CallDocker => "a CallDocker flow",
        }
    }
}

/// What an import gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Flow documents. Today every source gives one.
    pub flows: Vec<Value>,
    /// What a TaskRouter workflow says, free of any flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing: Option<RoutingPlan>,
    pub report: Report,
}

/// What became of every element of the source. Nothing of it is left out without a line here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub source: Source,
    pub counts: Counts,
    /// One for each element of the source, in its order.
    pub elements: Vec<Element>,
    /// What has to be mapped by name, or can be.
    pub references: Vec<Reference>,
    /// What concerns the document and none of its elements.
    pub notes: Vec<Note>,
    /// What the engine says to the first document as it is now.
    pub findings: Vec<Finding>,
}

impl Report {
    /// What still has to be mapped before the flow can work: while there is any, it must not be published.
    pub fn open_references(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|reference| reference.required && reference.mapped.is_none())
    }
}

/// How many elements had which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub imported: usize,
    pub approximated: usize,
    pub unsupported: usize,
}

/// An element of the source: a widget, an action, a module, a filter or a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Element {
    /// Its name or id in the source.
    pub name: String,
    /// Its type in the source.
    #[serde(rename = "type")]
    pub element_type: String,
    /// JSON pointer into the source. After a `#` it points into the JSON text that stands there.
    pub pointer: String,
    pub outcome: Outcome,
    /// The nodes that it has become; the first of them has its position.
    pub nodes: Vec<String>,
    /// What differs from the source and what was left out, in words.
    pub remarks: Vec<String>,
}

/// What became of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It does what it did. Remarks tell of settings that have no meaning here.
    Imported,
    /// It does something like it; the remarks tell what differs.
    Approximated,
    /// It is kept as a `disabled` node, with its JSON.
    Unsupported,
}

/// Something outside of the document that an element needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// As the source has it: a SID, an ARN, an address, a name. The key of a [`Mapping`](crate::Mapping).
    pub reference: String,
    pub kind: ReferenceKind,
    /// The name that the source tells beside it, when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// What the mapping has made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped: Option<String>,
    /// Whether the flow cannot work before it is mapped. Otherwise it may be right as it stands, such as the name of a
    /// queue or a public address, or is only said in a remark.
    pub required: bool,
    pub uses: Vec<Use>,
}

/// Where a reference is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// Pointer to the element in the source.
    pub pointer: String,
    /// The node that names it. None when only a remark does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The setting of the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What of ours a reference has to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReferenceKind {
    Queue,
    Flow,
    Prompt,
    /// Opening hours.
    Hours,
    /// The address of a `request`.
    RequestUrl,
    Agent,
    Skill,
}

/// A remark on the document as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub pointer: String,
    pub message: String,
}
