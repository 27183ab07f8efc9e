//! A call and its flow: one input in, the engine's step, what follows from it.

use std::sync::Arc;

use entity::id::FlowVersionId;
use entity::{CallOutcome, CallStatus, EndedBy, engine_input, flow_version};
use ivr_engine::{Flow, Input, Next, Outcome, QueueLeft, Session, Step};
use serde_json::json;

use super::reply::FlowNext;
use super::story::EventKind;
use super::{CallFile, Reply, enqueue};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::Unit;

/// A queue that cannot be entered leads back into the flow; this often within one hop, and then the call is given up.
const DETOURS: usize = 5;

/// Feeds one input to the call's flow. The call's session moves on to its next version.
pub async fn advance(unit: &mut Unit, file: &mut CallFile, input: Input) -> Result<Reply> {
    let flow = compiled(unit, file).await?;
    let mut input = input;
    let mut said = Vec::new();
    for _ in 0..DETOURS {
        let step = run(unit, file, &flow, input).await?;
        said.extend(step.prompts);
        let next = match step.next {
            Next::Enqueue { queue, priority, skills, max_wait_seconds, age_credit_seconds } => {
                let wish = enqueue::Wish {
                    queue,
                    priority,
                    skills,
                    max_wait_seconds,
                    age_credit_seconds,
                    preference: None,
                };
                match enqueue::enter(unit, file, wish).await? {
                    Some(entry) => FlowNext::Parked { entry: entry.id, queue: entry.queue_id },
                    None => {
                        input = Input::QueueLeft(QueueLeft::Failed);
                        continue;
                    }
                }
            }
            next => {
                follow(unit, file, &next);
                FlowNext::Engine(next)
            }
        };
        return Ok(Reply::Flow { call: file.id(), version: file.row.session_version, prompts: said, next });
    }
    file.note(unit, EventKind::FlowProblem, json!({"code": "tooManyDetours"}));
    file.row.outcome = Some(CallOutcome::Error);
    Ok(Reply::Apology(crate::words::Words::of(flow.language())))
}

/// Tells the flow that its call is over, so that a replay knows it too.
pub async fn hang_up(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    let Some(session) = session(file)? else { return Ok(()) };
    if !session.has_ended() {
        let flow = compiled(unit, file).await?;
        run(unit, file, &flow, Input::HungUp).await?;
    }
    Ok(())
}

/// What the flow waits for now; `None` when it has ended or never began.
pub fn session(file: &CallFile) -> Result<Option<Session>> {
    let Some(stored) = &file.row.session else { return Ok(None) };
    serde_json::from_value(stored.clone())
        .map(Some)
        .map_err(|cause| Error::internal("read a stored session", cause))
}

async fn run(unit: &mut Unit, file: &mut CallFile, flow: &Flow, input: Input) -> Result<Step> {
    let session = session(file)?.ok_or_else(|| Error::internal("step", "the call has no session"))?;
    record(unit, file, &input).await?;
    let step = ivr_engine::step(flow, session, input, unit.now());
    for passed in &step.trace {
        let passed = serde_json::to_value(passed).unwrap_or_default();
        file.note(unit, EventKind::NodePassed, passed);
    }
    for problem in &step.problems {
        tracing::warn!(call = %file.id(), node = ?problem.node, code = ?problem.code, "a flow has a problem");
        let problem = serde_json::to_value(problem).unwrap_or_default();
        file.note(unit, EventKind::FlowProblem, problem);
    }
    file.row.session = Some(serde_json::to_value(&step.session).unwrap_or_default());
    Ok(step)
}

/// Every input is kept with all that the step depended on: what replay needs.
async fn record(unit: &mut Unit, file: &mut CallFile, input: &Input) -> Result<()> {
    file.row.session_version += 1;
    let row = engine_input::Model {
        company_id: unit.company(),
        call_id: file.id(),
        seq: file.row.session_version,
        at: unit.now(),
        input: serde_json::to_value(input).unwrap_or_default(),
        queue_figures: json!({}),
        answers: json!([]),
        engine_version: i32::try_from(ivr_engine::ENGINE_VERSION).unwrap_or(i32::MAX),
        time_zone_version: ivr_engine::TIME_ZONE_DATA.to_owned(),
    };
    Ok(unit.scope().insert::<engine_input::Entity, _>(unit.tx(), row).await?)
}

/// What a step that does not queue means for the call.
fn follow(unit: &Unit, file: &mut CallFile, next: &Next) {
    match next {
        Next::Gather { .. } | Next::Record { .. } | Next::Enqueue { .. } => {
            file.row.status = CallStatus::InIvr
        }
        Next::Dial { number, .. } => {
            file.row.status = CallStatus::InIvr;
            file.note(unit, EventKind::TransferStarted, json!({"number": number}));
        }
        Next::HangUp { outcome } => {
            let as_call = match outcome {
                Outcome::Completed => CallOutcome::FlowExit,
                Outcome::QueueTimedOut => CallOutcome::Overflow,
                Outcome::FlowFailed => CallOutcome::Error,
            };
            file.row.outcome.get_or_insert(as_call);
            file.row.ended_by.get_or_insert(EndedBy::Flow);
            file.note(unit, EventKind::FlowEnded, json!({"outcome": outcome}));
        }
        Next::Ended => {}
    }
}

async fn compiled(unit: &Unit, file: &CallFile) -> Result<Arc<Flow>> {
    let version = file.row.flow_version_id.ok_or(Error::NotFound(Subject::FlowVersion))?;
    compile(unit, version).await
}

/// The compiled flow of a published version; these never change, so they are kept.
pub async fn compile(unit: &Unit, version: FlowVersionId) -> Result<Arc<Flow>> {
    let app: &App = unit.app();
    if let Some(flow) = app.flows.get(version) {
        return Ok(flow);
    }
    let row = unit
        .scope()
        .find_by_id::<flow_version::Entity>(version)
        .one(unit.tx())
        .await?
        .ok_or(Error::NotFound(Subject::FlowVersion))?;
    let flow = Flow::parse(&row.document).map_err(|findings| {
        let first = findings.first().map_or_else(String::new, |finding| finding.message.clone());
        Error::internal("compile a published flow", first)
    })?;
    Ok(app.flows.keep(version, flow))
}
