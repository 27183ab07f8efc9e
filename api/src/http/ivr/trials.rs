//! Flows without a call: what is different in a draft, and what a scripted caller would hear.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use ivr_engine::{
    DialTo, Ended, FlowDiff, NodeChange, NodeDiff, Outcome as FlowOutcome, Passage, PortMove, Problem,
    Prompt, TraceEntry,
};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::scripted::ScriptedCall;
use crate::app::App;
use crate::authz::{Can, ReadFlows};
use crate::calls::direct::NoAgent;
use crate::calls::rehearsal::Obstacle;
use crate::error::{Error, Result as Outcome};
use crate::flows::difference;
use crate::flows::simulation::{self, Play, Played, Step};
use crate::flows::trial::{Others, Which};
use crate::http::envelope::{Reply, Success};
use crate::http::{JsonBody, Tag};

pub struct FlowTrials;

/// What is different between two versions of a flow.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FlowDifferenceOut {
    /// JSON pointers to what is different outside the nodes, such as `/language`.
    head: Vec<String>,
    /// Nodes that do something else.
    nodes: Vec<NodeDifferenceOut>,
    /// Nodes of which only the place or the note is different.
    layout: Vec<String>,
}

/// A node that does something else.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NodeDifferenceOut {
    node: String,
    change: NodeChangeOut,
    /// JSON pointers into the node, at most 100, such as `/choices/1/phrases`.
    fields: Vec<String>,
    ports: Vec<PortMoveOut>,
}

/// What has become of a node.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum NodeChangeOut {
    Added,
    Removed,
    Changed,
}

/// A port that leads elsewhere.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PortMoveOut {
    port: String,
    /// Where it led to; absent when it was open.
    from: Option<String>,
    /// Where it leads to; absent when it is open.
    to: Option<String>,
}

/// What a scripted caller went through.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SimulationOut {
    transcript: Vec<SimulatedStepOut>,
    outcome: SimulatedEndOut,
    /// What the flow remembers at the end.
    variables: BTreeMap<String, String>,
}

/// What the caller did, and all that followed until the flow waited for him again.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SimulatedStepOut {
    at: DateTime<Utc>,
    /// Which line of the script this is, from 0; absent for the beginning, and for an answer to a request.
    act: Option<u64>,
    /// The node at which the call waits afterwards.
    node: Option<String>,
    /// The words, or the address of a file, one after the other.
    said: Vec<String>,
    /// The document that the line would be given; absent where it would be given none.
    twiml: Option<String>,
    passed: Vec<PassedNodeOut>,
    /// Messages, contacts and the like that would follow, as the engine has them. Nothing of it is done.
    effects: Vec<Any<Value>>,
    problems: Vec<FlowProblemOut>,
}

/// A node, and how the call passed it.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PassedNodeOut {
    /// The version or the draft of another flow that the node belongs to.
    flow: Option<String>,
    node: String,
    how: PassageOut,
    /// By which it was left.
    port: Option<String>,
}

/// How a step leaves its node.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum PassageOut {
    Left,
    Waits,
    AsksAgain,
    /// It went on to another flow.
    Enters,
    /// It went back to the flow that called this one.
    Returns,
    Ends,
}

/// Something that the author of the flow should know.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowProblemOut {
    code: String,
    node: Option<String>,
    message: String,
}

/// How a scripted call ended, or where its script left it.
#[derive(Object, Default)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SimulatedEndOut {
    end: SimulatedEndKind,
    node: Option<String>,
    queue: Option<String>,
    /// The number, the address or the agent that he is being connected with.
    to: Option<String>,
    /// The line of the script that does not fit.
    act: Option<u64>,
}

/// Why the simulation ends.
#[derive(Enum, Default)]
#[oai(rename_all = "camelCase")]
enum SimulatedEndKind {
    #[default]
    FlowHangsUp,
    CallerHangsUp,
    /// The caller waited as long as the flow allows, and heard that nobody is free.
    QueueTimesOut,
    /// The flow is broken, and the caller heard an apology.
    Apology,
    /// The script is over, and the caller waits in a queue.
    Waiting,
    /// The script is over, and he talks to an agent.
    WithAgent,
    Transferring,
    LeavingMessage,
    /// The script is over, and the flow waits for an answer.
    Asking,
    /// A flow of another kind than `call` came to its end.
    Done,
    /// There is no answer for the request of this node.
    NoAnswer,
    /// This line of the script cannot happen there.
    DoesNotFit,
    /// A flow that the call was in is not there any more.
    FlowNotThere,
}

