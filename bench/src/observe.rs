//! What the database and the look-alike say of the calls that were made.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use calldocker::calls::story::EventKind;
use calldocker::store::calls;
use carrier::Carrier;
use chrono::{DateTime, Utc};
use clock::Clock;
use entity::id::{AgentId, OfferId, QueueEntryId};
use entity::{
    CallOutcome, CallStatus, CompanyScope, JobState, call, call_event, job, leg, offer, queue_entry, segment,
};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::Failure;
use crate::figures::Durations;
use crate::ground::Ground;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// No call lives.
    Calls,
    /// No call lives, and no job is left, also none that only looks after a minute whether the call still lives.
    CallsAndJobs,
}

/// Waits for rest, at most so long. Answers how many jobs were given up.
///
/// # Errors
/// When that takes longer, or the database does not answer.
pub async fn rest(
    ground: &Ground,
    scope: CompanyScope,
    carrier: &Carrier,
    clock: &Clock,
    rest: Rest,
    patience: Duration,
) -> Result<u64, Failure> {
    let began = Instant::now();
    let db = ground.db.reader();
    loop {
        let live = scope
            .find::<call::Entity>()
            .filter(call::Column::Status.ne(CallStatus::Completed))
            .count(db)
            .await?;
        let jobs =
            scope.find::<job::Entity>().filter(job::Column::State.ne(JobState::Failed)).count(db).await?;
        if live == 0 && (jobs == 0 || rest == Rest::Calls) {
            let failed = scope.find::<job::Entity>().filter(job::Column::State.eq(JobState::Failed));
            return Ok(failed.count(db).await?);
        }
        if began.elapsed() > patience {
            let stories = stories(ground, scope, carrier).await?;
            return Err(format!(
                "{live} calls still live and {jobs} jobs wait after {patience:?}\n{stories}"
            )
            .into());
        }
        drop(clock.sleep(Duration::from_millis(200)).await);
    }
}

/// What both sides know of one call that does not end.
async fn stories(ground: &Ground, scope: CompanyScope, carrier: &Carrier) -> Result<String, Failure> {
    let db = ground.db.reader();
    let live = scope.find::<call::Entity>().filter(call::Column::Status.ne(CallStatus::Completed)).limit(1);
    let mut text = String::new();
    for call in live.all(db).await? {
        text += &format!("call {} is {:?}\n", call.id, call.status);
        for line in calls::events(scope, db, call.id, 0, 100).await.map_err(unread)? {
            text += &format!("  {} {} {}\n", line.received_at.format("%T%.3f"), line.kind, line.data);
        }
        for leg in calls::legs(scope, db, call.id).await.map_err(unread)? {
            text += &format!("  leg {:?} is {:?}\n", leg.kind, leg.state);
            let there = leg.provider_sid.and_then(|sid| carrier.call(&sid));
            for line in there.iter().flat_map(|call| call.transcript()) {
                text += &format!("    {} {:?} {}\n", line.at.format("%T%.3f"), line.kind, line.text);
            }
        }
    }
    Ok(text)
}

fn unread(error: calldocker::error::Error) -> Failure {
    format!("{error:?}").into()
}

/// How many calls were over, wrap-up included, between the two moments.
///
/// # Errors
/// When the database does not answer.
pub async fn ended(
    ground: &Ground,
    scope: CompanyScope,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<u64, Failure> {
    Ok(scope
        .find::<call_event::Entity>()
        .filter(call_event::Column::Kind.eq(EventKind::Ended.as_str()))
        .filter(call_event::Column::ReceivedAt.gte(from))
        .filter(call_event::Column::ReceivedAt.lt(to))
        .count(ground.db.reader())
        .await?)
}

/// How all calls ended, by outcome.
///
/// # Errors
/// When the database does not answer.
pub async fn outcomes(ground: &Ground, scope: CompanyScope) -> Result<BTreeMap<String, u64>, Failure> {
    let outcomes: Vec<Option<CallOutcome>> = scope
        .find::<call::Entity>()
        .select_only()
        .column(call::Column::Outcome)
        .into_tuple()
        .all(ground.db.reader())
        .await?;
    let mut counted = BTreeMap::new();
    for outcome in outcomes {
        *counted.entry(outcome.map_or_else(|| "none".to_owned(), |outcome| outcome.as_str())).or_default() +=
            1;
    }
    Ok(counted)
}

/// How long an agent for whom somebody waited was left without an offer.
pub struct Idle {
    /// From the end of his wrap-up (`segment.wrapped_up_at`) to the offer's row, which comes with its outbox event.
    pub to_offer: Durations,
    /// From there to the moment at which the look-alike was asked to ring his phone.
    pub to_ring: Durations,
}

/// Over the conversations of the queue's agents since `from`.
///
/// # Errors
/// When the database does not answer.
pub async fn idle(
    ground: &Ground,
    scope: CompanyScope,
    carrier: &Carrier,
    from: DateTime<Utc>,
) -> Result<Idle, Failure> {
    let db = ground.db.reader();
    let segments = scope
        .find::<segment::Entity>()
        .filter(segment::Column::WrappedUpAt.gte(from))
        .order_by_asc(segment::Column::WrappedUpAt)
        .all(db)
        .await?;
    let offers = scope
        .find::<offer::Entity>()
        .filter(offer::Column::OfferedAt.gte(from))
        .order_by_asc(offer::Column::OfferedAt)
        .all(db)
        .await?;
    let entries: HashMap<QueueEntryId, DateTime<Utc>> = scope
        .find::<queue_entry::Entity>()
        .filter(queue_entry::Column::EnteredAt.gte(from))
        .all(db)
        .await?
        .into_iter()
        .map(|entry| (entry.id, entry.entered_at))
        .collect();
    let rung: HashMap<String, DateTime<Utc>> =
        carrier.snapshot().calls.into_iter().map(|call| (call.sid, call.created_at)).collect();
    let legs: HashMap<OfferId, String> = scope
        .find::<leg::Entity>()
        .filter(leg::Column::CreatedAt.gte(from))
        .all(db)
        .await?
        .into_iter()
        .filter_map(|leg| Some((leg.offer_id?, leg.provider_sid?)))
        .collect();
    let mut of_agent: HashMap<AgentId, Vec<offer::Model>> = HashMap::new();
    for offer in offers {
        of_agent.entry(offer.agent_id).or_default().push(offer);
    }
    let mut idle = Idle { to_offer: Durations::default(), to_ring: Durations::default() };
    for segment in segments {
        let Some(free) = segment.wrapped_up_at else { continue };
        let next = of_agent
            .get(&segment.agent_id)
            .and_then(|offers| offers.iter().find(|offer| offer.offered_at >= free));
        let Some(next) = next else { continue };
        // Only who had somebody to be offered.
        if entries.get(&next.queue_entry_id).is_none_or(|entered| *entered > free) {
            continue;
        }
        idle.to_offer.add((next.offered_at - free).to_std().unwrap_or_default());
        if let Some(rung) = legs.get(&next.id).and_then(|sid| rung.get(sid)) {
            idle.to_ring.add((*rung - free).to_std().unwrap_or_default());
        }
    }
    Ok(idle)
}
