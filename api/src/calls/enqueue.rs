//! A caller waits. The provider's queue is only where he is parked: these rows own the order.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, QueueEntryId};
use entity::{
    CallStatus, CompanyScope, EntryOutcome, EntryPurpose, OverflowAction, call, queue, queue_entry,
};
use ivr_engine::{FlowKind, PreferAgent, QueueLeft, SkillNeed};
use sea_orm::ConnectionTrait;
use serde_json::json;
use twilio::webhook::{EnqueueResult, QueueResult};

use super::reply::{Place, Wait};
use super::rows::{self, NeededSkill};
use super::story::EventKind;
use super::visit::{self, For, Keeping, Preference, PreferredAgent, Visit};
use super::{CallFile, Reply, admission, arrive, callback, file, flow, leave, overflow, side, transfer};
use crate::app::App;
use crate::error::Result;
use crate::store::queueing::{self, Won};
use crate::store::{Unit, calls, companies, workforce};

/// How a flow names the agent who talked with the caller last.
const LAST: &str = "last";

/// Where a flow wants its caller to wait.
pub struct Wish {
    pub queue: String,
    pub priority: u8,
    pub skills: Vec<SkillNeed>,
    pub max_wait_seconds: Option<u32>,
    pub age_credit_seconds: u32,
    /// Whom the caller is to be kept for at first, in place of the queue's own rule about it.
    pub prefer_agent: Option<PreferAgent>,
}

/// Puts the caller into the queue; `None` when the queue or a skill does not exist, or the queue does not take him.
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
    if let Some(refusal) = admission::refusal(unit, &queue).await? {
        admission::note_refusal(unit, file, &queue, refusal);
        return Ok(None);
    }
    let own = unit.now() - TimeDelta::seconds(i64::from(wish.age_credit_seconds));
    let kept = callback::take_up(unit, file, &queue).await?;
    let ahead = |seconds: u32| unit.now() + TimeDelta::seconds(i64::from(seconds));
    let visit = Visit {
        priority: i32::from(wish.priority),
        skills,
        waiting_since: kept.map_or(own, |kept| kept.min(own)),
        flow_wait_until: wish.max_wait_seconds.map(ahead),
        wanted: For::Anybody,
        keeping: keeping(wish.prefer_agent),
        came_through: Vec::new(),
    };
    visit::begin(unit, file, &queue, visit).await.map(Some)
}

fn keeping(wished: Option<PreferAgent>) -> Keeping {
    let Some(wished) = wished else { return Keeping::ByRule };
    let agent = match wished.agent.as_str() {
        LAST => PreferredAgent::Last,
        _ => PreferredAgent::Named(wished.agent),
    };
    Keeping::For(Preference { agent, seconds: wished.seconds })
}

/// The skills by their names or ids; `None` when one of them does not exist.
pub async fn skills(unit: &Unit, wished: &[SkillNeed]) -> Result<Option<Vec<NeededSkill>>> {
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
    let waited_out = entry.max_wait_until.is_some_and(|until| until <= app.clock.now());
    match entry.outcome {
        Some(EntryOutcome::Overflow | EntryOutcome::Voicemail) => return Ok(Reply::LeaveQueue),
        None if waited_out && overflow::waited_out(app, scope, &entry).await? == Won::Yes => {
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
            | EntryOutcome::Outbound
            | EntryOutcome::Unreached,
        ) => {}
    }
    let queue: queue::Model = queueing::queue(scope, db, entry.queue_id).await?;
    if entry.wanted_agent_id.is_none()
        && side::has(scope, db, queue.id, FlowKind::Wait).await?
        && let Some(reply) = side::wait::round(app, scope, entry.id, hop).await?
    {
        return Ok(reply);
    }
    let told = queue.rules.announcements;
    Ok(Reply::Wait(Wait {
        entry: entry.id,
        hop,
        place: place(app, scope, &entry, &queue).await?,
        music: queue.hold_music_url,
        quiet: quiet(told.interval_seconds, next_rule(&entry), app.clock.now()),
        words: companies::words(scope, db).await?,
    }))
}

/// What he hears of his place: as much as the queue's rules let him.
async fn place(
    app: &App,
    scope: CompanyScope,
    entry: &queue_entry::Model,
    queue: &queue::Model,
) -> Result<Place> {
    if entry.wanted_agent_id.is_some() {
        return Ok(Place::OneIsAsked);
    }
    let told = queue.rules.announcements;
    let position = if told.position {
        Some(queueing::ahead_of(scope, app.db.reader(), entry, rows::ageing(queue)).await? + 1)
    } else {
        None
    };
    let expected =
        if told.expected_wait { app.desks.expected_wait(app, scope, entry.id).await? } else { None };
    Ok(Place::InLine { position, expected })
}

