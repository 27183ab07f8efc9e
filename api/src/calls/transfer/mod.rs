//! A call is passed on: to an agent, a queue, a number outside or a flow.
//!
//! Blind, the agent goes at once and begins to wrap up: a caller for an agent or a queue is parked as any waiting caller,
//! with the age that he has, and one for a number or a flow is sent there on his own line. Warm, the agent stays, the
//! caller hears music, and whoever is asked comes into the room where both are (decision 15). What fails brings the caller
//! back: to the agent while he is there, else he is rung back, else to the queue at the old place. At no moment is a
//! caller alone in a silent room.

mod fate;
mod line;
mod outside;
mod steer;

pub use fate::{
    Why, caller_gone, colleague_failed, colleague_joined, colleague_left, first_left, queue_ended, reached,
    together, wanted_failed,
};
pub use line::{Ended, dialed, is_still_wanted, number_progressed, take_up};
pub use outside::{came, gone, time_is_up, wanted};
pub use steer::{cancel, complete, merge};

use chrono::TimeDelta;
use entity::id::{AgentId, FlowId, LegId, QueueId, TransferId};
use entity::{
    CallStatus, CompanyScope, EndedBy, JobKind, LegKind, LegState, SegmentState, TransferMode, TransferState,
    TransferTarget, leg, queue, queue_entry, segment, transfer,
};
use ivr_engine::FlowKind;
use serde_json::json;

use super::carry::{self, Target};
use super::control::{self, Actor};
use super::offer::{Opened, Rings};
use super::story::EventKind;
use super::visit::{self, For, Keeping, Visit};
use super::{CallFile, admission, flow, hold, leave, offer, outbound, recording, rows, wrap_up};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::{Audience, Unit, calls, flows, live, queueing, workforce};

/// How long a number outside rings, in seconds.
pub const RING_SECONDS: u32 = 30;
/// The provider adds about five seconds to a ring, and its word may be lost.
const GRACE_SECONDS: i64 = 10;

/// Who is to get the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Agent(AgentId),
    Queue(QueueId),
    /// In E.164.
    Number(String),
    Flow(FlowId),
}

/// Passes the call on, or begins to.
///
/// # Errors
/// A conflict when another transfer of the call is under way, when the agent cannot be asked now, when the queue does not
/// take the caller now, or when the flow was never published; 422 for a number that the company's rules do not allow.
/// Nothing has changed then.
pub async fn start(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    call: entity::id::CallId,
    to: To,
    mode: TransferMode,
) -> Result<transfer::Model> {
    if matches!(to, To::Number(_)) {
        outbound::load_plans();
    }
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, segment) = control::talk(&unit, actor, call).await?;
    if live::open_transfer(scope, unit.tx(), call).await?.is_some() {
        return Err(Error::conflict(Code::TransferUnderWay, "Another transfer of this call is under way."));
    }
    if let To::Number(number) = &to {
        outbound::may_be_passed_to(&unit, number, "/to/number").await?;
    }
    let mut row = plan(&unit, &file, &segment, actor, &to, mode);
    file.note(
        &unit,
        EventKind::TransferStarted,
        json!({"transferId": row.id, "agentId": segment.agent_id, "mode": mode, "target": row.target,
            "toAgentId": row.to_agent_id, "toQueueId": row.to_queue_id, "number": row.to_number,
            "toFlowId": row.to_flow_id}),
    );
    begin(&mut unit, &mut file, &segment, &mut row, to).await?;
    tell(&mut unit, &row);
    control::tell(&mut unit, &mut file).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(row)
}

