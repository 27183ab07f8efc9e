//! What is wrong with a flow document, said so that an editor can point at it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

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
    /// A node that speaks has neither `prompt` nor `play`.
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
    /// The company has no such queue.
    UnknownQueue,
    /// The company has no such skill.
    UnknownSkill,
}

/// What exists in the company, for the checks of references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    /// Ids and names of queues.
    pub queues: Known,
    /// Ids and names of skills.
    pub skills: Known,
}

/// The names that a reference may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Any: they are not checked.
    Unchecked,
    /// These, and no other.
    Only(BTreeSet<String>),
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

impl Catalog {
    /// Skips the checks of references.
    pub fn unchecked() -> Self {
        Self { queues: Known::Unchecked, skills: Known::Unchecked }
    }
}
