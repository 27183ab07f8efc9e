//! All rows of calls that figures are made of.

use entity::id::CallId;
use entity::{
    CompanyScope, TransferState, call, call_event, offer, queue_entry, segment, survey_answer, transfer,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::AT_ONCE;
use crate::calls::story::EventKind;
use crate::error::Result;
use crate::store::calls::without_session;

/// Of some calls, in no order beyond that of holds.
#[derive(Clone, Debug, Default)]
pub struct CallRows {
    /// [Without their sessions](without_session).
    pub calls: Vec<call::Model>,
    pub entries: Vec<queue_entry::Model>,
    pub offers: Vec<offer::Model>,
    pub segments: Vec<segment::Model>,
    pub answers: Vec<survey_answer::Model>,
    /// Those that succeeded.
    pub transfers: Vec<transfer::Model>,
    /// Beginnings and ends of holds, in the order of the story.
    pub holds: Vec<call_event::Model>,
}

pub async fn rows_of(scope: CompanyScope, db: &impl ConnectionTrait, calls: &[CallId]) -> Result<CallRows> {
    let mut rows = CallRows::default();
    for calls in calls.chunks(AT_ONCE) {
        let these = || calls.iter().copied();
        let calls = scope.find::<call::Entity>().filter(call::Column::Id.is_in(these()));
        rows.calls.extend(without_session(calls).all(db).await?);
        let entries = scope.find::<queue_entry::Entity>().filter(queue_entry::Column::CallId.is_in(these()));
        rows.entries.extend(entries.all(db).await?);
        let offers = scope.find::<offer::Entity>().filter(offer::Column::CallId.is_in(these()));
        rows.offers.extend(offers.all(db).await?);
        let segments = scope.find::<segment::Entity>().filter(segment::Column::CallId.is_in(these()));
        let segments = segments.all(db).await?;
        let answers =
            scope.find::<survey_answer::Entity>().filter(survey_answer::Column::CallId.is_in(these()));
        rows.answers.extend(answers.all(db).await?);
        let transfers = scope.find::<transfer::Entity>().filter(transfer::Column::CallId.is_in(these()));
        let completed = transfer::Column::State.eq(TransferState::Completed);
        rows.transfers.extend(transfers.filter(completed).all(db).await?);
        let mut held: Vec<_> =
            segments.iter().filter(|segment| segment.hold_ms > 0).map(|segment| segment.call_id).collect();
        held.dedup();
        rows.holds.extend(holds(scope, db, held).await?);
        rows.segments.extend(segments);
    }
    Ok(rows)
}

/// Only calls with a hold are asked for their stories.
async fn holds(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: Vec<CallId>,
) -> Result<Vec<call_event::Model>> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let kinds = [EventKind::Held, EventKind::Resumed].map(EventKind::as_str);
    Ok(scope
        .find::<call_event::Entity>()
        .filter(call_event::Column::CallId.is_in(calls))
        .filter(call_event::Column::Kind.is_in(kinds))
        .order_by_asc(call_event::Column::CallId)
        .order_by_asc(call_event::Column::Seq)
        .all(db)
        .await?)
}

/// The ids of the company's calls behind `after`, oldest first: for who goes through all of them.
pub async fn calls_after(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    after: Option<CallId>,
    limit: u64,
) -> Result<Vec<CallId>> {
    let mut query = scope.find::<call::Entity>();
    if let Some(after) = after {
        query = query.filter(call::Column::Id.gt(after));
    }
    let ids = query.select_only().column(call::Column::Id).order_by_asc(call::Column::Id).limit(limit);
    Ok(ids.into_tuple().all(db).await?)
}