/// Which version of the other flows is used.
#[derive(Enum, Clone, Copy)]
#[oai(rename_all = "camelCase")]
enum OtherFlows {
    /// As a call would find them.
    Published,
    Drafts,
}

impl From<FlowDiff> for FlowDifferenceOut {
    fn from(diff: FlowDiff) -> Self {
        Self { head: diff.head, nodes: diff.nodes.into_iter().map(Into::into).collect(), layout: diff.layout }
    }
}

impl From<NodeDiff> for NodeDifferenceOut {
    fn from(NodeDiff { node, change }: NodeDiff) -> Self {
        let (change, fields, ports) = match change {
            NodeChange::Added => (NodeChangeOut::Added, Vec::new(), Vec::new()),
            NodeChange::Removed => (NodeChangeOut::Removed, Vec::new(), Vec::new()),
            NodeChange::Changed { fields, ports } => (NodeChangeOut::Changed, fields, ports),
        };
        Self { node, change, fields, ports: ports.into_iter().map(Into::into).collect() }
    }
}

impl From<PortMove> for PortMoveOut {
    fn from(PortMove { port, from, to }: PortMove) -> Self {
        Self { port, from, to }
    }
}

impl From<Played> for SimulationOut {
    fn from(played: Played) -> Self {
        Self {
            transcript: played.steps.into_iter().map(Into::into).collect(),
            outcome: played.ended.into(),
            variables: played.session.variables,
        }
    }
}

impl From<Step> for SimulatedStepOut {
    fn from(Step { entry, told }: Step) -> Self {
        let obstacles = told.obstacles.into_iter().map(|obstacle| problem(entry.node.clone(), obstacle));
        let problems = entry.problems.into_iter().map(Into::into).chain(obstacles).collect();
        Self {
            at: entry.at,
            act: entry.act.map(count),
            node: entry.node,
            said: told.said.into_iter().map(words).collect(),
            twiml: told.twiml,
            passed: entry.trace.into_iter().map(Into::into).collect(),
            effects: entry
                .effects
                .iter()
                .map(|effect| Any(serde_json::to_value(effect).unwrap_or_default()))
                .collect(),
            problems,
        }
    }
}

/// What stands in the way. Codes are those of a call's story, but for a recording, of which that has a line of its own.
fn problem(node: Option<String>, obstacle: Obstacle) -> FlowProblemOut {
    let (code, message) = match obstacle {
        Obstacle::NoPrompt(name) => ("unknownPrompt", format!("there is no prompt `{name}`")),
        Obstacle::NoQueue(name) => ("unknownQueue", format!("there is no queue `{name}`")),
        Obstacle::NoAgent { why, agent } => {
            let message = match why {
                NoAgent::Unknown => format!("there is no agent `{agent}`"),
                NoAgent::Ambiguous => format!("several agents are called `{agent}`"),
                NoAgent::WithoutQueue => {
                    format!("`{agent}` is asked by the rules of a queue, and there is none")
                }
            };
            (why.code(), message)
        }
        Obstacle::MayNotRecord(why) => ("recordingForbidden", why.refusal().to_owned()),
    };
    FlowProblemOut { code: code.to_owned(), node, message }
}

impl From<TraceEntry> for PassedNodeOut {
    fn from(entry: TraceEntry) -> Self {
        let (how, port) = match entry.passage {
            Passage::Left { port } => (PassageOut::Left, Some(port)),
            Passage::Waits => (PassageOut::Waits, None),
            Passage::AsksAgain { .. } => (PassageOut::AsksAgain, None),
            Passage::Enters { .. } => (PassageOut::Enters, None),
            Passage::Returns => (PassageOut::Returns, None),
            Passage::Ends => (PassageOut::Ends, None),
        };
        Self { flow: entry.flow.map(|flow| flow.to_string()), node: entry.node, how, port }
    }
}

impl From<Problem> for FlowProblemOut {
    fn from(problem: Problem) -> Self {
        let code = serde_json::to_value(problem.code).ok();
        Self {
            code: code.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            node: problem.node,
            message: problem.message,
        }
    }
}

