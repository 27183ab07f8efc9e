//! The rules of a queue that act while somebody waits: overflow steps and the longest wait.
//!
//! A rule is a job row at its moment. It is done at least once and looks first whether it is still wanted: the caller may
//! have left, or an agent may just be getting him. Where a rule takes the caller out of the queue, his visit ends here, and
//! he goes on when his line comes to the queue's exit.

use chrono::TimeDelta;
use entity::id::{FlowId, QueueEntryId, QueueId};
use entity::{
    CallOutcome, CallStatus, CompanyScope, EntryOutcome, JobKind, OverflowAction, RoutingSubject, queue,
    queue_entry,
};
use ivr_engine::{Flow, FlowKind, Input, QueueLeft, Session};
use serde_json::json;

use super::carry::{self, Target};
use super::reply::FlowNext;
use super::story::EventKind;
use super::visit::{self, MovedBy};
use super::{CallFile, Reply, admission, flow, leave, transfer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::queueing::{self, Won};
use crate::store::{Unit, companies, flows};

/// An agent may just be getting the caller: so long until it is looked again whether he has.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(2);
/// A job comes at a whole microsecond, which is what databases keep; the step that it is for may be due within it.
const GRAIN: TimeDelta = TimeDelta::microseconds(1);
/// Longest message that a queue asks for.
const MESSAGE_SECONDS: u32 = 180;

/// The next rule of a visit is due, unless somebody was faster.
pub async fn rule_is_due(unit: &mut Unit, id: QueueEntryId) -> Result<()> {
    let Some(seen) = queueing::entry(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let open = queueing::open_entry(unit.scope(), unit.tx(), seen.call_id).await?;
    let Some(entry) = open.filter(|open| open.id == id) else { return Ok(()) };
    if queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?.is_some() {
        let later = unit.now() + LOOK_AGAIN;
        unit.job(JobKind::QueueStep, id, json!({}), later);
        return Ok(());
    }
    let queue = queueing::queue(unit.scope(), unit.tx(), entry.queue_id).await?;
    take_steps(unit, &mut file, &queue, entry).await?;
    file.save(unit).await
}

/// Takes what is due, in order, up to the step that ends the visit.
async fn take_steps(
    unit: &mut Unit,
    file: &mut CallFile,
    queue: &queue::Model,
    mut entry: queue_entry::Model,
) -> Result<()> {
    let due = unit.now() + GRAIN;
    while let Some(step) = entry.plan.steps.get(entry.plan.taken).filter(|step| step.at <= due) {
        let action = step.action.clone();
        entry.plan.taken += 1;
        match &action {
            OverflowAction::RelaxSkills { .. } | OverflowAction::RingAll => {
                note(unit, file, &entry, &action);
                unit.reroute(RoutingSubject::Entry, entry.id);
            }
            OverflowAction::Queue { queue_id } => {
                if move_to(unit, file, &entry, *queue_id).await? == Moved::Yes {
                    return Ok(());
                }
            }
            OverflowAction::Flow { .. } | OverflowAction::CallbackOffer { .. } => {
                note(unit, file, &entry, &action);
                return sent_away(unit, file, queue, entry, EntryOutcome::Overflow, Some(action)).await;
            }
            OverflowAction::Voicemail { .. } => {
                note(unit, file, &entry, &action);
                return sent_away(unit, file, queue, entry, EntryOutcome::Voicemail, Some(action)).await;
            }
        }
    }
    if entry.max_wait_until.is_some_and(|until| until <= unit.now()) {
        return sent_away(unit, file, queue, entry, EntryOutcome::Overflow, None).await;
    }
    visit::watch(unit, &entry, queue).await?;
    queueing::save_plan(unit.scope(), unit.tx(), entry.id, entry.plan).await
}

fn note(unit: &Unit, file: &mut CallFile, entry: &queue_entry::Model, action: &OverflowAction) {
    let mut told = json!(action);
    told["entryId"] = json!(entry.id);
    file.note(unit, EventKind::QueueStep, told);
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    Yes,
    /// He waits where he waited.
    No,
}

/// The caller waits in another queue. He stays where he is when that queue does not take him, or he came from there: two
/// queues that overflow into each other would pass him to and fro.
async fn move_to(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    to: QueueId,
) -> Result<Moved> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let came_from_there = to == entry.queue_id || entry.plan.came_through.contains(&to);
    let Some(queue) = queueing::queue_in_use(scope, tx, to).await?.filter(|_| !came_from_there) else {
        file.note(
            unit,
            EventKind::QueueRefused,
            json!({"queueId": to, "reason": if came_from_there { "came_from_there" } else { "gone" }}),
        );
        return Ok(Moved::No);
    };
    if let Some(refusal) = admission::refusal(unit, &queue).await? {
        admission::note_refusal(unit, file, &queue, refusal);
        return Ok(Moved::No);
    }
    note(unit, file, entry, &OverflowAction::Queue { queue_id: to });
    visit::move_to(unit, file, entry.clone(), &queue, MovedBy::Overflow).await?;
    Ok(Moved::Yes)
}

/// The visit ends, and the caller goes on elsewhere when his line asks what comes next.
async fn leave_queue(
    unit: &mut Unit,
    file: &mut CallFile,
    mut entry: queue_entry::Model,
    outcome: EntryOutcome,
    leaves_for: Option<OverflowAction>,
) -> Result<Won> {
    if leave::take_out_of_queue(unit, file, entry.id, outcome, json!({})).await? == Won::No {
        return Ok(Won::No);
    }
    entry.plan.leaves_for = leaves_for;
    entry.plan.left_at_version = Some(file.row.session_version);
    queueing::save_plan(unit.scope(), unit.tx(), entry.id, entry.plan).await?;
    transfer::queue_ended(unit, file, entry.id).await?;
    file.row.status = CallStatus::InIvr;
    Ok(Won::Yes)
}

/// [`leave_queue`] by a rule: where music or a flow keeps the caller's line from asking, it is fetched.
async fn sent_away(
    unit: &mut Unit,
    file: &mut CallFile,
    queue: &queue::Model,
    entry: queue_entry::Model,
    outcome: EntryOutcome,
    leaves_for: Option<OverflowAction>,
) -> Result<()> {
    let exit = Target::QueueExit { entry: entry.id, version: file.row.session_version };
    let won = leave_queue(unit, file, entry, outcome, leaves_for).await?;
    if won == Won::Yes && visit::hears_at_length(unit, queue).await? {
        carry::move_caller(unit, file, exit);
    }
    Ok(())
}

/// The longest wait is over, as the caller's own request found, unless an agent has just taken the call.
pub async fn waited_out(app: &App, scope: CompanyScope, seen: &queue_entry::Model) -> Result<Won> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    if queueing::live_segment(scope, unit.tx(), seen.call_id).await?.is_some() {
        return Ok(Won::No);
    }
    let open = queueing::open_entry(scope, unit.tx(), seen.call_id).await?;
    let Some(entry) = open.filter(|open| open.id == seen.id) else { return Ok(Won::No) };
    let won = leave_queue(&mut unit, &mut file, entry, EntryOutcome::Overflow, None).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(won)
}

