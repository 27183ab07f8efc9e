//! A call and its flow: one input in, the engine's step, what follows from it.

use std::sync::Arc;

use entity::id::FlowVersionId;
use entity::{CallOutcome, CallStatus, EndedBy, engine_input, flow_version};
use ivr_engine::{
    CallFacts, DialOutcome, DialTo, Flow, FlowKind, FlowRef, Input, InputRecord, Next, Outcome, QueueLeft,
    Session, Step,
};
use serde_json::json;

use super::reply::FlowNext;
use super::story::EventKind;
use super::{CallFile, Reply, callback, direct, effects, enqueue, figures, library, quiet, request, secrets};
use crate::app::App;
use crate::contacts;
use crate::error::{Error, Result, Subject};
use crate::store::{Unit, flows};

/// A question of the flow that is answered at once leads back into it; this often within one hop, and then the call is
/// given up.
const DETOURS: usize = 50;

/// Feeds one input to the call's flow. The call's session moves on to its next version.
pub async fn advance(unit: &mut Unit, file: &mut CallFile, input: Input) -> Result<Reply> {
    let mut input = input;
    let mut said = Vec::new();
    let mut words = crate::words::Words::of("");
    for _ in 0..DETOURS {
        let flow = compiled(unit, file).await?;
        words = crate::words::Words::of(flow.language());
        let mut step = run(unit, file, &flow, input).await?;
        said.extend(effects::perform(unit, file, std::mem::take(&mut step.effects)).await?);
        let (heard, next) = library::look_up(unit, file, step.prompts, step.next).await?;
        said.extend(heard);
        let next = match next {
            Next::Enqueue {
                queue,
                priority,
                skills,
                max_wait_seconds,
                age_credit_seconds,
                prefer_agent,
                comes_back: _,
            } => {
                let wish = enqueue::Wish {
                    queue,
                    priority,
                    skills,
                    max_wait_seconds,
                    age_credit_seconds,
                    prefer_agent,
                };
                match enqueue::enter(unit, file, wish).await? {
                    Some(entry) => FlowNext::Parked { entry: entry.id, queue: entry.queue_id },
                    None => {
                        input = Input::QueueLeft(QueueLeft::Failed);
                        continue;
                    }
                }
            }
            Next::Request(call) => {
                request::begin(unit, file, &call).await?;
                follow(unit, file, &Next::Request(call));
                FlowNext::Requesting
            }
            Next::Dial { to: DialTo::Agent(agent), timeout_seconds, .. } => {
                match direct::ask(unit, file, &agent, timeout_seconds).await? {
                    Ok(entry) => FlowNext::Parked { entry: entry.id, queue: entry.queue_id },
                    Err(outcome) => {
                        input = Input::Dialed(outcome);
                        continue;
                    }
                }
            }
            next => match answer(unit, file, &next).await? {
                Some(answer) => {
                    input = answer;
                    continue;
                }
                None => {
                    follow(unit, file, &next);
                    FlowNext::Engine(next)
                }
            },
        };
        let version = file.row.session_version;
        let reply = Reply::Flow { call: file.id(), version, prompts: said, next };
        return quiet::before(unit, file, reply).await;
    }
    file.note(unit, EventKind::FlowProblem, json!({"code": "tooManyDetours"}));
    file.row.outcome = Some(CallOutcome::Error);
    Ok(Reply::Apology(words))
}

/// The call's flow is another one from now on, from its beginning: a transfer or a rule of a queue has brought it there.
pub async fn go_over_to(unit: &mut Unit, file: &mut CallFile, version: FlowVersionId) -> Result<Reply> {
    let facts = CallFacts {
        from: file.row.their_address().to_owned(),
        to: file.row.our_address().to_owned(),
        caller_name: file.row.caller_name.clone(),
        ..CallFacts::default()
    };
    let (_, seed) = file.id().0.as_u64_pair();
    file.row.flow_version_id = Some(version);
    file.row.session = Some(serde_json::to_value(Session::new(facts).seeded(seed)).unwrap_or_default());
    file.row.status = CallStatus::InIvr;
    // The inputs that follow are this flow's: a replay begins with the next one.
    let first_input = file.row.session_version + 1;
    file.note(unit, EventKind::FlowStarted, json!({"flowVersionId": version, "firstInput": first_input}));
    advance(unit, file, Input::Start).await
}