/// What follows at once; the transfer is written with what belongs to it.
async fn begin(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: &segment::Model,
    row: &mut transfer::Model,
    to: To,
) -> Result<()> {
    match (row.mode, to) {
        (TransferMode::Blind, To::Agent(agent)) => {
            can_be_asked(unit, agent, segment.agent_id).await?;
            release(unit, file, segment).await?;
            let queue = queue_of(unit, segment.queue_id).await?;
            let entry = at_the_old_place(unit, file, segment, &queue, For::Agent(agent)).await?;
            write(unit, row, &entry).await?;
            ask(unit, file, &entry, agent).await?;
            park(unit, file, &entry, segment).await?;
        }
        (TransferMode::Blind, To::Queue(queue)) => {
            let queue = queue_of(unit, queue).await?;
            admission::must_take(unit, &queue).await?;
            release(unit, file, segment).await?;
            let entry = at_the_old_place(unit, file, segment, &queue, For::Anybody).await?;
            write(unit, row, &entry).await?;
            park(unit, file, &entry, segment).await?;
        }
        (TransferMode::Blind, To::Number(_)) => {
            release(unit, file, segment).await?;
            recording::without_agent(unit, file).await?;
            unit.scope().insert::<transfer::Entity, _>(unit.tx(), row.clone()).await?;
            file.row.status = CallStatus::Dialing;
            carry::move_caller(unit, file, Target::Transfer { transfer: row.id });
        }
        (TransferMode::Blind, To::Flow(id)) => {
            published(unit, id).await?;
            release(unit, file, segment).await?;
            unit.scope().insert::<transfer::Entity, _>(unit.tx(), row.clone()).await?;
            file.row.status = CallStatus::InIvr;
            carry::move_caller(unit, file, Target::Transfer { transfer: row.id });
        }
        (TransferMode::Warm, To::Agent(agent)) => {
            can_be_asked(unit, agent, segment.agent_id).await?;
            let queue = queue_of(unit, segment.queue_id).await?;
            let entry = at_the_old_place(unit, file, segment, &queue, For::Colleague(agent)).await?;
            write(unit, row, &entry).await?;
            ask(unit, file, &entry, agent).await?;
            hold::put(unit, file).await?;
        }
        (TransferMode::Warm, To::Queue(queue)) => {
            let queue = queue_of(unit, queue).await?;
            let entry = at_the_old_place(unit, file, segment, &queue, For::AnyColleague).await?;
            write(unit, row, &entry).await?;
            hold::put(unit, file).await?;
        }
        (TransferMode::Warm, To::Number(number)) => {
            let leg = plan_leg(unit, file, LegKind::Transfer, number);
            unit.scope().insert::<leg::Entity, _>(unit.tx(), leg.clone()).await?;
            row.leg_id = Some(leg.id);
            unit.scope().insert::<transfer::Entity, _>(unit.tx(), row.clone()).await?;
            let now = unit.now();
            unit.job(JobKind::DialParty, leg.id, json!({}), now);
            let late = now + TimeDelta::seconds(i64::from(RING_SECONDS) + GRACE_SECONDS);
            unit.job(JobKind::TransferDeadline, row.id, json!({}), late);
            hold::put(unit, file).await?;
        }
        (TransferMode::Warm, To::Flow(_)) => {
            return Err(Error::invalid("/mode", "must be blind: nobody can be asked in a flow"));
        }
    }
    Ok(())
}

fn plan(
    unit: &Unit,
    file: &CallFile,
    segment: &segment::Model,
    actor: Actor,
    to: &To,
    mode: TransferMode,
) -> transfer::Model {
    let mut row = transfer::Model {
        id: unit.id::<TransferId>(),
        company_id: unit.company(),
        call_id: file.id(),
        segment_id: segment.id,
        agent_id: segment.agent_id,
        requested_by: actor.user,
        mode,
        target: TransferTarget::Agent,
        to_agent_id: None,
        to_queue_id: None,
        to_number: None,
        to_flow_id: None,
        state: TransferState::Pending,
        queue_entry_id: None,
        leg_id: None,
        started_at: unit.now(),
        taken_up_at: None,
        joined_at: None,
        ended_at: None,
        reason: None,
    };
    match to {
        To::Agent(agent) => row.to_agent_id = Some(*agent),
        To::Queue(queue) => (row.target, row.to_queue_id) = (TransferTarget::Queue, Some(*queue)),
        To::Number(number) => (row.target, row.to_number) = (TransferTarget::Number, Some(number.clone())),
        To::Flow(flow) => (row.target, row.to_flow_id) = (TransferTarget::Flow, Some(*flow)),
    }
    row
}

async fn write(unit: &Unit, row: &mut transfer::Model, entry: &queue_entry::Model) -> Result<()> {
    row.queue_entry_id = Some(entry.id);
    Ok(unit.scope().insert::<transfer::Entity, _>(unit.tx(), row.clone()).await?)
}

