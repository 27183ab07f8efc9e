//! What a step asks the caller's line to do, and what it has to tell the log.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Session;

/// One step of a flow: from an input to the next moment of waiting, or to the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The session to store; the next input comes with it.
    pub session: Session,
    /// Said and played in this order before `next`.
    pub prompts: Vec<Prompt>,
    /// What the call waits for afterwards, or its end.
    pub next: Next,
    /// The nodes passed, oldest first: these become call events.
    pub trace: Vec<TraceEntry>,
    /// What went wrong, for the company's log. The caller has been taken care of.
    pub problems: Vec<Problem>,
}

/// What comes after the prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Next {
    /// Ask. Answers: [`Digits`](crate::Input::Digits), [`Speech`](crate::Input::Speech),
    /// [`Silence`](crate::Input::Silence).
    Gather {
        /// Said while the caller may already answer.
        prompts: Vec<Prompt>,
        accepts: Accepts,
        /// Stop listening after this many keys. None: after the finishing key or the timeout.
        num_digits: Option<u32>,
        /// The key that ends the entry, one of `0-9*#`. None: no key does.
        finish_on_key: Option<char>,
        /// Seconds of silence, counted from the end of the prompts, and between keys.
        timeout_seconds: u32,
        /// Phrases that the recogniser should expect; empty when speech is not accepted.
        hints: Vec<String>,
        /// Language of the recogniser, a BCP 47 tag.
        language: String,
    },
    /// Wait for an agent. Answers: [`QueueLeft`](crate::Input::QueueLeft), [`HungUp`](crate::Input::HungUp).
    Enqueue {
        /// Id or name of the queue, as the flow has it.
        queue: String,
        /// 0 to 100. The larger number is served first; among equals, who has waited longer.
        priority: u8,
        skills: Vec<SkillNeed>,
        /// Seconds after which the caller comes back as `QueueLeft(TimedOut)`. None: the queue's own rule.
        max_wait_seconds: Option<u32>,
        /// Seconds that the caller counts as having waited already.
        age_credit_seconds: u32,
    },
    /// Connect with a number. Answer: [`Dialed`](crate::Input::Dialed).
    Dial {
        /// E.164.
        number: String,
        timeout_seconds: u32,
        /// E.164. None: the carrier's default.
        caller_id: Option<String>,
    },
    /// Record a message. Answers: [`Recorded`](crate::Input::Recorded), [`Silence`](crate::Input::Silence).
    Record {
        /// Said before the beep.
        prompts: Vec<Prompt>,
        max_seconds: u32,
        /// The key that ends the message, one of `0-9*#`. None: no key does.
        finish_on_key: Option<char>,
        /// Where the message belongs. None: the company's common mailbox.
        mailbox: Option<String>,
    },
    /// Hang up after the prompts.
    HangUp { outcome: Outcome },
    /// The call is over already; nothing is left to do.
    Ended,
}

impl Next {
    /// Whether the flow still expects an input.
    pub fn waits(&self) -> bool {
        match self {
            Self::Gather { .. } | Self::Enqueue { .. } | Self::Dial { .. } | Self::Record { .. } => true,
            Self::HangUp { .. } | Self::Ended => false,
        }
    }
}

/// What counts as an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Accepts {
    Digits,
    Speech,
    DigitsAndSpeech,
}

impl Accepts {
    pub fn digits(self) -> bool {
        matches!(self, Self::Digits | Self::DigitsAndSpeech)
    }

    pub fn speech(self) -> bool {
        matches!(self, Self::Speech | Self::DigitsAndSpeech)
    }
}

/// A skill that an agent must have at least at this level to be offered the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SkillNeed {
    /// Id or name of the skill, as the flow has it.
    pub skill: String,
    /// 1 to 10.
    pub level: u8,
}

/// How a flow that hangs up has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As its author wanted.
    Completed,
    /// The caller waited as long as the flow allows, and the flow has no way on from there.
    QueueTimedOut,
    /// It is broken; the caller has heard an apology and [`Step::problems`] says what happened.
    FlowFailed,
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
}

/// One node, and how the call passed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceEntry {
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
    /// The flow ends here.
    Ends,
}

/// The kinds of node, named as in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeType {
    Say,
    Play,
    Menu,
    Collect,
    Branch,
    Hours,
    Set,
    Enqueue,
    Transfer,
    Voicemail,
    Hangup,
}

impl NodeType {
    /// All of them, in the order in which an editor offers them.
    pub const ALL: [Self; 11] = [
        Self::Say,
        Self::Play,
        Self::Menu,
        Self::Collect,
        Self::Branch,
        Self::Hours,
        Self::Set,
        Self::Enqueue,
        Self::Transfer,
        Self::Voicemail,
        Self::Hangup,
    ];

    /// The `type` in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Play => "play",
            Self::Menu => "menu",
            Self::Collect => "collect",
            Self::Branch => "branch",
            Self::Hours => "hours",
            Self::Set => "set",
            Self::Enqueue => "enqueue",
            Self::Transfer => "transfer",
            Self::Voicemail => "voicemail",
            Self::Hangup => "hangup",
        }
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that the author of the flow should know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    pub code: ProblemCode,
    /// The node at which it happened.
    pub node: Option<String>,
    /// For people.
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
    /// Too many nodes without an input: the flow runs in a circle. Ends the call with an apology.
    TooManyNodes,
    /// Too many inputs in one call. Ends the call with an apology.
    TooManyInputs,
    /// More text than one step may say; the rest was left out.
    TooMuchText,
    /// A text could not be completed; what came before the failure was used.
    TemplateFailed,
    /// More variables, or a longer value, than a session keeps; the rest was left out.
    VariableTooLarge,
    /// A transfer's number or caller id is no telephone number. A number leads to the port `failed`.
    BadNumber,
    /// The input does not belong to what the call waits for. It was ignored and the same thing is asked again.
    UnexpectedInput,
}
