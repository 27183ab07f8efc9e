//! What a call waits for after a step.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{Prompt, RequestCall};

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
        /// Whether the keys are a secret: then no log, no stored request and no recording may hold them.
        secret: bool,
    },
    /// Wait for an agent. Answers: [`QueueLeft`](crate::Input::QueueLeft), [`AgentLeft`](crate::Input::AgentLeft),
    /// [`HungUp`](crate::Input::HungUp).
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
        /// An agent to be waited for before others are asked.
        prefer_agent: Option<PreferAgent>,
        /// Whether the caller comes back to the flow when the agent hangs up; else the call ends with the conversation.
        comes_back: bool,
    },
    /// Connect with somebody. Answer: [`Dialed`](crate::Input::Dialed).
    Dial {
        to: DialTo,
        timeout_seconds: u32,
        /// E.164. None: the carrier's default.
        caller_id: Option<String>,
    },
    /// Record what the caller says. Answers: [`Recorded`](crate::Input::Recorded), [`Silence`](crate::Input::Silence).
    Record {
        /// Said before the tone.
        prompts: Vec<Prompt>,
        max_seconds: u32,
        /// The key that ends the message, one of `0-9*#`. None: no key does.
        finish_on_key: Option<char>,
        /// Whether there is a tone.
        beep: bool,
        purpose: RecordPurpose,
    },
    /// Send a request, which takes seconds. Answer: [`Requested`](crate::Input::Requested).
    Request(RequestCall),
    /// Tell how the queue of this id or name stands. Answer, at once: [`Figures`](crate::Input::Figures).
    Figures { queue: String },
    /// Tell what is known of a number's owner. Answer, at once: [`ContactFound`](crate::Input::ContactFound).
    FindContact {
        /// The caller's number as the carrier gave it, or a number in E.164.
        number: String,
        /// `name`, `email`, `language`, `company`, `notes`, `tags` or `custom.X`: for each of them a value or none.
        fields: Vec<String>,
    },
    /// Name the version to use of the flow of this id or name, which has to be published and of the kind `call`. Answer, at
    /// once: [`FlowFound`](crate::Input::FlowFound), given with the flow that the session names until then.
    FindFlow { flow: String },
    /// Keep the caller's place, or a time, for a call back. Answer, at once:
    /// [`CallbackBooked`](crate::Input::CallbackBooked).
    BookCallback(Callback),
    /// The call goes on in another flow, the one that [`Session::flow`](crate::Session::flow) names now. Answer, at once,
    /// given with that flow: [`Continue`](crate::Input::Continue).
    Continue,
    /// The flow has come to its end without ending the call, which only flows of other kinds than `call` can: one of the
    /// kinds `wait` and `hold` begins anew, after one of the kind `whisper` the agent is joined.
    Done,
    /// Hang up after the prompts.
    HangUp { outcome: Outcome },
    /// The call is over already; nothing is left to do.
    Ended,
}

impl Next {
    /// What is said while the caller is asked, or before he leaves a message.
    pub fn prompts(&self) -> &[Prompt] {
        match self {
            Self::Gather { prompts, .. } | Self::Record { prompts, .. } => prompts,
            Self::Enqueue { .. }
            | Self::Dial { .. }
            | Self::Request(_)
            | Self::Figures { .. }
            | Self::FindContact { .. }
            | Self::FindFlow { .. }
            | Self::BookCallback(_)
            | Self::Continue
            | Self::Done
            | Self::HangUp { .. }
            | Self::Ended => &[],
        }
    }

    /// The same, to put others in their place. None where nothing is said meanwhile.
    pub fn prompts_mut(&mut self) -> Option<&mut Vec<Prompt>> {
        match self {
            Self::Gather { prompts, .. } | Self::Record { prompts, .. } => Some(prompts),
            Self::Enqueue { .. }
            | Self::Dial { .. }
            | Self::Request(_)
            | Self::Figures { .. }
            | Self::FindContact { .. }
            | Self::FindFlow { .. }
            | Self::BookCallback(_)
            | Self::Continue
            | Self::Done
            | Self::HangUp { .. }
            | Self::Ended => None,
        }
    }

    /// Whether the flow still expects an input.
    pub fn waits(&self) -> bool {
        match self {
            Self::Gather { .. }
            | Self::Enqueue { .. }
            | Self::Dial { .. }
            | Self::Record { .. }
            | Self::Request(_)
            | Self::Figures { .. }
            | Self::FindContact { .. }
            | Self::FindFlow { .. }
            | Self::BookCallback(_)
            | Self::Continue => true,
            Self::Done | Self::HangUp { .. } | Self::Ended => false,
        }
    }

    /// Whether the server has the answer at once, so that the caller need not be told anything meanwhile.
    pub fn is_instant(&self) -> bool {
        match self {
            Self::Figures { .. }
            | Self::FindContact { .. }
            | Self::FindFlow { .. }
            | Self::BookCallback(_)
            | Self::Continue => true,
            Self::Gather { .. }
            | Self::Enqueue { .. }
            | Self::Dial { .. }
            | Self::Record { .. }
            | Self::Request(_)
            | Self::Done
            | Self::HangUp { .. }
            | Self::Ended => false,
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

/// An agent to be waited for before others are asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PreferAgent {
    /// His id or name, or `last`: who talked to this caller last.
    pub agent: String,
    /// How long.
    pub seconds: u32,
}

/// Whom to connect the caller with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "to", rename_all = "camelCase")]
pub enum DialTo {
    /// E.164.
    Number(String),
    /// `sip:…` or `sips:…`.
    Sip(String),
    /// Id or name of an agent.
    Agent(String),
}

/// What a recording is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum RecordPurpose {
    Voicemail {
        /// Where the message belongs. None: the company's common mailbox.
        mailbox: Option<String>,
        /// Whether it is to be written down.
        transcribe: bool,
    },
    /// Belongs to the answer that this survey has just had.
    SurveyComment { survey: String },
}

/// A call back to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Callback {
    /// Id or name of the queue whose agents call.
    pub queue: String,
    /// E.164.
    pub number: String,
    pub when: CallbackTime,
    /// 0 to 100, as when queueing.
    pub priority: u8,
    pub skills: Vec<SkillNeed>,
    /// How often it is tried.
    pub attempts: u32,
    /// Between two attempts.
    pub retry_minutes: u32,
}

/// When to call back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CallbackTime {
    /// When it is the caller's turn: he keeps his place.
    InQueue,
    At(DateTime<Utc>),
}

/// How a flow that hangs up has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// As its author wanted.
    Completed,
    /// The caller waited as long as the flow allows, and the flow has no way on from there.
    QueueTimedOut,
    /// It is broken; the caller has heard an apology and [`Step::problems`](crate::Step::problems) says what happened.
    FlowFailed,
}
