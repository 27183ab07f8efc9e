//! Flows beside the call's own: what a queue's waiting callers hear, its held ones, and its agents before they are joined.
//!
//! None of them is a step of the call's flow, which waits meanwhile. A held caller's flow asks nothing, remembers nothing and
//! runs from its start each time; the other two are rows ([`side_session`]), and what goes into them is kept for replays.

mod document;
pub mod hold;
pub mod wait;
pub mod whisper;

use entity::id::{FlowVersionId, QueueId, SideSessionId};
use entity::{agent, queue_flows, side_input, side_session};
use ivr_engine::{CallFacts, FlowKind, Input, Next, Outcome, Prompt, Recorded, Session};
use serde_json::json;

use super::story::EventKind;
use super::{CallFile, flow, library};
use crate::error::{Error, Result};
use crate::store::side_sessions::{self, Whose};
use crate::store::{Unit, queueing};

/// A question of the flow that is answered at once leads back into it; this often within one hop.
const DETOURS: usize = 50;

/// What one step of such a flow comes to.
pub struct Heard {
    pub session: Session,
    pub said: Vec<Prompt>,
    pub next: Next,
    /// What went into the flow for it.
    inputs: Vec<Recorded>,
}

impl Heard {
    /// The end of a flow in place of its apology.
    fn unless_broken(self) -> Self {
        if self.is_broken() { Self { said: Vec::new(), next: Next::Done, ..self } } else { self }
    }

    /// Whether the flow is broken: it has said an apology, and what it was for goes on without it.
    pub fn is_broken(&self) -> bool {
        matches!(self.next, Next::HangUp { outcome: Outcome::FlowFailed })
    }
}

/// The version of the queue's flow of this kind, if it has one that is published as such.
async fn of_queue(unit: &Unit, queue: QueueId, kind: FlowKind) -> Result<Option<FlowVersionId>> {
    let Some(flows) = side_sessions::of_queue(unit.scope(), unit.tx(), queue).await? else { return Ok(None) };
    let Some(id) = named(&flows, kind) else { return Ok(None) };
    let Some(version) = side_sessions::published(unit.scope(), unit.tx(), id).await? else { return Ok(None) };
    let compiled = flow::compile(unit, version).await?;
    Ok((compiled.kind() == kind).then_some(version))
}

/// Whether the queue names a flow of this kind. Most do not, and who only reads needs no transaction to know.
pub async fn has<C: sea_orm::ConnectionTrait>(
    scope: entity::CompanyScope,
    db: &C,
    queue: QueueId,
    kind: FlowKind,
) -> Result<bool> {
    let flows = side_sessions::of_queue(scope, db, queue).await?;
    Ok(flows.is_some_and(|flows| named(&flows, kind).is_some()))
}

/// Which flow a queue has of this kind.
pub fn named(flows: &queue_flows::Model, kind: FlowKind) -> Option<entity::id::FlowId> {
    match kind {
        FlowKind::Wait => flows.wait_flow_id,
        FlowKind::Hold => flows.hold_flow_id,
        FlowKind::Whisper => flows.whisper_flow_id,
        FlowKind::Call => None,
    }
}

/// A session at its beginning. `seed` decides the splits.
async fn begin(
    unit: &Unit,
    file: &CallFile,
    queue: QueueId,
    agent: Option<&agent::Model>,
    seed: uuid::Uuid,
) -> Result<Session> {
    let queue = queueing::queue(unit.scope(), unit.tx(), queue).await?;
    let facts = CallFacts {
        from: file.row.from_address.clone(),
        to: file.row.to_address.clone(),
        caller_name: file.row.caller_name.clone(),
        queue: Some(queue.name),
        agent: agent.map(|agent| agent.name.clone()),
    };
    Ok(Session::new(facts).seeded(seed.as_u64_pair().1))
}

/// Whether what goes wrong is told in the call's story: once, and not each time that the flow comes round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tells {
    Yes,
    No,
}

