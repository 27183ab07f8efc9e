//! What a flow remembers of a call between two inputs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FlowRef, limits};

/// What is known of a call when its flow begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFacts {
    /// The caller's number, E.164 where he shows one; else whatever the carrier sent, such as `anonymous`.
    pub from: String,
    /// The company's number that was dialled, E.164.
    pub to: String,
    /// The caller's name, if the carrier looked it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_name: Option<String>,
    /// The queue in which the caller waits or waited: in flows of the kinds `wait`, `hold` and `whisper`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The agent: in flows of the kinds `hold` and `whisper`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// The state of one call in a flow: stored as JSON between two inputs, at most some 100 kB and usually a few hundred
/// bytes. Everything that [`step`](crate::step) depends on, apart from the flow, the input and `now`, is in here.
///
/// A flow may call others. [`Session::flow`] names the one that runs now, and that is the one to give to the next step;
/// the others wait in frames for its return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub call: CallFacts,
    /// Decides the `split` nodes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) seed: u64,
    /// The flow that runs now. None: the one that the call began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<FlowRef>,
    /// What the running flow's nodes have kept.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// How often its `loop` nodes have sent the call round, for those that are not done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) loops: BTreeMap<String, u32>,
    /// The flows that wait for the running one to return, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) callers: Vec<Frame>,
    /// What the caller pressed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    /// What the caller said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<String>,
    /// What a `language` node has chosen, for all flows of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) spoken: Option<Spoken>,
    /// How many inputs the call has had.
    #[serde(default)]
    pub(crate) inputs: u32,
    /// How many answers of the server there have been since the caller was last heard of.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub(crate) answers: u32,
    /// How many effects the call has had.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub(crate) effects: u32,
    pub(crate) state: State,
}

/// A flow that waits for another to return.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Frame {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) flow: Option<FlowRef>,
    /// The `subflow` node that called.
    pub(crate) node: String,
    #[serde(default)]
    pub(crate) variables: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) loops: BTreeMap<String, u32>,
}

/// A language, and the voice that speaks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spoken {
    pub(crate) language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) voice: Option<String>,
}

/// Where the call is in its flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum State {
    /// Nothing has happened yet.
    New,
    /// Waiting for an answer at this node, asked for the `attempt`th time (from 1).
    Asking {
        node: String,
        attempt: u32,
        /// Which of its questions, where the node has several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<Question>,
    },
    /// Waiting for an agent, or talking to one.
    Queued {
        node: String,
    },
    /// Being connected with, or talking to, somebody.
    Dialing {
        node: String,
    },
    /// Leaving a message.
    Recording {
        node: String,
    },
    /// Waiting for a word of the server: figures, a contact, a flow, a booking.
    Answering {
        node: String,
        /// For which number, where that matters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// Waiting for the answer to a request.
    Requesting {
        node: String,
    },
    /// About to begin the flow that the session names.
    Entering,
    /// About to go on behind a `subflow` node, with what came back.
    Returning {
        node: String,
        values: BTreeMap<String, String>,
    },
    Ended,
}

/// The questions of a `callback` node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(crate) enum Question {
    /// Is this the right number?
    Confirm { number: String },
    /// Which number?
    Number,
}

impl Session {
    /// The session of a call that has just arrived. Its first input is [`Input::Start`](crate::Input::Start).
    pub fn new(call: CallFacts) -> Self {
        let short = |text: String| limits::cut(&text, limits::VALUE_BYTES).to_owned();
        let call = CallFacts {
            from: short(call.from),
            to: short(call.to),
            caller_name: call.caller_name.map(short),
            queue: call.queue.map(short),
            agent: call.agent.map(short),
        };
        Self {
            call,
            seed: 0,
            flow: None,
            variables: BTreeMap::new(),
            loops: BTreeMap::new(),
            callers: Vec::new(),
            digits: None,
            speech: None,
            spoken: None,
            inputs: 0,
            answers: 0,
            effects: 0,
            state: State::New,
        }
    }

    /// The same with a seed, by which `split` nodes decide. A random one is drawn by the server when the call arrives.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The session as it was before its first input: where a replay begins.
    #[must_use]
    pub fn beginning(&self) -> Self {
        Self::new(self.call.clone()).seeded(self.seed)
    }

    /// The flow that the next step is to be given. None: the one that the call began with.
    pub fn flow(&self) -> Option<&FlowRef> {
        self.flow.as_ref()
    }

    /// The node of [`Session::flow`] at which the call waits. None before the start of a flow and after the end.
    pub fn node(&self) -> Option<&str> {
        match &self.state {
            State::Asking { node, .. }
            | State::Queued { node }
            | State::Dialing { node }
            | State::Recording { node }
            | State::Answering { node, .. }
            | State::Requesting { node }
            | State::Returning { node, .. } => Some(node),
            State::New | State::Entering | State::Ended => None,
        }
    }

    /// Whether the flow is through with this call.
    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Bytes of the variables of all flows that run or wait.
    pub(crate) fn variable_bytes(&self) -> usize {
        let bytes = |variables: &BTreeMap<String, String>| {
            variables.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
        };
        self.callers.iter().map(|frame| bytes(&frame.variables)).sum::<usize>() + bytes(&self.variables)
    }
}

fn is_zero(seed: &u64) -> bool {
    *seed == 0
}

fn is_none_yet(count: &u32) -> bool {
    *count == 0
}
