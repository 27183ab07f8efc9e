//! A caller waits. The provider's queue is only where he is parked: these rows own the order.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, QueueEntryId};
use entity::{CallStatus, EntryOutcome, EntryPurpose, RoutingSubject, queue, queue_entry};
use ivr_engine::{FlowKind, Input, QueueLeft, SkillNeed};
use serde_json::json;
use twilio::webhook::{EnqueueResult, QueueResult};

use super::reply::{QUIET, Wait};
use super::rows::NeededSkill;
use super::story::EventKind;
use super::{CallFile, Reply, arrive, file, flow, leave, side};
use crate::app::App;
use crate::error::Result;
use crate::store::queueing::{self, Won};
use crate::store::{Audience, Unit, calls, companies, workforce};
use entity::CompanyScope;
use sea_orm::ConnectionTrait;

/// Where a flow wants its caller to wait.
pub struct Wish {
    pub queue: String,
    pub priority: u8,
    pub skills: Vec<SkillNeed>,
    pub max_wait_seconds: Option<u32>,
    pub age_credit_seconds: u32,
}

/// Puts the caller into the queue; `None` when the queue or a skill does not exist.
pub async fn enter(unit: &mut Unit, file: &mut CallFile, wish: Wish) -> Result<Option<queue_entry::Model>> {
    // An input that did not fit makes the flow ask for the same thing again: he keeps the place that he has.
    if let Some(entry) = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await? {
        return Ok(Some(entry));
    }
    let Some(queue) = queueing::queue_by_name(unit.scope(), unit.tx(), &wish.queue).await? else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownQueue", "queue": wish.queue}));
        return Ok(None);
    };
    let Some(skills) = skills(unit, &wish.skills).await? else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownSkill", "skills": wish.skills}));
        return Ok(None);
    };
    let entry = queue_entry::Model {
        id: unit.id::<QueueEntryId>(),
        company_id: unit.company(),
        call_id: file.id(),
        queue_id: queue.id,
        priority: i32::from(wish.priority),
        skills: serde_json::to_value(skills).unwrap_or_default(),
        entered_at: unit.now(),
        waiting_since: unit.now() - TimeDelta::seconds(i64::from(wish.age_credit_seconds)),
        purpose: EntryPurpose::Caller,
        wanted_agent_id: None,
        max_wait_until: wish
            .max_wait_seconds
            .map(|seconds| unit.now() + TimeDelta::seconds(i64::from(seconds))),
        outcome: None,
        left_at: None,
    };
    unit.scope().insert::<queue_entry::Entity, _>(unit.tx(), entry.clone()).await?;
    unit.reroute(RoutingSubject::Entry, entry.id);
    file.row.status = CallStatus::Queued;
    file.row.queue_id = Some(queue.id);
    file.note(
        unit,
        EventKind::Queued,
        json!({"queueId": queue.id, "queue": queue.name, "entryId": entry.id, "priority": entry.priority}),
    );
    unit.tell(
        &[Audience::Queue(queue.id)],
        "queue:entered",
        json!({"queueId": queue.id, "callId": file.id()}),
    );
    Ok(Some(entry))
}

async fn skills(unit: &Unit, wished: &[SkillNeed]) -> Result<Option<Vec<NeededSkill>>> {
    if wished.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let known = workforce::skills(unit.scope(), unit.tx()).await?;
    let find = |wish: &SkillNeed| {
        known.iter().find(|skill| skill.name == wish.skill || skill.id.to_string() == wish.skill)
    };
    Ok(wished.iter().map(|wish| Some(NeededSkill { skill: find(wish)?.id, level: wish.level })).collect())
}

