//! Tests that are kept with a flow: a scripted call, and what must be true of it.

use chrono::{DateTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};

use crate::simulate::{Act, Ended, Simulation, Transcript, World, simulate};
use crate::{DialTo, Effect, Flow, Flows, Outcome, Passage, Prompt, limits};

/// A scripted call with expectations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FlowTest {
    pub name: String,
    /// When the call comes in; noon UTC of Monday, 5 January 2026, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub world: World,
    pub script: Vec<Act>,
    pub expect: Vec<Expectation>,
}

/// One thing that must be true of the call. Texts are compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Expectation {
    /// The caller heard a text that contains this, or the library's prompt of this name.
    Said {
        said: String,
    },
    NotSaid {
        not_said: String,
    },
    /// The call passed this node; by this port, where one is named.
    Passed {
        passed: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<String>,
    },
    NotPassed {
        not_passed: String,
    },
    /// At the end the running flow's variable is this; not set when absent.
    Variable {
        variable: String,
        #[serde(default)]
        is: Option<String>,
    },
    /// The call ended so.
    Ends {
        ends: EndsAs,
    },
    /// The call came into this queue.
    Queued {
        queued: String,
    },
    /// A text message was sent that contains this.
    Texted {
        texted: String,
    },
}

/// How a call ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndsAs {
    /// The flow hung up, as its author wanted.
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

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    pub name: String,
    /// The first that did not hold. None: all of it held.
    pub failed: Option<FailedLine>,
    pub transcript: Transcript,
}

/// A line that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedLine {
    /// Pointer into the test: `/expect/2`, or `/script/1` when the script could not be played.
    pub line: String,
    /// For people: what was there instead.
    pub found: String,
}

impl TestReport {
    pub fn passed(&self) -> bool {
        self.failed.is_none()
    }
}

impl FlowTest {
    /// Plays the script and looks at the call.
    pub fn run(&self, flow: &Flow, flows: &Flows) -> TestReport {
        let noon = Utc.with_ymd_and_hms(2026, 1, 5, 12, 0, 0).earliest().unwrap_or_default();
        let simulation = Simulation {
            world: self.world.clone(),
            at: self.at.unwrap_or(noon),
            script: self.script.clone(),
        };
        let transcript = simulate(flow, flows, &simulation);
        let failed = unplayed(&transcript.ended).or_else(|| {
            let looked = self.expect.iter().take(limits::EXPECTATIONS).enumerate();
            looked.into_iter().find_map(|(number, expected)| {
                let found = expected.missing(&transcript)?;
                Some(FailedLine { line: format!("/expect/{number}"), found })
            })
        });
        TestReport { name: self.name.clone(), failed, transcript }
    }
}

/// Why the script could not be played to its end.
fn unplayed(ended: &Ended) -> Option<FailedLine> {
    let (line, found) = match ended {
        Ended::DoesNotFit { act, node } => {
            (format!("/script/{act}"), format!("at the node `{node}` this cannot happen"))
        }
        Ended::NoAnswer { node } => {
            ("/world/requests".to_owned(), format!("there is no answer for the request `{node}`"))
        }
        Ended::FlowNotAtHand => ("/script".to_owned(), "a flow that the call was in is not there".to_owned()),
        Ended::Flow { .. }
        | Ended::Caller
        | Ended::Done
        | Ended::Asking { .. }
        | Ended::Queue { .. }
        | Ended::Agent { .. }
        | Ended::Transfer { .. }
        | Ended::Recording { .. } => return None,
    };
    Some(FailedLine { line, found })
}

impl Expectation {
    /// What was there instead; None when it holds.
    fn missing(&self, call: &Transcript) -> Option<String> {
        match self {
            Self::Said { said } => (!heard(call).iter().any(|text| contains(text, said)))
                .then(|| format!("the caller heard: {}", list(&heard(call)))),
            Self::NotSaid { not_said } => heard(call)
                .into_iter()
                .find(|text| contains(text, not_said))
                .map(|text| format!("the caller heard: {}", limits::cut(&text, 300))),
            Self::Passed { passed, port } => {
                let left = ports_of(call, passed);
                match (left, port) {
                    (Some(_), None) => None,
                    (Some(ports), Some(port)) if ports.contains(port) => None,
                    (Some(ports), Some(_)) => Some(format!("the call left `{passed}` by: {}", list(&ports))),
                    (None, _) => Some(format!("the call did not come to `{passed}`")),
                }
            }
            Self::NotPassed { not_passed } => {
                ports_of(call, not_passed).map(|_| format!("the call came to `{not_passed}`"))
            }
            Self::Variable { variable, is } => {
                let value = call.session.variables.get(variable);
                (value != is.as_ref()).then(|| match value {
                    Some(value) => format!("`{variable}` is `{}`", limits::cut(value, 300)),
                    None => format!("`{variable}` is not set"),
                })
            }
            Self::Ends { ends } => {
                let ended = EndsAs::of(&call.ended);
                (ended != Some(*ends)).then(|| format!("the call ended otherwise: {}", told(&call.ended)))
            }
            Self::Queued { queued } => {
                let queues: Vec<String> =
                    call.entries.iter().filter_map(|entry| queue_of(&entry.next)).collect();
                (!queues.contains(queued))
                    .then(|| format!("the call came into the queues: {}", list(&queues)))
            }
            Self::Texted { texted } => {
                let texts: Vec<String> = call
                    .entries
                    .iter()
                    .flat_map(|entry| &entry.effects)
                    .filter_map(|effect| match effect {
                        Effect::Sms { text, .. } => Some(text.clone()),
                        Effect::SaveContact { .. }
                        | Effect::Recording { .. }
                        | Effect::SurveyAnswered { .. } => None,
                    })
                    .collect();
                (!texts.iter().any(|text| contains(text, texted)))
                    .then(|| format!("the text messages were: {}", list(&texts)))
            }
        }
    }
}

