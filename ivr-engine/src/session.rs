//! What a flow remembers of a call between two inputs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::limits;

/// What is known of a call when it arrives.
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
}

/// The state of one call in a flow: stored as JSON between two inputs, at most some 80 kB and usually a few hundred
/// bytes. Everything that [`step`](crate::step) depends on, apart from the flow, the input and `now`, is in here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub call: CallFacts,
    /// What `set` and `collect` nodes have kept.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// What the caller pressed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digits: Option<String>,
    /// What the caller said last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speech: Option<String>,
    /// How many inputs the flow has had.
    #[serde(default)]
    pub(crate) inputs: u32,
    pub(crate) state: State,
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
    },
    /// Waiting for an agent.
    Queued {
        node: String,
    },
    /// Being connected with, or talking to, a number.
    Dialing {
        node: String,
    },
    /// Leaving a message.
    Recording {
        node: String,
    },
    Ended,
}

impl Session {
    /// The session of a call that has just arrived. Its first input is [`Input::Start`](crate::Input::Start).
    pub fn new(call: CallFacts) -> Self {
        let short = |text: String| limits::cut(&text, limits::VALUE_BYTES).to_owned();
        let call = CallFacts {
            from: short(call.from),
            to: short(call.to),
            caller_name: call.caller_name.map(short),
        };
        Self { call, variables: BTreeMap::new(), digits: None, speech: None, inputs: 0, state: State::New }
    }

    /// The node at which the call waits. None before the start and after the end.
    pub fn node(&self) -> Option<&str> {
        match &self.state {
            State::Asking { node, .. }
            | State::Queued { node }
            | State::Dialing { node }
            | State::Recording { node } => Some(node),
            State::New | State::Ended => None,
        }
    }

    /// Whether the flow is through with this call.
    pub fn has_ended(&self) -> bool {
        match self.state {
            State::Ended => true,
            State::New
            | State::Asking { .. }
            | State::Queued { .. }
            | State::Dialing { .. }
            | State::Recording { .. } => false,
        }
    }
}