impl From<Ended> for SimulatedEndOut {
    fn from(ended: Ended) -> Self {
        let at = |end, node| Self { end, node: Some(node), ..Self::default() };
        let queued = |end, queue| Self { end, queue: Some(queue), ..Self::default() };
        let plain = |end| Self { end, ..Self::default() };
        match ended {
            Ended::Flow { outcome: FlowOutcome::Completed } => plain(SimulatedEndKind::FlowHangsUp),
            Ended::Flow { outcome: FlowOutcome::QueueTimedOut } => plain(SimulatedEndKind::QueueTimesOut),
            Ended::Flow { outcome: FlowOutcome::FlowFailed } => plain(SimulatedEndKind::Apology),
            Ended::Caller => plain(SimulatedEndKind::CallerHangsUp),
            Ended::Done => plain(SimulatedEndKind::Done),
            Ended::Asking { node } => at(SimulatedEndKind::Asking, node),
            Ended::Queue { queue } => queued(SimulatedEndKind::Waiting, queue),
            Ended::Agent { queue } => queued(SimulatedEndKind::WithAgent, queue),
            Ended::Transfer { to: DialTo::Number(to) | DialTo::Sip(to) | DialTo::Agent(to) } => {
                Self { to: Some(to), ..plain(SimulatedEndKind::Transferring) }
            }
            Ended::Recording { node } => at(SimulatedEndKind::LeavingMessage, node),
            Ended::NoAnswer { node } => at(SimulatedEndKind::NoAnswer, node),
            Ended::DoesNotFit { act, node } => {
                Self { act: Some(count(act)), ..at(SimulatedEndKind::DoesNotFit, node) }
            }
            Ended::FlowNotAtHand => plain(SimulatedEndKind::FlowNotThere),
        }
    }
}

fn words(prompt: Prompt) -> String {
    match prompt {
        Prompt::Say { text, .. } => text,
        Prompt::Play { url } => url,
        Prompt::Library { name, .. } => name,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The number of a version, or `draft`.
fn which(name: &str, given: Option<String>) -> Outcome<Option<Which>> {
    match given.as_deref() {
        None => Ok(None),
        Some("draft") => Ok(Some(Which::Draft)),
        Some(number) => match number.parse() {
            Ok(number) if number >= 1 => Ok(Some(Which::Version(number))),
            Ok(_) | Err(_) => Err(Error::invalid(name, "must be `draft` or the number of a version")),
        },
    }
}

#[OpenApi(prefix_path = "/api/ivr", tag = "Tag::Ivr")]
impl FlowTrials {
    /// Tells what is different between two versions of a flow.
    ///
    /// Node by node, as an author would tell it.
    #[oai(path = "/:id/diff", method = "get", operation_id = "compareFlowVersions")]
    async fn diff(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The number of a version, or `draft`; the version that new calls get when absent.
        from: Query<Option<String>>,
        /// The number of a version, or `draft`, which it also is when absent.
        to: Query<Option<String>>,
    ) -> Reply<FlowDifferenceOut> {
        let (from, to) = (which("from", from.0)?, which("to", to.0)?);
        Success::ok(difference::difference(app, can.scope()?, id.0.into(), from, to).await?)
    }

    /// Plays a scripted call through a flow.
    ///
    /// The real engine and the real documents, but nobody is called and nothing is written. Prompts and queues are the
    /// company's; what queues, requests and contacts would answer stands in the script.
    #[oai(path = "/:id/simulate", method = "post", operation_id = "simulateFlow")]
    async fn simulate(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The number of a published version; the draft when absent.
        #[oai(validator(minimum(value = "1")))]
        version: Query<Option<i32>>,
        /// In which document other flows run that are called; `published` when absent.
        #[oai(name = "otherFlows")]
        other_flows: Query<Option<OtherFlows>>,
        body: JsonBody<ScriptedCall>,
    ) -> Reply<SimulationOut> {
        let others = match other_flows.0 {
            None | Some(OtherFlows::Published) => Others::Published,
            Some(OtherFlows::Drafts) => Others::Drafts,
        };
        let which = version.0.map_or(Which::Draft, Which::Version);
        let play = Play { which, others, simulation: body.0.read(app.clock.now())? };
        Success::ok(simulation::play(app, can.scope()?, id.0.into(), play).await?)
    }
}
