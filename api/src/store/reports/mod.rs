//! What reports are made of and kept in: rows of calls, counters by quarter, and which calls have to be counted anew.

mod facts;
mod read;
mod sums;

pub use facts::{CallRows, calls_after, rows_of};
pub use read::{
    AgentRow, QueueRow, agent_rows, agents_ever, changes_of, next_change, queue_rows, queues_ever,
};

pub use sums::{DAY, HOUR, all_sums, forget_all_sums, forget_sums, keep_sums, sums};

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{CompanyScope, Inserted, call, report_agent, report_call, report_queue, report_state};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};

use super::Tx;
use crate::error::Result;

/// As many ids as one statement names.
const AT_ONCE: usize = 500;

/// How far the company's reports are.
pub async fn state(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Option<report_state::Model>> {
    Ok(scope.find::<report_state::Entity>().one(db).await?)
}

/// Makes the company's state unless it is there.
pub async fn begin(scope: CompanyScope, tx: &Tx, now: DateTime<Utc>) -> Result<()> {
    let row = report_state::Model { company_id: scope.company(), version: 0, updated_at: now };
    match scope.insert_or_ignore::<report_state::Entity, _>(tx, row).await? {
        Inserted::Yes | Inserted::Conflicted => Ok(()),
    }
}

/// Whether nobody else has written counters since `seen` was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Turn {
    Ours,
    Lost,
}

/// Moves the company's reports on: whoever computed from an older state has lost its turn, and computes again.
pub async fn advance(scope: CompanyScope, tx: &Tx, seen: i64, now: DateTime<Utc>) -> Result<Turn> {
    let next = report_state::ActiveModel {
        version: Set(seen.wrapping_add(1)),
        updated_at: Set(now),
        ..Default::default()
    };
    let done = scope
        .update_many::<report_state::Entity>()
        .set(next)
        .filter(report_state::Column::Version.eq(seen))
        .exec(tx)
        .await?;
    Ok(if done.rows_affected > 0 { Turn::Ours } else { Turn::Lost })
}

/// Calls that have to be counted anew, oldest first, with the length of their stories.
pub async fn unreported(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<(CallId, i32)>> {
    Ok(scope
        .find::<call::Entity>()
        .select_only()
        .columns([call::Column::Id, call::Column::EventSeq])
        .filter(call::Column::ReportedAt.is_null())
        .order_by_asc(call::Column::Id)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await?)
}

/// These calls are counted as their stories were then; one that has gone on since is to be counted again.
pub async fn mark_reported(
    scope: CompanyScope,
    tx: &Tx,
    calls: &[(CallId, i32)],
    now: DateTime<Utc>,
) -> Result<()> {
    let mut by_length: BTreeMap<i32, Vec<CallId>> = BTreeMap::new();
    for (call, length) in calls {
        by_length.entry(*length).or_default().push(*call);
    }
    for (length, calls) in by_length {
        scope
            .update_many::<call::Entity>()
            .set(call::ActiveModel { reported_at: Set(Some(now)), ..Default::default() })
            .filter(call::Column::Id.is_in(calls))
            .filter(call::Column::EventSeq.eq(length))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// These calls are to be counted anew.
pub async fn mark_unreported(scope: CompanyScope, tx: &Tx, calls: &[CallId]) -> Result<()> {
    for calls in calls.chunks(AT_ONCE) {
        scope
            .update_many::<call::Entity>()
            .set(call::ActiveModel { reported_at: Set(None), ..Default::default() })
            .filter(call::Column::Id.is_in(calls.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// The quarters in which these calls count by now.
pub async fn quarters_of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<BTreeSet<i32>> {
    let mut quarters = BTreeSet::new();
    for calls in calls.chunks(AT_ONCE) {
        let found: Vec<i32> = scope
            .find::<report_call::Entity>()
            .select_only()
            .column(report_call::Column::Quarter)
            .distinct()
            .filter(report_call::Column::CallId.is_in(calls.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        quarters.extend(found);
    }
    Ok(quarters)
}

/// The calls that count in these quarters.
pub async fn calls_in(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    quarters: &BTreeSet<i32>,
) -> Result<BTreeSet<CallId>> {
    let quarters: Vec<_> = quarters.iter().copied().collect();
    let mut calls = BTreeSet::new();
    for quarters in quarters.chunks(AT_ONCE) {
        let found: Vec<CallId> = scope
            .find::<report_call::Entity>()
            .select_only()
            .column(report_call::Column::CallId)
            .distinct()
            .filter(report_call::Column::Quarter.is_in(quarters.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        calls.extend(found);
    }
    Ok(calls)
}

/// Writes in which quarters these calls count.
pub async fn replace_quarters(
    scope: CompanyScope,
    tx: &Tx,
    calls: &[CallId],
    rows: Vec<report_call::Model>,
) -> Result<()> {
    for calls in calls.chunks(AT_ONCE) {
        let these = report_call::Column::CallId.is_in(calls.iter().copied());
        scope.delete_many::<report_call::Entity>().filter(these).exec(tx).await?;
    }
    for rows in rows.chunks(AT_ONCE) {
        scope.insert_many::<report_call::Entity, _>(tx, rows.to_vec()).await?;
    }
    Ok(())
}

/// Writes all counters of these quarters.
pub async fn replace_counters(
    scope: CompanyScope,
    tx: &Tx,
    quarters: &BTreeSet<i32>,
    queues: Vec<report_queue::Model>,
    agents: Vec<report_agent::Model>,
) -> Result<()> {
    let quarters: Vec<_> = quarters.iter().copied().collect();
    for quarters in quarters.chunks(AT_ONCE) {
        // Named, so that the key serves, which begins with it.
        let of_queues = Expr::col(report_queue::Column::Quarter).is_in(quarters.iter().copied());
        let of_agents = Expr::col(report_agent::Column::Quarter).is_in(quarters.iter().copied());
        let both = <entity::Attribution as sea_orm::Iterable>::iter;
        let queues = scope.delete_many::<report_queue::Entity>().filter(of_queues);
        queues.filter(report_queue::Column::Attribution.is_in(both())).exec(tx).await?;
        let agents = scope.delete_many::<report_agent::Entity>().filter(of_agents);
        agents.filter(report_agent::Column::Attribution.is_in(both())).exec(tx).await?;
    }
    for rows in queues.chunks(AT_ONCE) {
        scope.insert_many::<report_queue::Entity, _>(tx, rows.to_vec()).await?;
    }
    for rows in agents.chunks(AT_ONCE) {
        scope.insert_many::<report_agent::Entity, _>(tx, rows.to_vec()).await?;
    }
    Ok(())
}