/// What a waiting caller hears next. Only reads, unless his longest wait is over.
pub async fn wait(app: &App, scope: CompanyScope, id: QueueEntryId, hop: u32) -> Result<Reply> {
    let db = app.db.reader();
    let Some(entry) = followed(scope, db, id).await? else { return Ok(Reply::HangUp) };
    let id = entry.id;
    let waited_out = entry.max_wait_until.is_some_and(|until| until <= app.clock.now());
    match entry.outcome {
        Some(EntryOutcome::Overflow | EntryOutcome::Voicemail) => return Ok(Reply::LeaveQueue),
        None if waited_out && overflow(app, scope, entry.call_id, id).await? == Won::Yes => {
            return Ok(Reply::LeaveQueue);
        }
        // Somebody is just being brought to him, or he is on his way out: the place is kept quiet until then.
        None
        | Some(
            EntryOutcome::Answered
            | EntryOutcome::Abandoned
            | EntryOutcome::Callback
            | EntryOutcome::Error
            | EntryOutcome::Moved
            | EntryOutcome::Withdrawn
            | EntryOutcome::Outbound,
        ) => {}
    }
    let queue: queue::Model = queueing::queue(scope, db, entry.queue_id).await?;
    if entry.wanted_agent_id.is_some() {
        // He has no place in the line: one agent is asked, and hears at once or not.
        let words = companies::words(scope, db).await?;
        return Ok(Reply::Wait(Wait::for_one(id, hop, queue.hold_music_url, words)));
    }
    if side::has(scope, db, queue.id, FlowKind::Wait).await?
        && let Some(reply) = side::wait::round(app, scope, id, hop).await?
    {
        return Ok(reply);
    }
    Ok(Reply::Wait(Wait {
        entry: id,
        hop,
        position: Some(queueing::ahead_of(scope, db, &entry).await? + 1),
        expected: app.desks.expected_wait(scope, id, app.clock.now()),
        music: queue.hold_music_url,
        quiet: quiet(entry.max_wait_until, app.clock.now()),
        words: companies::words(scope, db).await?,
    }))
}

/// The visit that a hop is about. Who was moved to another queue stays in his parking place at the provider, whose
/// addresses name the visit with which he came there: his latest one counts.
async fn followed<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: QueueEntryId,
) -> Result<Option<queue_entry::Model>> {
    match queueing::entry(scope, db, id).await? {
        Some(moved) if moved.outcome == Some(EntryOutcome::Moved) => {
            queueing::last_entry(scope, db, moved.call_id).await
        }
        other => Ok(other),
    }
}

/// Not longer than the caller may wait: his next request is when his longest wait is noticed.
fn quiet(until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> u32 {
    let left = until.map_or(i64::from(QUIET), |until| (until - now).num_seconds());
    u32::try_from(left.clamp(1, i64::from(QUIET))).unwrap_or(QUIET)
}

/// The longest wait is over, unless an agent has just taken the call.
async fn overflow(app: &App, scope: CompanyScope, call: CallId, entry: QueueEntryId) -> Result<Won> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, call).await?;
    if queueing::live_segment(scope, unit.tx(), call).await?.is_some() {
        return Ok(Won::No);
    }
    let won = queueing::close_entry(scope, unit.tx(), entry, EntryOutcome::Overflow, unit.now()).await?;
    if won == Won::Yes {
        leave::withdraw_offers(&mut unit, &mut file, entity::OfferState::Withdrawn).await?;
        unit.reroute(RoutingSubject::Entry, entry);
        file.row.status = CallStatus::InIvr;
        file.note(&unit, EventKind::Dequeued, json!({"entryId": entry, "outcome": EntryOutcome::Overflow}));
        file.save(&mut unit).await?;
        unit.commit().await?;
    }
    Ok(won)
}

