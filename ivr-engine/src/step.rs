//! One step of a flow, and what it has to tell.

use serde::{Deserialize, Serialize};

use crate::{Effect, FlowRef, InputRecord, Next, NodeType, Secret, Session};

/// One step of a flow: from an input to the next moment of waiting, or to the end.
///
/// It does not serialise, since it may hold a secret; its parts do, except for that.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The session to store; the next input comes with it.
    pub session: Session,
    /// Said and played in this order before `next`.
    pub prompts: Vec<Prompt>,
    /// What the call waits for afterwards, or its end.
    pub next: Next,
    /// What else is to be done, in this order. Nothing of it is answered.
    pub effects: Vec<Effect>,
    /// The nodes passed, oldest first: these become call events.
    pub trace: Vec<TraceEntry>,
    /// What went wrong, for the company's log. The caller has been taken care of.
    pub problems: Vec<Problem>,
    /// The input as it may be stored, for replay.
    pub input: InputRecord,
    /// What the caller has just keyed in for the next request, and for nothing else.
    pub secret: Option<Secret>,
}

/// Something for the caller to hear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Prompt {
    /// Plain text, never markup, never blank; at most 3,000 bytes.
    Say {
        text: String,
        language: String,
        voice: Option<String>,
    },
    Play {
        url: String,
    },
    /// A prompt of the company's library: a text in this language, or an audio file. What when there is none in this
    /// language [`pick_language`](crate::pick_language) says.
    Library {
        name: String,
        language: String,
        voice: Option<String>,
    },
}

/// One node, and how the call passed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceEntry {
    /// The flow that the node belongs to. None: the one that the call began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowRef>,
    /// The node's id.
    pub node: String,
    pub node_type: NodeType,
    pub passage: Passage,
}

/// How a call passed a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Passage {
    /// It left by this port.
    Left { port: String },
    /// It arrived and waits here.
    Waits,
    /// The answer was not understood or did not come; the node asks again, for the `attempt`th time (from 2).
    AsksAgain { attempt: u32 },
    /// It went on to this flow.
    Enters { flow: FlowRef },
    /// It went back to the flow that called this one.
    Returns,
    /// The flow ends here.
    Ends,
}

/// Something that the author of the flow should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub code: ProblemCode,
    /// The flow in which it happened. None: the one that the call began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowRef>,
    /// The node at which it happened.
    pub node: Option<String>,
    /// For people. May hold what a caller keyed in, but never a secret.
    pub message: String,
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ProblemCode {
    /// The session waits at a node that the flow does not have, or that has become another kind: the flow was changed
    /// under a running call. Ends the call with an apology.
    NodeMissing,
    /// The caller had to leave by a port that leads nowhere. Ends the call with an apology.
    PortNotConnected,
    /// Too many nodes, or too many texts and conditions, without an input, or too many answers of the server without
    /// the caller: the flow runs in a circle. Ends the call with an apology.
    TooManyNodes,
    /// Too many inputs in one call. Ends the call with an apology.
    TooManyInputs,
    /// More text than one step may say; the rest was left out.
    TooMuchText,
    /// A text could not be completed; what came before the failure was used, but a request is not made with it and leaves
    /// by `failed`.
    TemplateFailed,
    /// More variables, or a longer value, than a session keeps; the rest was left out.
    VariableTooLarge,
    /// A text message, a contact's field or tag, or an agent's name is longer than it may be; the rest was left out.
    Shortened,
    /// A number or an address to dial, or a caller id, is none. To dial leads to the port `failed`.
    BadNumber,
    /// The address of a request is none. Leads to the port `failed`.
    BadAddress,
    /// A callback's time is none, or is over. Leads to the port `failed`.
    BadTime,
    /// A language is none. What was spoken before goes on.
    BadLanguage,
    /// The input does not belong to what the call waits for. It was ignored and the same thing is asked again.
    UnexpectedInput,
    /// There is no such flow, or it is not of the kind `call`. Leads to the port `failed`.
    FlowMissing,
    /// Flows call each other too deep. Leads to the port `failed`.
    FlowsTooDeep,
    /// More messages, contacts and the like than one step or one call may have; this one was left out.
    TooManyEffects,
    /// More `loop` nodes are under way than a session keeps; this one counts as done.
    TooManyLoops,
    /// The call passed a node that an import could not translate; nothing was done there.
    Disabled,
}
