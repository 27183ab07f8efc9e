//! What a scripted caller does, and the world that he calls into.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::{DialOutcome, QueueFigures, RequestOutcome, limits};

/// One thing that the caller does, or that happens to him. As JSON `{"press": "1"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Act {
    /// These keys, without the finishing one.
    Press(String),
    Say(String),
    /// Says and presses nothing when he is asked, or leaves no message: `true`.
    Silence(Yes),
    /// So many seconds pass. Long enough, they are silence when he is asked, and the end of his patience, or of the flow's,
    /// in a queue.
    Wait(u32),
    /// Leaves a message of so many seconds.
    Record(u32),
    /// What becomes of dialling.
    Dial(DialOutcome),
    Queue(QueueAct),
    Agent(AgentAct),
    /// `true`.
    Hangup(Yes),
}

/// `true`, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Yes;

impl Serialize for Yes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl<'de> Deserialize<'de> for Yes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("has to be true"))
        }
    }
}

/// How a queue gives the caller back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QueueAct {
    TimesOut,
    /// It is gone, full or closed.
    Fails,
}

/// What an agent does with the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AgentAct {
    Answers,
    /// Hangs up first.
    Leaves,
}

/// A scripted call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Simulation {
    #[serde(default)]
    pub world: World,
    /// When the call comes in.
    pub at: DateTime<Utc>,
    pub script: Vec<Act>,
}

/// Who calls, and what the server would answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct World {
    /// The caller's number, E.164.
    pub from: String,
    /// The number dialled, E.164.
    pub to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_name: Option<String>,
    /// For flows of the kinds `wait`, `hold` and `whisper`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Decides the `split` nodes.
    pub seed: u64,
    /// How the queues stand, by the id or name that the flow has. Others are without data.
    pub queues: BTreeMap<String, QueueFigures>,
    /// What requests are answered. The first for a node is for the first time that the call comes there, and so on; the
    /// last one stays. Without any the simulation ends there.
    pub requests: Vec<CannedAnswer>,
    /// Contacts by number, with their fields. Others are unknown.
    pub contacts: BTreeMap<String, BTreeMap<String, String>>,
}

impl Default for World {
    /// Somebody calls; the numbers are reserved for fiction.
    fn default() -> Self {
        Self {
            from: "+15550100".to_owned(),
            to: "+15550199".to_owned(),
            caller_name: None,
            queue: None,
            agent: None,
            seed: 0,
            queues: BTreeMap::new(),
            requests: Vec::new(),
            contacts: BTreeMap::new(),
        }
    }
}

/// What a request is answered: a status and a body, or nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CannedAnswer {
    /// The `request` node.
    pub node: String,
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub body: Value,
    /// Instead of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Failure>,
}

/// Why a request is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    TimesOut,
    Fails,
}

fn ok() -> u16 {
    200
}

impl World {
    /// The answer to the `visit`th request (from 0) of a node.
    pub(super) fn answer(&self, node: &str, visit: usize, wanted: &[String]) -> Option<RequestOutcome> {
        let mut answers = self.requests.iter().filter(|answer| answer.node == node);
        let last = answers.clone().next_back();
        let answer = answers.nth(visit).or(last)?;
        Some(match answer.fails {
            Some(Failure::TimesOut) => RequestOutcome::TimedOut,
            Some(Failure::Fails) => RequestOutcome::Failed,
            None => {
                let body = answer.body.to_string();
                RequestOutcome::read(
                    answer.status,
                    limits::cut(&body, limits::ANSWER_BYTES).as_bytes(),
                    wanted,
                )
            }
        })
    }
}