impl EndsAs {
    fn of(ended: &Ended) -> Option<Self> {
        match ended {
            Ended::Flow { outcome: Outcome::Completed } => Some(Self::FlowHangsUp),
            Ended::Flow { outcome: Outcome::QueueTimedOut } => Some(Self::QueueTimesOut),
            Ended::Flow { outcome: Outcome::FlowFailed } => Some(Self::Apology),
            Ended::Caller => Some(Self::CallerHangsUp),
            Ended::Done => Some(Self::Done),
            Ended::Asking { .. } => Some(Self::Asking),
            Ended::Queue { .. } => Some(Self::Waiting),
            Ended::Agent { .. } => Some(Self::WithAgent),
            Ended::Transfer { .. } => Some(Self::Transferring),
            Ended::Recording { .. } => Some(Self::LeavingMessage),
            Ended::NoAnswer { .. } | Ended::DoesNotFit { .. } | Ended::FlowNotAtHand => None,
        }
    }
}

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Flow { outcome: Outcome::Completed } => "the flow hung up".to_owned(),
        Ended::Flow { outcome: Outcome::QueueTimedOut } => "nobody was free in time".to_owned(),
        Ended::Flow { outcome: Outcome::FlowFailed } => "in an apology".to_owned(),
        Ended::Caller => "the caller hung up".to_owned(),
        Ended::Done => "the flow came to its end".to_owned(),
        Ended::Asking { node } => format!("the flow waits for an answer at `{node}`"),
        Ended::Queue { queue } => format!("the caller waits in `{queue}`"),
        Ended::Agent { queue } => format!("the caller talks to an agent of `{queue}`"),
        Ended::Transfer { to: DialTo::Number(to) | DialTo::Sip(to) | DialTo::Agent(to) } => {
            format!("the caller is being connected with {to}")
        }
        Ended::Recording { node } => format!("the caller leaves a message at `{node}`"),
        Ended::NoAnswer { node } => format!("no answer for `{node}`"),
        Ended::DoesNotFit { act, .. } => format!("line {act} of the script cannot happen"),
        Ended::FlowNotAtHand => "a flow is not there".to_owned(),
    }
}

/// All that the caller heard.
fn heard(call: &Transcript) -> Vec<String> {
    let prompts = call.entries.iter().flat_map(|entry| entry.prompts.iter().chain(entry.next.prompts()));
    prompts
        .map(|prompt| match prompt {
            Prompt::Say { text, .. } => text.clone(),
            Prompt::Play { url } => url.clone(),
            Prompt::Library { name, .. } => name.clone(),
        })
        .collect()
}

/// The ports by which the call left a node. None when it never came there.
fn ports_of(call: &Transcript, node: &str) -> Option<Vec<String>> {
    let passed: Vec<_> =
        call.entries.iter().flat_map(|entry| &entry.trace).filter(|entry| entry.node == node).collect();
    (!passed.is_empty()).then(|| {
        let ports = passed.into_iter().filter_map(|entry| match &entry.passage {
            Passage::Left { port } => Some(port.clone()),
            Passage::Waits
            | Passage::AsksAgain { .. }
            | Passage::Enters { .. }
            | Passage::Returns
            | Passage::Ends => None,
        });
        ports.collect()
    })
}

fn queue_of(next: &crate::Next) -> Option<String> {
    match next {
        crate::Next::Enqueue { queue, .. } => Some(queue.clone()),
        _ => None,
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

fn list(texts: &[String]) -> String {
    if texts.is_empty() {
        return "none".to_owned();
    }
    limits::cut(&texts.join(" | "), 600).to_owned()
}