/// Whether this agent could take a call now. Who has the call cannot pass it to himself.
async fn can_be_asked(unit: &Unit, agent: AgentId, first: AgentId) -> Result<()> {
    let row = workforce::agent(unit.scope(), unit.tx(), agent).await?;
    if agent == first {
        return Err(Error::invalid("/to/agentId", "must be another agent than the one who has the call"));
    }
    let held = queueing::slots_of(unit.scope(), unit.tx(), &[agent]).await?.len();
    let ready = rows::is_ready(&row, &unit.app().settings.timing, unit.now());
    if ready && held < usize::try_from(row.capacity).unwrap_or_default() {
        Ok(())
    } else {
        Err(not_available(&row.name))
    }
}

fn not_available(name: &str) -> Error {
    Error::conflict(Code::AgentNotAvailable, format!("{name} cannot take a call now."))
}

/// Offers the visit to the one agent who is wanted.
async fn ask(unit: &mut Unit, file: &mut CallFile, entry: &queue_entry::Model, agent: AgentId) -> Result<()> {
    match offer::ask(unit, file, entry, agent, Rings::AsInTheQueue).await? {
        Opened::Yes => Ok(()),
        Opened::Stale => {
            let row = workforce::agent(unit.scope(), unit.tx(), agent).await?;
            Err(not_available(&row.name))
        }
    }
}

