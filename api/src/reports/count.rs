//! Brings a company's counters up to date: reads which calls have changed, counts every quarter that they reach anew, and
//! writes both in one transaction.
//!
//! Reading takes no locks. Two who count at once are told apart by the version of the company's state: who read before the
//! other wrote writes nothing, and counts again. A call whose story went on meanwhile stays marked. A node that is killed has
//! written everything or nothing.

use std::collections::{BTreeMap, BTreeSet};

use ::reports::{Attribution, CallFacts, Cell, Counters, Ledger, Of, Quarter};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, QueueId};
use entity::{CompanyScope, report_agent, report_call, report_queue};
use serde_json::Value;
use uuid::Uuid;

use super::facts;
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::reports::{self as store, Turn};

/// So many changed calls are counted in one transaction.
const AT_ONCE: u64 = 200;
/// How often who has lost its turn begins anew before it leaves the work to the others.
const TURNS: usize = 5;
/// A reader waits for no more than so many transactions; what is left is counted soon after.
const FOR_A_READER: usize = 10;
/// Figures are not older than this when they are read.
const OLDEST: TimeDelta = TimeDelta::seconds(5);

/// How a round went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// There was nothing to count.
    Idle,
    Counted,
    /// Somebody else has written meanwhile.
    Lost,
}

/// Counts until nothing has changed, or others do.
pub async fn bring_up_to_date(app: &App, scope: CompanyScope) -> Result<()> {
    rounds(app, scope, usize::MAX).await
}

/// Before figures are read: counts what has changed, unless that was done just now. Answers as of when the figures are.
pub async fn freshen(app: &App, scope: CompanyScope) -> Result<DateTime<Utc>> {
    let now = app.clock.now();
    let db = app.db.reader();
    if store::unreported(scope, db, 1).await?.is_empty() {
        return Ok(now);
    }
    match store::state(scope, db).await? {
        Some(state) if state.updated_at > now - OLDEST && state.updated_at <= now => Ok(state.updated_at),
        Some(_) | None => {
            rounds(app, scope, FOR_A_READER).await?;
            Ok(now)
        }
    }
}

async fn rounds(app: &App, scope: CompanyScope, most: usize) -> Result<()> {
    let (mut lost, mut done) = (0, 0);
    while lost < TURNS && done < most {
        match round(app, scope, &BTreeSet::new()).await? {
            Round::Idle => return Ok(()),
            Round::Counted => done += 1,
            Round::Lost => lost += 1,
        }
    }
    Ok(())
}

/// Counts the calls that changed first, and all quarters that they reach or reached; and these quarters in any case.
pub async fn round(app: &App, scope: CompanyScope, also: &BTreeSet<i32>) -> Result<Round> {
    let db = app.db.reader();
    let changed = store::unreported(scope, db, AT_ONCE).await?;
    if changed.is_empty() && also.is_empty() {
        return Ok(Round::Idle);
    }
    // Whatever is read below is at least as new as this.
    let Some(state) = store::state(scope, db).await? else {
        let tx = app.db.begin().await?;
        store::begin(scope, &tx, app.clock.now()).await?;
        tx.commit().await?;
        return Ok(Round::Lost);
    };
    let ids: Vec<_> = changed.iter().map(|(call, _)| *call).collect();
    let mut calls = facts::of_calls(scope, db, &ids).await?;
    let reached = quarters_by_call(scope, &calls);
    let mut quarters = also.clone();
    quarters.extend(store::quarters_of(scope, db, &ids).await?);
    quarters.extend(reached.iter().map(|row| row.quarter));
    let mut others = store::calls_in(scope, db, &quarters).await?;
    others.retain(|call| ids.binary_search(call).is_err());
    let others: Vec<CallId> = others.into_iter().collect();
    calls.extend(facts::of_calls(scope, db, &others).await?);
    let mut cells = count(calls.iter().map(|(_, facts)| facts));
    cells.retain(|cell, _| quarters.contains(&cell.quarter.0));
    let (queues, agents) = rows(scope, cells)?;

    let (tx, now) = (app.db.begin().await?, app.clock.now());
    if store::advance(scope, &tx, state.version, now).await? == Turn::Lost {
        tx.rollback().await?;
        return Ok(Round::Lost);
    }
    store::replace_counters(scope, &tx, &quarters, queues, agents).await?;
    store::forget_sums(scope, &tx, &quarters).await?;
    store::replace_quarters(scope, &tx, &ids, reached).await?;
    store::mark_reported(scope, &tx, &changed, now).await?;
    tx.commit().await?;
    Ok(Round::Counted)
}

pub fn count<'a>(calls: impl Iterator<Item = &'a CallFacts>) -> BTreeMap<Cell, Counters> {
    let mut ledger = Ledger::default();
    calls.for_each(|call| ledger.add(call));
    ledger.finish()
}

/// The quarters in which a call counts.
pub fn quarters_of(call: &CallFacts) -> BTreeSet<Quarter> {
    let mut ledger = Ledger::default();
    ledger.add(call);
    ledger.quarters()
}

fn quarters_by_call(scope: CompanyScope, calls: &[(CallId, CallFacts)]) -> Vec<report_call::Model> {
    let of_call = |(id, facts): &(CallId, CallFacts)| {
        let (company_id, call_id) = (scope.company(), *id);
        let row = move |quarter: Quarter| report_call::Model { company_id, call_id, quarter: quarter.0 };
        quarters_of(facts).into_iter().map(row).collect::<Vec<_>>()
    };
    calls.iter().flat_map(of_call).collect()
}

fn rows(
    scope: CompanyScope,
    cells: BTreeMap<Cell, Counters>,
) -> Result<(Vec<report_queue::Model>, Vec<report_agent::Model>)> {
    let company_id = scope.company();
    let (mut queues, mut agents) = (Vec::new(), Vec::new());
    for (Cell { attribution, quarter: Quarter(quarter), of }, counters) in cells {
        let attribution = named(attribution);
        let counters = stored(&counters)?;
        let mut of_queue = |queue_id: QueueId, counters: Value| {
            queues.push(report_queue::Model { company_id, attribution, quarter, queue_id, counters });
        };
        match of {
            Of::Company => of_queue(QueueId(Uuid::nil()), counters),
            Of::Queue(queue) => of_queue(QueueId(queue), counters),
            Of::Agent(agent, queue) => agents.push(report_agent::Model {
                company_id,
                attribution,
                quarter,
                agent_id: AgentId(agent),
                queue_id: QueueId(queue.unwrap_or_default()),
                counters,
            }),
        }
    }
    Ok((queues, agents))
}

pub fn named(attribution: Attribution) -> entity::Attribution {
    match attribution {
        Attribution::ContactDriven => entity::Attribution::ContactDriven,
        Attribution::ActivityDriven => entity::Attribution::ActivityDriven,
    }
}

fn stored(counters: &Counters) -> Result<Value> {
    serde_json::to_value(counters).map_err(|cause| Error::internal("store counters", cause))
}

/// Counters as they are stored.
pub fn read(counters: Value) -> Result<Counters> {
    serde_json::from_value(counters).map_err(|cause| Error::internal("read counters", cause))
}