/// What a caller whose visit has overflowed hears at the queue's exit.
pub async fn go_on(
    unit: &mut Unit,
    file: &mut CallFile,
    leaves_for: Option<OverflowAction>,
) -> Result<Reply> {
    match leaves_for {
        Some(OverflowAction::Flow { flow_id } | OverflowAction::CallbackOffer { flow_id }) => {
            go_on_in(unit, file, flow_id).await
        }
        Some(OverflowAction::Voicemail { mailbox }) => take_message(unit, file, mailbox).await,
        None
        | Some(OverflowAction::Queue { .. } | OverflowAction::RelaxSkills { .. } | OverflowAction::RingAll) => {
            flow::without_agent(unit, file, QueueLeft::TimedOut).await
        }
    }
}

/// The call goes on in another flow from its start; its story is the same. A flow that is not there, or was never
/// published, leaves him in the one that he came from.
async fn go_on_in(unit: &mut Unit, file: &mut CallFile, id: FlowId) -> Result<Reply> {
    let found = flows::by_id(unit.scope(), unit.tx(), id).await?;
    let Some(version) = found.and_then(|flow| flow.published_version_id) else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "flowNotPublished", "flowId": id}));
        return flow::without_agent(unit, file, QueueLeft::TimedOut).await;
    };
    if flow::compile(unit, version).await?.kind() != FlowKind::Call {
        file.note(unit, EventKind::FlowProblem, json!({"code": "flowOfAnotherKind", "flowId": id}));
        return flow::without_agent(unit, file, QueueLeft::TimedOut).await;
    }
    flow::go_over_to(unit, file, version).await
}

/// The caller is asked for a message, in the company's words; then the call ends.
async fn take_message(unit: &mut Unit, file: &mut CallFile, mailbox: Option<String>) -> Result<Reply> {
    let words = companies::words(unit.scope(), unit.tx()).await?;
    let mut ask = json!({
        "type": "voicemail",
        "prompt": words.leave_a_message(),
        "maxSeconds": MESSAGE_SECONDS,
    });
    if let Some(mailbox) = mailbox {
        ask["mailbox"] = json!(mailbox);
    }
    let document = json!({
        "version": 1,
        "name": "Message",
        "language": words.tag(),
        "start": "message",
        "nodes": {"message": ask},
    });
    let asks = Flow::parse(&document).map_err(|findings| {
        let first = findings.first().map_or_else(String::new, |finding| finding.message.clone());
        Error::internal("ask for a message", first)
    })?;
    let facts = flow::session(file)?.map(|session| session.call).unwrap_or_default();
    flow::hang_up(unit, file).await?;
    let step = ivr_engine::step(&asks, Session::new(facts), Input::Start, unit.now());
    file.row.outcome.get_or_insert(CallOutcome::Overflow);
    Ok(Reply::Flow {
        call: file.id(),
        version: file.row.session_version,
        prompts: step.prompts,
        next: FlowNext::Engine(step.next),
    })
}