/// The visit that a hop is about. Who was moved to another queue stays in his parking place at the provider, whose
/// addresses name the visit with which he came there: his latest one counts.
async fn followed<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: QueueEntryId,
) -> Result<Option<queue_entry::Model>> {
    let Some(parked) = queueing::entry(scope, db, id).await? else { return Ok(None) };
    match parked.outcome {
        Some(EntryOutcome::Moved | EntryOutcome::Overflow) => {
            let last = queueing::last_visit(scope, db, parked.call_id).await?;
            Ok(last.filter(|last| last.purpose == EntryPurpose::Caller).or(Some(parked)))
        }
        None
        | Some(
            EntryOutcome::Answered
            | EntryOutcome::Abandoned
            | EntryOutcome::Callback
            | EntryOutcome::Voicemail
            | EntryOutcome::Error
            | EntryOutcome::Withdrawn
            | EntryOutcome::Outbound
            | EntryOutcome::Unreached,
        ) => Ok(Some(parked)),
    }
}

/// When a rule may take the caller elsewhere.
fn next_rule(entry: &queue_entry::Model) -> Option<DateTime<Utc>> {
    let steps = entry.plan.steps.iter().skip(entry.plan.taken);
    let elsewhere = steps.filter(|step| match step.action {
        OverflowAction::RelaxSkills { .. } | OverflowAction::RingAll => false,
        OverflowAction::Queue { .. }
        | OverflowAction::Flow { .. }
        | OverflowAction::Voicemail { .. }
        | OverflowAction::CallbackOffer { .. } => true,
    });
    elsewhere.map(|step| step.at).chain(entry.max_wait_until).min()
}

/// Not longer than until the next rule: the caller's next request is when he is taken elsewhere.
fn quiet(interval: u32, until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> u32 {
    let interval = i64::from(interval.max(1));
    let left = until.map_or(interval, |until| (until - now).num_seconds());
    u32::try_from(left.clamp(1, interval)).unwrap_or(1)
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
    match &result.result {
        QueueResult::Hangup => {
            leave::caller_left(unit, &mut file, None, entity::EndedBy::Caller).await?;
            file.save(unit).await?;
            Ok(Reply::Nothing)
        }
        result if was_moved(result) => Ok(file.current()),
        QueueResult::Leave => come_back(unit, file, entry, version).await,
        QueueResult::Error
        | QueueResult::QueueFull
        | QueueResult::SystemError
        | QueueResult::Redirected
        | QueueResult::Bridged
        | QueueResult::BridgingInProcess
        | QueueResult::RedirectedFromBridged
        | QueueResult::Other(_) => give_up(unit, file, entry, version).await,
    }
}

/// The caller was fetched out of the provider's queue, since his visit has overflowed and music kept him from asking.
pub async fn fetched(unit: &mut Unit, call: CallId, entry: QueueEntryId, version: i32) -> Result<Reply> {
    let file = CallFile::open(unit, call).await?;
    come_back(unit, file, entry, version).await
}

/// The caller has left the queue, and the provider did not say that anybody took him out of it.
async fn come_back(unit: &mut Unit, mut file: CallFile, entry: QueueEntryId, version: i32) -> Result<Reply> {
    if file.row.session_version != version {
        return Ok(file.current());
    }
    let visit = followed(unit.scope(), unit.tx(), entry).await?;
    let leaves_for = match visit {
        Some(visit) if visit.plan.left_at_version.is_some() => visit.plan.leaves_for,
        Some(_) | None => return give_up(unit, file, entry, version).await,
    };
    let reply = overflow::go_on(unit, &mut file, leaves_for).await?;
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// The provider could not keep the caller in its queue.
async fn give_up(unit: &mut Unit, mut file: CallFile, entry: QueueEntryId, version: i32) -> Result<Reply> {
    if file.row.session_version != version {
        return Ok(file.current());
    }
    let visit = followed(unit.scope(), unit.tx(), entry).await?.map_or(entry, |visit| visit.id);
    let failed = leave::take_out_of_queue(unit, &mut file, visit, EntryOutcome::Error, json!({})).await?;
    if failed == Won::No {
        return Ok(file.current());
    }
    if let Some(segment) = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await? {
        leave::give_up_segment(unit, &mut file, segment, entity::EndedBy::System).await?;
    }
    transfer::queue_ended(unit, &mut file, visit).await?;
    let reply = flow::without_agent(unit, &mut file, QueueLeft::Failed).await?;
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
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
    let last = queueing::last_visit(scope, db, id).await?;
    let waits = last.filter(|visit| has_to_be_parked(visit, &call));
    Ok(match (waits, call.status) {
        (Some(entry), _) => {
            Reply::Park { call: id, version: call.session_version, entry: entry.id, queue: entry.queue_id }
        }
        // The flow has gone on, or he was passed on to a number or another flow.
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

/// He waits, or a rule has sent him away before he was parked: he goes on from his parking place.
pub fn has_to_be_parked(visit: &queue_entry::Model, call: &call::Model) -> bool {
    let waits = visit.outcome.is_none() || visit.plan.left_at_version == Some(call.session_version);
    waits && visit.purpose == EntryPurpose::Caller
}
