//! Scripted calls in bodies: their shape stands in the specification, their meaning is the engine's.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ivr_engine::{Expectation, FlowTest, Simulation};
use poem_openapi::types::{Any, Example, ToJSON};
use poem_openapi::{Enum, Object};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};

/// Lines of a script.
const SCRIPT: usize = 500;
/// Expectations of a test.
const EXPECTATIONS: usize = 200;
/// Queues, canned answers, contacts.
const LIST: usize = 100;

/// Somebody calls, and what he does is written down before.
#[derive(Object, Clone, Debug, Default)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none, example)]
pub struct ScriptedCall {
    /// At most 500 lines.
    pub script: Vec<ScriptedAct>,
    /// When the call comes in.
    pub at: Option<DateTime<Utc>>,
    /// The caller's number, `+15550100` when absent.
    pub from: Option<String>,
    /// The number dialled, `+15550199` when absent.
    pub to: Option<String>,
    pub caller_name: Option<String>,
    /// In which queue he waits or waited: for flows of the kinds `wait`, `hold` and `whisper`.
    pub queue: Option<String>,
    /// Whom he waits for or talks to: for flows of the kinds `hold` and `whisper`.
    pub agent: Option<String>,
    /// Decides the `split` nodes.
    pub seed: Option<u32>,
    /// How the queues stand, by the id or name that the flow has. Of others nothing is known.
    pub queues: Option<BTreeMap<String, ScriptedFigures>>,
    /// What requests are answered, one after the other for each node; the last one stays. A request without an answer ends
    /// the call there.
    pub requests: Option<Vec<CannedAnswer>>,
    /// Contacts by number, with their fields. Others are unknown.
    pub contacts: Option<BTreeMap<String, BTreeMap<String, String>>>,
}

/// One thing that the caller does, or that happens to him: exactly one of these.
#[derive(Object, Clone, Debug, Default)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ScriptedAct {
    /// Presses these keys, without the finishing one.
    pub press: Option<String>,
    pub say: Option<String>,
    /// Says and presses nothing, or leaves no message. Always true.
    pub silence: Option<bool>,
    /// So many seconds pass. Long enough, they are silence where he is asked, and the end of his time in a queue.
    pub wait: Option<u32>,
    /// Leaves a message of so many seconds.
    pub record: Option<u32>,
    /// What becomes of dialling.
    pub dial: Option<DialAct>,
    pub queue: Option<QueueAct>,
    pub agent: Option<AgentAct>,
    /// Always true.
    pub hangup: Option<bool>,
}

/// What becomes of dialling.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum DialAct {
    Answered,
    Busy,
    NoAnswer,
    Failed,
}

/// How waiting in the queue ends.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum QueueAct {
    TimesOut,
    /// It is gone, full or closed.
    Fails,
}

/// What the agent does who is offered the call.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum AgentAct {
    Answers,
    /// Hangs up first.
    Leaves,
}

/// How a queue stands; what is absent is not known.
#[derive(Object, Clone, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ScriptedFigures {
    pub waiting: Option<u32>,
    pub longest_wait_seconds: Option<u32>,
    /// Agents who could take a call now.
    pub available: Option<u32>,
    /// Agents who are signed in.
    pub staffed: Option<u32>,
    pub expected_wait_seconds: Option<u32>,
}

/// What a request is answered: a status and a body, or nothing.
#[derive(Object, Clone, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CannedAnswer {
    /// The `request` node.
    pub node: String,
    /// 200 when absent.
    #[oai(validator(minimum(value = "100"), maximum(value = "599")))]
    pub status: Option<u16>,
    pub body: Option<Any<Value>>,
    /// Instead of an answer.
    pub fails: Option<RequestFailure>,
}

/// Why a request of the flow gets no answer.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum RequestFailure {
    TimesOut,
    Fails,
}

/// One thing that must be true of the call: exactly one of these, `port` only beside `passed`, `is` only beside `variable`.
/// Texts are compared without regard to case.
#[derive(Object, Clone, Debug, Default)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct Expected {
    /// The caller heard a text that contains this, or the prompt of this name.
    pub said: Option<String>,
    pub not_said: Option<String>,
    /// The call passed this node.
    pub passed: Option<String>,
    /// By this port.
    pub port: Option<String>,
    pub not_passed: Option<String>,
    /// At the end the flow's variable of this name is `is`; not set when that is absent.
    pub variable: Option<String>,
    pub is: Option<String>,
    pub ends: Option<ExpectedEnd>,
    /// The call came into this queue.
    pub queued: Option<String>,
    /// A text message was sent that contains this.
    pub texted: Option<String>,
}