/// Feeds one input to the flow, and answers what it asks the server at once.
async fn step(
    unit: &mut Unit,
    file: &mut CallFile,
    version: FlowVersionId,
    session: Session,
    input: Input,
    tells: Tells,
) -> Result<Heard> {
    let compiled = flow::compile(unit, version).await?;
    let (mut session, mut input, mut said, mut inputs) = (session, input, Vec::new(), Vec::new());
    for _ in 0..DETOURS {
        let at = unit.now();
        let step = ivr_engine::step(&compiled, session, input, at);
        inputs.push(Recorded { at, input: step.input });
        if tells == Tells::Yes {
            for problem in &step.problems {
                let mut told = serde_json::to_value(problem).unwrap_or_default();
                told["flowVersionId"] = json!(version);
                file.note(unit, EventKind::FlowProblem, told);
            }
        }
        let (heard, next) = library::look_up(unit, file, step.prompts, step.next).await?;
        said.extend(heard);
        session = step.session;
        match flow::answer(unit, file, &next).await? {
            Some(answer) => input = answer,
            None => return Ok(Heard { session, said, next, inputs }),
        }
    }
    Ok(Heard { session, said: Vec::new(), next: Next::HangUp { outcome: Outcome::FlowFailed }, inputs })
}

/// The session as it is stored.
fn read(row: &side_session::Model) -> Result<Session> {
    serde_json::from_value(row.session.clone())
        .map_err(|cause| Error::internal("read a stored session", cause))
}

/// Where a flow is after a step, and what the line was told.
struct Kept<'a> {
    whose: Whose,
    flow: FlowVersionId,
    session: &'a Session,
    inputs: &'a [Recorded],
    twiml: String,
    has_left_queue: bool,
}

/// Keeps it in the row that there is, else in a new one.
async fn keep(unit: &Unit, file: &CallFile, row: Option<side_session::Model>, kept: Kept<'_>) -> Result<()> {
    let Kept { whose, flow, session, inputs, twiml, has_left_queue } = kept;
    let (queue_entry_id, offer_id) = match whose {
        Whose::Waits(entry) => (Some(entry), None),
        Whose::IsOffered(offer) => (None, Some(offer)),
    };
    let had = row.as_ref().map_or(0, |row| row.inputs);
    let kept = side_session::Model {
        id: row.as_ref().map_or_else(|| unit.id::<SideSessionId>(), |row| row.id),
        company_id: unit.company(),
        call_id: file.id(),
        queue_entry_id,
        offer_id,
        flow_version_id: flow,
        session: serde_json::to_value(session).unwrap_or_default(),
        version: next_version(row.as_ref()),
        inputs: had + i32::try_from(inputs.len()).unwrap_or(i32::MAX),
        begun_at: row.as_ref().map_or_else(|| Some(unit.now()), |row| row.begun_at),
        twiml,
        has_left_queue,
        moved_at: unit.now(),
    };
    let id = kept.id;
    match row {
        Some(_) => side_sessions::save(unit.scope(), unit.tx(), kept).await?,
        None => side_sessions::insert(unit.scope(), unit.tx(), kept).await?,
    }
    for (seq, recorded) in (had + 1..).zip(inputs) {
        let row = side_input::Model {
            company_id: unit.company(),
            side_session_id: id,
            seq,
            flow_version_id: flow,
            at: recorded.at,
            input: serde_json::to_value(&recorded.input).unwrap_or_default(),
            engine_version: i32::try_from(ivr_engine::ENGINE_VERSION).unwrap_or(i32::MAX),
            time_zone_version: ivr_engine::TIME_ZONE_DATA.to_owned(),
        };
        unit.scope().insert::<side_input::Entity, _>(unit.tx(), row).await?;
    }
    Ok(())
}

/// The version that the session has after this input: it makes each hop a request of its own.
fn next_version(row: Option<&side_session::Model>) -> i32 {
    row.map_or(1, |row| row.version + 1)
}
