//! What can happen to a call while a flow has it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Keys, RequestOutcome, limits};

/// One thing that happened, or one answer to what the flow asked the server.
///
/// As it comes in, its keys are [`Keys`], which do not serialise: keys can be a secret. What is stored is
/// [`Step::input`](crate::Step::input), an [`InputRecord`], from which the step has taken what must not be kept. Recorded
/// with `now` and the engine's version, a call's inputs replay it exactly. As JSON `{"type":"digits","value":"1"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Input<K = Keys> {
    /// The call has come in; the first input of a session.
    Start,
    /// Keys that the caller pressed, without the finishing key. None at all counts as silence.
    Digits(K),
    /// Keys at a `secureDigits` node: only whether they were as many as they have to be. A step makes this of the keys;
    /// a replay gives it back.
    SecureDigits(SecureEntry),
    /// Words that the recogniser made of the caller's speech, and how sure it was (0 to 1) where it says so. No
    /// words count as silence.
    Speech { text: String, confidence: Option<f64> },
    /// The caller was asked, or was to leave a message, and nothing came.
    Silence,
    /// The caller left the queue without having talked to anyone, and is still on the line.
    QueueLeft(QueueLeft),
    /// The conversation with an agent is over, the agent has hung up, and the caller is still on the line.
    AgentLeft,
    /// The caller has left a message of this length; 0 counts as none.
    Recorded { seconds: u32 },
    /// How the transfer went. `Answered` arrives when that conversation is over.
    Dialed(DialOutcome),
    /// The caller has hung up, or the conversation with an agent ended the call.
    HungUp,
    /// The figures of the queue that was asked for; all absent when there is no such queue.
    Figures(QueueFigures),
    /// What is known of the contact, field by field, for the fields that were asked for. None: nobody has that number.
    ContactFound(Option<Values>),
    /// The flow that was asked for. None: there is no such flow, or it is not published.
    FlowFound(Option<FlowRef>),
    /// What became of the callback.
    CallbackBooked(Booking),
    /// What the request was answered.
    Requested(RequestOutcome),
    /// Go on; the step is given the flow that the session now names.
    Continue,
}

/// An input as it is stored.
pub type InputRecord = Input<String>;

/// Texts by name; none where the name is known to have no value.
pub type Values = BTreeMap<String, Option<String>>;

impl Input {
    /// The keys pressed.
    pub fn digits(digits: impl Into<String>) -> Self {
        Self::Digits(Keys::new(digits))
    }

    /// The words said, from a recogniser that does not say how sure it is.
    pub fn speech(text: impl Into<String>) -> Self {
        Self::Speech { text: text.into(), confidence: None }
    }
}

impl<K> Input<K> {
    /// The same with other keys.
    pub(crate) fn with_keys<T>(self, keys: impl FnOnce(K) -> T) -> Input<T> {
        match self {
            Self::Start => Input::Start,
            Self::Digits(digits) => Input::Digits(keys(digits)),
            Self::SecureDigits(entry) => Input::SecureDigits(entry),
            Self::Speech { text, confidence } => Input::Speech { text, confidence },
            Self::Silence => Input::Silence,
            Self::QueueLeft(left) => Input::QueueLeft(left),
            Self::AgentLeft => Input::AgentLeft,
            Self::Recorded { seconds } => Input::Recorded { seconds },
            Self::Dialed(outcome) => Input::Dialed(outcome),
            Self::HungUp => Input::HungUp,
            Self::Figures(figures) => Input::Figures(figures),
            Self::ContactFound(contact) => Input::ContactFound(contact),
            Self::FlowFound(flow) => Input::FlowFound(flow),
            Self::CallbackBooked(booking) => Input::CallbackBooked(booking),
            Self::Requested(outcome) => Input::Requested(outcome),
            Self::Continue => Input::Continue,
        }
    }

    /// The `type` in its JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Digits(_) => "digits",
            Self::SecureDigits(_) => "secureDigits",
            Self::Speech { .. } => "speech",
            Self::Silence => "silence",
            Self::QueueLeft(_) => "queueLeft",
            Self::AgentLeft => "agentLeft",
            Self::Recorded { .. } => "recorded",
            Self::Dialed(_) => "dialed",
            Self::HungUp => "hungUp",
            Self::Figures(_) => "figures",
            Self::ContactFound(_) => "contactFound",
            Self::FlowFound(_) => "flowFound",
            Self::CallbackBooked(_) => "callbackBooked",
            Self::Requested(_) => "requested",
            Self::Continue => "continue",
        }
    }

    /// Whether it came from the server and not from the caller or those who talk to him.
    pub(crate) fn is_an_answer(&self) -> bool {
        match self {
            Self::Figures(_)
            | Self::ContactFound(_)
            | Self::FlowFound(_)
            | Self::CallbackBooked(_)
            | Self::Requested(_)
            | Self::Continue => true,
            Self::Start
            | Self::Digits(_)
            | Self::SecureDigits(_)
            | Self::Speech { .. }
            | Self::Silence
            | Self::QueueLeft(_)
            | Self::AgentLeft
            | Self::Recorded { .. }
            | Self::Dialed(_)
            | Self::HungUp => false,
        }
    }
}

impl From<InputRecord> for Input {
    fn from(record: InputRecord) -> Self {
        record.with_keys(Keys::new)
    }
}

/// Whether secure digits were as many as the node wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecureEntry {
    Fits,
    Invalid,
}

/// Why a caller came back from a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QueueLeft {
    /// He waited for the longest time that the flow allows.
    TimedOut,
    /// He could not be queued: the queue is gone, full or closed.
    Failed,
}

/// How dialling ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DialOutcome {
    Answered,
    Busy,
    NoAnswer,
    Failed,
}

/// What became of a callback that a caller asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Booking {
    Accepted,
    /// The queue takes none at that time.
    Closed,
    /// The queue is gone, or the number may not be called.
    Failed,
}

/// How a queue stands at this moment. What is not known is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QueueFigures {
    /// Callers who wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<u32>,
    /// How long the first of them has waited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_wait_seconds: Option<u32>,
    /// Agents who could take a call now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
    /// Agents who are signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staffed: Option<u32>,
    /// How long a caller who came now would probably wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_wait_seconds: Option<u32>,
}

/// The server's name for one version of a flow. To the engine it means nothing; it is at most 128 bytes long.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowRef(String);

impl FlowRef {
    pub fn new(name: impl Into<String>) -> Self {
        Self(limits::cut(&name.into(), limits::NAME_BYTES).to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlowRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