/// How a flow test expects the call to end.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "camelCase")]
pub enum ExpectedEnd {
    FlowHangsUp,
    CallerHangsUp,
    /// The caller waited as long as the flow allows, and heard that nobody is free.
    QueueTimesOut,
    /// The flow is broken, and the caller heard an apology.
    Apology,
    Waiting,
    WithAgent,
    Transferring,
    LeavingMessage,
    Asking,
    /// A flow of another kind than `call` came to its end.
    Done,
}

impl Example for ScriptedCall {
    fn example() -> Self {
        let press = |keys: &str| ScriptedAct { press: Some(keys.to_owned()), ..ScriptedAct::default() };
        Self {
            script: vec![press("1"), ScriptedAct { wait: Some(30), ..ScriptedAct::default() }],
            at: "2026-03-02T12:00:00Z".parse().ok(),
            from: Some("+15550100".to_owned()),
            ..Self::default()
        }
    }
}

impl ScriptedCall {
    /// As the engine has it; a call that names no time comes in at `now`.
    pub fn read(self, now: DateTime<Utc>) -> Result<Simulation> {
        let at = self.at.unwrap_or(now);
        let world = self.world("")?;
        Ok(Simulation { world, at, script: script(&self.script, "/script")? })
    }

    fn world(&self, at: &str) -> Result<ivr_engine::World> {
        let lists = [
            ("queues", self.queues.as_ref().map_or(0, BTreeMap::len)),
            ("requests", self.requests.as_ref().map_or(0, Vec::len)),
            ("contacts", self.contacts.as_ref().map_or(0, BTreeMap::len)),
        ];
        for (name, count) in lists {
            bounded(count, LIST, &format!("{at}/{name}"))?;
        }
        let mut world = self.to_json().unwrap_or_default();
        if let Some(fields) = world.as_object_mut() {
            fields.remove("script");
            fields.remove("at");
        }
        engine(world, at)
    }
}

/// A scripted call with expectations, as the engine has it.
pub fn test(name: String, call: &ScriptedCall, expect: &[Expected]) -> Result<FlowTest> {
    bounded(expect.len(), EXPECTATIONS, "/expect")?;
    let expect = expect.iter().enumerate().map(|(number, expected)| expectation(expected, number));
    Ok(FlowTest {
        name,
        at: call.at,
        world: call.world("/call")?,
        script: script(&call.script, "/call/script")?,
        expect: expect.collect::<Result<_>>()?,
    })
}

/// The call of a stored test.
pub fn call_of(definition: &Value) -> Value {
    let mut call = definition["world"].clone();
    call["script"] = definition["script"].clone();
    if definition["at"].is_string() {
        call["at"] = definition["at"].clone();
    }
    call
}

fn script(acts: &[ScriptedAct], at: &str) -> Result<Vec<ivr_engine::Act>> {
    bounded(acts.len(), SCRIPT, at)?;
    let read = |(number, act): (usize, &ScriptedAct)| {
        let place = format!("{at}/{number}");
        let value = act.to_json().unwrap_or_default();
        one_of(&value, &[], &place)?;
        engine(value, &place)
    };
    acts.iter().enumerate().map(read).collect()
}

fn expectation(expected: &Expected, number: usize) -> Result<Expectation> {
    let place = format!("/expect/{number}");
    let value = expected.to_json().unwrap_or_default();
    one_of(&value, &["port", "is"], &place)?;
    for (word, of) in [("port", "passed"), ("is", "variable")] {
        if !value[word].is_null() && value[of].is_null() {
            return Err(Error::invalid(format!("{place}/{word}"), format!("stands beside `{of}` only")));
        }
    }
    engine(value, &place)
}

/// Refuses an object that has not exactly one property, apart from `beside`.
fn one_of(value: &Value, beside: &[&str], place: &str) -> Result<()> {
    let named = value.as_object().into_iter().flatten().filter(|(name, _)| !beside.contains(&name.as_str()));
    match named.count() {
        1 => Ok(()),
        _ => Err(Error::invalid(place, "must have exactly one property")),
    }
}

fn bounded(count: usize, most: usize, place: &str) -> Result<()> {
    if count > most {
        return Err(Error::invalid(place, format!("must have at most {most} items")));
    }
    Ok(())
}

fn engine<T: DeserializeOwned>(value: Value, place: &str) -> Result<T> {
    serde_json::from_value(value).map_err(|cause| Error::invalid(place, cause.to_string()))
}