/// The caller has talked to nobody and waits no longer: his flow goes on.
pub async fn without_agent(unit: &mut Unit, file: &mut CallFile, left: QueueLeft) -> Result<Reply> {
    let input = match session(file)? {
        Some(session) => ivr_engine::without_agent(&session, left),
        None => Input::QueueLeft(left),
    };
    advance(unit, file, input).await
}

/// What the flow asks the server and learns at once.
pub async fn answer(unit: &mut Unit, file: &mut CallFile, next: &Next) -> Result<Option<Input>> {
    Ok(match next {
        Next::FindFlow { flow } => {
            let version = match flows::published(unit.scope(), unit.tx(), flow).await? {
                Some(version) => {
                    let kind = compile(unit, version).await?.kind();
                    (kind == FlowKind::Call).then_some(version)
                }
                None => None,
            };
            Some(Input::FlowFound(version.map(|version| FlowRef::new(version.to_string()))))
        }
        Next::Continue => {
            // What the caller keyed in is for a request of the flow that asked him.
            secrets::forget(unit, file.id()).await?;
            Some(Input::Continue)
        }
        Next::Figures { queue } => Some(Input::Figures(figures::of_queue(unit, file, queue).await?)),
        Next::FindContact { number, fields } => {
            Some(Input::ContactFound(contacts::flow::find(unit, number, fields).await?))
        }
        Next::BookCallback(wish) => Some(Input::CallbackBooked(callback::book(unit, file, wish).await?)),
        Next::Dial { to: DialTo::Agent(_), .. } => Some(Input::Dialed(DialOutcome::Failed)),
        Next::Gather { .. }
        | Next::Enqueue { .. }
        | Next::Dial { to: DialTo::Number(_) | DialTo::Sip(_), .. }
        | Next::Record { .. }
        | Next::Request(_)
        | Next::Done
        | Next::HangUp { .. }
        | Next::Ended => None,
    })
}

/// Tells the flow that its call is over, so that a replay knows it too.
pub async fn hang_up(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    let Some(session) = session(file)? else { return Ok(()) };
    request::caller_left(unit, file).await?;
    if !session.has_ended() {
        let flow = compiled(unit, file).await?;
        run(unit, file, &flow, Input::HungUp).await?;
    }
    Ok(())
}

/// What the flow is told now that the agent has hung up; `None` when the conversation ends the call.
pub async fn after_agent(unit: &Unit, file: &CallFile) -> Result<Option<Input>> {
    let Some(session) = session(file)?.filter(|session| !session.has_ended()) else { return Ok(None) };
    let flow = compiled(unit, file).await?;
    Ok(ivr_engine::after_agent(&flow, &session))
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
    let mut step = ivr_engine::step(flow, session, input, unit.now());
    record(unit, file, &step.input).await?;
    if let Some(secret) = step.secret.take() {
        secrets::keep(unit, file.id(), secret).await?;
    }
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
async fn record(unit: &mut Unit, file: &mut CallFile, input: &InputRecord) -> Result<()> {
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
        Next::Gather { .. }
        | Next::Record { .. }
        | Next::Enqueue { .. }
        | Next::Request(_)
        | Next::Figures { .. }
        | Next::FindContact { .. }
        | Next::FindFlow { .. }
        | Next::BookCallback(_)
        | Next::Continue => file.row.status = CallStatus::InIvr,
        Next::Dial { to, .. } => {
            file.row.status = CallStatus::InIvr;
            let told = match to {
                DialTo::Number(number) => json!({"number": number}),
                DialTo::Sip(address) => json!({"sip": address}),
                DialTo::Agent(agent) => json!({"agent": agent}),
            };
            file.note(unit, EventKind::TransferStarted, told);
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
        // Only flows of other kinds than a call's come to an end so.
        Next::Done | Next::Ended => {}
    }
}

/// The flow that the call is in: the one that its session names when another one was called, else its own.
pub async fn compiled(unit: &Unit, file: &CallFile) -> Result<Arc<Flow>> {
    let called = session(file)?.and_then(|session| session.flow()?.as_str().parse().ok());
    let version = called.or(file.row.flow_version_id).ok_or(Error::NotFound(Subject::FlowVersion))?;
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