async fn published(unit: &Unit, id: FlowId) -> Result<entity::id::FlowVersionId> {
    let flow = flows::by_id(unit.scope(), unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let version = flow
        .published_version_id
        .ok_or_else(|| Error::conflict(Code::FlowNotPublished, "This flow has never been published."))?;
    if flow::compile(unit, version).await?.kind() != FlowKind::Call {
        return Err(Error::invalid("/to/flowId", "must be a flow of the kind `call`"));
    }
    Ok(version)
}

/// The agent's time with the caller is over. His leg ends with the room, when the caller leaves it: until then the two
/// still hear each other, and nobody is alone.
async fn release(unit: &mut Unit, file: &mut CallFile, segment: &segment::Model) -> Result<()> {
    wrap_up::begin(unit, file, segment.clone(), EndedBy::Agent).await?;
    file.row.agent_id = None;
    Ok(())
}

/// A visit of a queue at the place that the caller has had: his age, and his priority, go with him. He is kept for nobody:
/// who talked with him last has just passed him on.
async fn at_the_old_place(
    unit: &mut Unit,
    file: &mut CallFile,
    first: &segment::Model,
    queue: &queue::Model,
    wanted: For,
) -> Result<queue_entry::Model> {
    let before = queueing::entry(unit.scope(), unit.tx(), first.queue_entry_id).await?;
    // What the caller needed there says nothing about another queue.
    let skills = before.as_ref().filter(|entry| entry.queue_id == queue.id).map(rows::needed);
    let visit = Visit {
        priority: before.as_ref().map_or(0, |entry| entry.priority),
        skills: skills.unwrap_or_default(),
        waiting_since: before.map_or(unit.now(), |entry| entry.waiting_since),
        flow_wait_until: None,
        wanted,
        keeping: Keeping::Nobody,
        came_through: Vec::new(),
    };
    visit::begin(unit, file, queue, visit).await
}

/// The caller waits on in another queue: what he was passed on for goes with him, if that was to find whoever is next.
pub async fn visit_moved(unit: &Unit, old: &queue_entry::Model, new: &queue_entry::Model) -> Result<()> {
    let transfer = live::transfer_of_entry(unit.scope(), unit.tx(), old.id).await?;
    match transfer.filter(|transfer| transfer.state.is_open() && old.wanted_agent_id.is_none()) {
        Some(mut transfer) => {
            transfer.queue_entry_id = Some(new.id);
            live::save_transfer(unit.scope(), unit.tx(), transfer).await
        }
        None => Ok(()),
    }
}

/// The queue that somebody is to be found in.
async fn queue_of(unit: &Unit, id: QueueId) -> Result<queue::Model> {
    queueing::queue(unit.scope(), unit.tx(), id).await
}

/// The caller goes from the room to his parking place.
async fn park(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    after: &segment::Model,
) -> Result<()> {
    leave::park_again(unit, file, Target::Queue { entry: entry.id, after: after.id }).await
}

/// A leg of somebody who is neither the caller nor an agent with an offer, before anybody was called.
pub fn plan_leg(unit: &Unit, file: &CallFile, kind: LegKind, address: String) -> leg::Model {
    leg::Model {
        id: unit.id::<LegId>(),
        company_id: unit.company(),
        call_id: file.id(),
        kind,
        offer_id: None,
        agent_id: None,
        address,
        provider_sid: None,
        state: LegState::Planned,
        held: false,
        muted: false,
        last_sequence: None,
        dialled_at: None,
        joined_at: None,
        left_at: None,
        ended_at: None,
        created_at: unit.now(),
    }
}

/// Where the caller is now, from the rows. For what moves a call between agents; whatever ends one says so itself.
async fn project(unit: &Unit, file: &mut CallFile) -> Result<()> {
    if file.caller_has_left() {
        return Ok(());
    }
    let (scope, tx, call) = (unit.scope(), unit.tx(), file.id());
    if let Some(segment) = queueing::live_segment(scope, tx, call).await? {
        file.row.agent_id = Some(segment.agent_id);
        file.row.status = match (segment.state, segment.held_since) {
            (SegmentState::Connected, Some(_)) => CallStatus::OnHold,
            (SegmentState::Connected, None) => CallStatus::Connected,
            (
                SegmentState::Reserved
                | SegmentState::Joined
                | SegmentState::WrapUp
                | SegmentState::Done
                | SegmentState::Failed,
                _,
            ) => CallStatus::Offered,
        };
        return Ok(());
    }
    file.row.agent_id = None;
    if queueing::visit_of(scope, tx, call).await?.is_some() {
        let offered = !queueing::open_offers_of_call(scope, tx, call).await?.is_empty();
        file.row.status = if offered { CallStatus::Offered } else { CallStatus::Queued };
        return Ok(());
    }
    let last = live::transfers(scope, tx, call).await?.pop();
    if let Some(transfer) = last.filter(|transfer| transfer.target == TransferTarget::Number) {
        file.row.status = match (transfer.state, transfer.mode) {
            (TransferState::Completed, _) => CallStatus::Connected,
            (TransferState::Pending, TransferMode::Blind) => CallStatus::Dialing,
            // The agent has gone while the number rings: the caller hears music.
            (TransferState::Pending, TransferMode::Warm) => CallStatus::OnHold,
            (TransferState::Joined | TransferState::Failed | TransferState::Cancelled, _) => file.row.status,
        };
    }
    Ok(())
}

/// Tells those concerned how the transfer stands.
fn tell(unit: &mut Unit, transfer: &transfer::Model) {
    let mut audience = vec![Audience::Supervisors, Audience::Agent(transfer.agent_id)];
    audience.extend(transfer.to_agent_id.map(Audience::Agent));
    let mut payload = control::describe(transfer);
    payload["callId"] = json!(transfer.call_id);
    unit.tell(&audience, "call:transfer", payload);
}

/// The transfer is over, once.
async fn finish(
    unit: &mut Unit,
    file: &mut CallFile,
    mut transfer: transfer::Model,
    to: TransferState,
    reason: Option<Why>,
) -> Result<transfer::Model> {
    let Some(state) = transfer.state.advance(to) else { return Ok(transfer) };
    transfer.state = state;
    transfer.ended_at = Some(unit.now());
    transfer.reason = reason.map(|why| why.as_str().to_owned());
    crate::store::jobs::cancel(unit, JobKind::TransferDeadline, transfer.id).await?;
    live::save_transfer(unit.scope(), unit.tx(), transfer.clone()).await?;
    file.note(
        unit,
        EventKind::TransferEnded,
        json!({"transferId": transfer.id, "outcome": state, "reason": transfer.reason}),
    );
    tell(unit, &transfer);
    Ok(transfer)
}

/// The leg of who is asked from outside, if he is.
async fn outside_leg(unit: &Unit, transfer: &transfer::Model) -> Result<Option<leg::Model>> {
    match transfer.leg_id {
        Some(leg) => calls::leg(unit.scope(), unit.tx(), leg).await,
        None => Ok(None),
    }
}
