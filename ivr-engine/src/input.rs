//! What can happen to a call while a flow has it.

use serde::{Deserialize, Serialize};

/// One thing that happened. Recorded with `now` and the engine's version, a call's inputs replay it exactly. As JSON
/// `{"type":"digits","value":"1"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Input {
    /// The call has come in; the first input of a session.
    Start,
    /// Keys that the caller pressed, without the finishing key. None at all counts as silence.
    Digits(String),
    /// Words that the recogniser made of the caller's speech, and how sure it was (0 to 1) where it says so. No
    /// words count as silence.
    Speech { text: String, confidence: Option<f64> },
    /// The caller was asked, or was to leave a message, and nothing came.
    Silence,
    /// The caller left the queue without having talked to anyone, and is still on the line.
    QueueLeft(QueueLeft),
    /// The caller has left a message of this length; 0 counts as none.
    Recorded { seconds: u32 },
    /// How the transfer went. `Answered` arrives when that conversation is over.
    Dialed(DialOutcome),
    /// The caller has hung up, or the conversation with an agent ended the call.
    HungUp,
}

impl Input {
    /// The keys pressed.
    pub fn digits(digits: impl Into<String>) -> Self {
        Self::Digits(digits.into())
    }

    /// The words said, from a recogniser that does not say how sure it is.
    pub fn speech(text: impl Into<String>) -> Self {
        Self::Speech { text: text.into(), confidence: None }
    }
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

/// How dialling a number ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DialOutcome {
    Answered,
    Busy,
    NoAnswer,
    Failed,
}