/// The caller has left the provider's queue.
pub async fn exit(
    unit: &mut Unit,
    call: CallId,
    entry: QueueEntryId,
    version: i32,
    result: &EnqueueResult,
) -> Result<Reply> {
    let mut file = CallFile::open(unit, call).await?;
    let visit = followed(unit.scope(), unit.tx(), entry).await?;
    let entry = visit.as_ref().map_or(entry, |visit| visit.id);
    let outcome = visit.and_then(|visit| visit.outcome);
    match &result.result {
        QueueResult::Hangup => {
            leave::caller_left(unit, &mut file, None, entity::EndedBy::Caller).await?;
            file.save(unit).await?;
            Ok(Reply::Nothing)
        }
        result if was_moved(result) => Ok(file.current()),
        QueueResult::Leave if outcome == Some(EntryOutcome::Overflow) => {
            come_back(unit, file, version, QueueLeft::TimedOut).await
        }
        QueueResult::Leave
        | QueueResult::Error
        | QueueResult::QueueFull
        | QueueResult::SystemError
        | QueueResult::Redirected
        | QueueResult::Bridged
        | QueueResult::BridgingInProcess
        | QueueResult::RedirectedFromBridged
        | QueueResult::Other(_) => {
            let failed =
                queueing::close_entry(unit.scope(), unit.tx(), entry, EntryOutcome::Error, unit.now())
                    .await?;
            if failed == Won::No {
                return Ok(file.current());
            }
            leave::withdraw_offers(unit, &mut file, entity::OfferState::Withdrawn).await?;
            if let Some(segment) = queueing::live_segment(unit.scope(), unit.tx(), call).await? {
                leave::give_up_segment(unit, &mut file, segment, entity::EndedBy::System).await?;
            }
            unit.reroute(RoutingSubject::Entry, entry);
            file.note(unit, EventKind::Dequeued, json!({"entryId": entry, "outcome": EntryOutcome::Error}));
            come_back(unit, file, version, QueueLeft::Failed).await
        }
    }
}

/// Whether somebody took the caller out of the provider's queue to bring him elsewhere: that settles nothing, and what
/// we answer is [`where_the_caller_belongs`].
pub fn was_moved(result: &QueueResult) -> bool {
    match result {
        QueueResult::Redirected
        | QueueResult::Bridged
        | QueueResult::BridgingInProcess
        | QueueResult::RedirectedFromBridged => true,
        QueueResult::Hangup
        | QueueResult::Leave
        | QueueResult::Error
        | QueueResult::QueueFull
        | QueueResult::SystemError
        | QueueResult::Other(_) => false,
    }
}

async fn come_back(unit: &mut Unit, mut file: CallFile, version: i32, why: QueueLeft) -> Result<Reply> {
    if file.row.session_version != version {
        return Ok(file.current());
    }
    let input = match flow::session(&file)? {
        Some(session) => ivr_engine::without_agent(&session, why),
        None => Input::QueueLeft(why),
    };
    let reply = flow::advance(unit, &mut file, input).await?;
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// With the agent who has joined for him, else in the queue that he waits in, else where his flow is. Asked for as often
/// as the provider likes: only reads.
pub async fn where_the_caller_belongs(app: &App, scope: CompanyScope, id: CallId) -> Result<Reply> {
    let db = app.db.reader();
    let call = calls::get(scope, db, id).await?;
    if let Some(segment) = queueing::live_segment(scope, db, id).await?
        && segment.state != entity::SegmentState::Reserved
    {
        return Ok(Reply::JoinCaller { call: id, room: segment.room_id });
    }
    let waits = queueing::visit_of(scope, db, id).await?;
    let waits = waits.filter(|visit| visit.purpose == EntryPurpose::Caller);
    Ok(match (waits, call.status) {
        (Some(entry), _) => {
            Reply::Park { call: id, version: call.session_version, entry: entry.id, queue: entry.queue_id }
        }
        // His longest wait ended while he was being brought: the flow has gone on.
        // So has a caller who was passed on to a number or another flow.
        (None, CallStatus::InIvr | CallStatus::Dialing) => file::current(&call),
        (
            None,
            CallStatus::Received
            | CallStatus::Queued
            | CallStatus::Offered
            | CallStatus::Connected
            | CallStatus::OnHold
            | CallStatus::WrapUp
            | CallStatus::Completed
            | CallStatus::Failed,
        ) => Reply::HangUp,
    })
}
