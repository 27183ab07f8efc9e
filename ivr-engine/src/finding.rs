//! What is wrong with a flow document, said so that an editor can point at it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Flow, FlowKind};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub severity: Severity,
    pub code: FindingCode,
    /// Id of the node concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Port concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// JSON pointer (RFC 6901) into the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people: what is wrong, and what would be right.
    pub message: String,
}

/// Whether a document with this finding can be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but it is probably not what its author wants.
    Warning,
}

/// The kinds of [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FindingCode {
    /// The `version` is newer than this engine.
    NewerVersion,
    /// A node `type` that this engine does not know; it may come from a newer version.
    UnknownType,
    /// A field that does not exist there.
    UnknownField,
    /// A required field is absent.
    MissingField,
    /// A field has the wrong JSON type.
    WrongType,
    /// A value is out of range or not of the required form.
    BadValue,
    /// A text, a list or the document is larger than allowed.
    TooLarge,
    /// A node that speaks has none of `prompt`, `play` and `library`.
    MissingPrompt,
    /// A text is no Liquid template, or uses a part of Liquid that flows do not have.
    BadTemplate,
    /// `matches` has no regular expression, or one that is too costly.
    BadRegex,
    /// No IANA time zone.
    BadZone,
    /// No date of the form `2026-12-25`.
    BadDate,
    /// No time of the form `09:00`.
    BadTime,
    /// The same thing twice, of which only the first can ever count.
    Duplicate,
    /// `start` or a port names a node that does not exist.
    DanglingPort,
    /// A port that the call may take leads nowhere.
    PortNotConnected,
    /// A port that the node does not have.
    UnknownPort,
    /// No path from the start leads to the node.
    Unreachable,
    /// From the node there is no path to an end: a queue, a transfer, a message or a hang-up.
    NoWayToAnEnd,
    /// Nodes lead in a circle in which the caller is never asked anything.
    LoopWithoutInput,
    /// A flow that begins anew at its end can come there without a sound.
    SilentRound,
    /// A node of a type that a flow of this kind cannot have.
    NotInThisKind,
    /// The call can come to a node that an import could not translate. Without `next` there the flow cannot be published.
    Disabled,
    /// A port leads to a remark.
    LeadsToNote,
    /// A secret in another text than a request's, or written otherwise than `{{ secret.NAME }}`.
    SecretMisplaced,
    /// The call can come to the request without the caller having been asked for the secret since the last one.
    SecretNotSet,
    /// No JSON pointer (RFC 6901).
    BadPointer,
    /// The flow can come to call itself; at a depth of eight it leaves by `failed`.
    Recursion,
    /// The flow that is called takes no argument of this name, or gives back no value of it.
    UnknownArgument,
    /// The company has no such queue.
    UnknownQueue,
    /// The company has no such skill.
    UnknownSkill,
    /// The company has no such flow, or it is of another kind than `call`.
    UnknownFlow,
    /// The company has no such agent.
    UnknownAgent,
    /// The company's library has no such prompt.
    UnknownPrompt,
    /// A message is to be written down, and the company has nobody who does that.
    NotWrittenDown,
    /// An import has left something there that has to be mapped. Told by the server, never here.
    NotMapped,
}

/// What exists in the company, for the checks of references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Ids and names of queues.
    pub queues: Known,
    /// Ids and names of skills.
    pub skills: Known,
    /// Ids and names of agents.
    pub agents: Known,
    /// Names of the library's prompts.
    pub prompts: Known,
    pub flows: KnownFlows,
    /// Whether messages of callers can be written down.
    pub writes_down: bool,
}

/// The names that a reference may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Any: they are not checked.
    Unchecked,
    /// These, and no other.
    Only(BTreeSet<String>),
}

/// The flows that can be called or gone to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownFlows {
    /// Any: they are not checked.
    Unchecked,
    /// These, and no other.
    Only {
        /// The id of the flow that is checked, where it has one already.
        this: Option<String>,
        flows: Vec<FlowFacts>,
    },
}

/// What is known of a published flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowFacts {
    pub id: String,
    pub name: String,
    pub kind: FlowKind,
    /// What it takes.
    pub parameters: Vec<String>,
    /// What it gives back.
    pub returns: Vec<String>,
    /// Ids or names of the flows that it calls.
    pub calls: Vec<String>,
}

impl FlowFacts {
    /// What the catalog needs to know of a flow.
    pub fn of(id: impl Into<String>, flow: &Flow) -> Self {
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
        Self {
            id: id.into(),
            name: flow.name().to_owned(),
            kind: flow.kind(),
            parameters: flow.parameters().to_vec(),
            returns: owned(flow.returns()),
            calls: owned(flow.calls()),
        }
    }
}

impl Known {
    /// These, and no other.
    pub fn only<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Unchecked => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

impl KnownFlows {
    /// The flow of this id or, when there is none, of this name.
    pub(crate) fn get(&self, flow: &str) -> Option<&FlowFacts> {
        match self {
            Self::Unchecked => None,
            Self::Only { flows, .. } => {
                let named =
                    |field: fn(&FlowFacts) -> &String| flows.iter().find(|known| field(known) == flow);
                named(|known| &known.id).or_else(|| named(|known| &known.name))
            }
        }
    }
}

impl Catalog {
    /// Skips the checks of references.
    pub fn unchecked() -> Self {
        Self {
            queues: Known::Unchecked,
            skills: Known::Unchecked,
            agents: Known::Unchecked,
            prompts: Known::Unchecked,
            flows: KnownFlows::Unchecked,
            writes_down: true,
        }
    }
}
