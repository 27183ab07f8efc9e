//! What insights are made of: visits of a queue by half hour, conversations, offers, and how long agents could take calls.
//! Every query is of one company and of a range of time.

use std::ops::Range;

use chrono::{DateTime, Utc};
use entity::id::{AgentId, QueueId};
use entity::{
    CompanyScope, EntryPurpose, OfferState, SegmentPart, agent_change, offer, queue_entry, segment,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::error::Result;

pub type Span = Range<DateTime<Utc>>;

/// Callers who came into a queue, and what became of them; times are milliseconds. Who waits still is in `queued` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Visits {
    /// Half hours since 1970.
    pub half_hour: i64,
    pub queued: i64,
    pub answered: i64,
    pub abandoned: i64,
    /// Answered within the queue's target.
    pub in_time: i64,
    /// Gave up so early that it does not count.
    pub short_abandons: i64,
    pub answered_wait: i64,
    pub abandoned_wait: i64,
}

impl Visits {
    pub fn begins(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.half_hour.saturating_mul(1800), 0).unwrap_or_default()
    }

    pub fn add(&mut self, other: &Self) {
        self.queued += other.queued;
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.in_time += other.in_time;
        self.short_abandons += other.short_abandons;
        self.answered_wait += other.answered_wait;
        self.abandoned_wait += other.abandoned_wait;
    }
}

/// Milliseconds from one column to another.
fn milliseconds(backend: DbBackend, from: &str, to: &str) -> String {
    if backend == DbBackend::Postgres {
        format!("(extract(epoch FROM {to} - {from}) * 1000)::bigint")
    } else {
        format!("CAST(round((julianday({to}) - julianday({from})) * 86400000) AS bigint)")
    }
}

/// A queue's visits by half hour, those of `span` in which there were any, in their order. Answered in time is within
/// `target` seconds, and who gave up within `short` seconds does not count.
pub async fn visits(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    queue: QueueId,
    span: Span,
    (target, short): (u32, u32),
) -> Result<Vec<Visits>> {
    let backend = db.get_database_backend();
    let half_hour = if backend == DbBackend::Postgres {
        "floor(extract(epoch FROM entered_at) / 1800)::bigint"
    } else {
        "CAST(strftime('%s', entered_at) AS bigint) / 1800"
    };
    let wait = milliseconds(backend, "entered_at", "left_at");
    let (answered, abandoned) = ("outcome = 'answered'", "outcome = 'abandoned'");
    let count = |which: &str| Expr::cust(format!("count(*) FILTER (WHERE {which})"));
    let sum =
        |which: &str| Expr::cust(format!("CAST(coalesce(sum({wait}) FILTER (WHERE {which}), 0) AS bigint)"));
    let within = |outcome: &str, seconds: u32| {
        count(&format!("{outcome} AND {wait} <= {}", u64::from(seconds) * 1000))
    };
    Ok(scope
        .find::<queue_entry::Entity>()
        .select_only()
        .expr_as(Expr::cust(half_hour), "half_hour")
        .expr_as(Expr::cust("count(*)"), "queued")
        .expr_as(count(answered), "answered")
        .expr_as(count(abandoned), "abandoned")
        .expr_as(within(answered, target), "in_time")
        .expr_as(within(abandoned, short), "short_abandons")
        .expr_as(sum(answered), "answered_wait")
        .expr_as(sum(abandoned), "abandoned_wait")
        .filter(queue_entry::Column::QueueId.eq(queue))
        .filter(queue_entry::Column::EnteredAt.gte(span.start))
        .filter(queue_entry::Column::EnteredAt.lt(span.end))
        .filter(queue_entry::Column::Purpose.eq(EntryPurpose::Caller))
        // Nobody waited where an agent called out.
        .filter(Expr::cust("coalesce(outcome, '') <> 'outbound'"))
        .group_by(Expr::cust(half_hour))
        .order_by_asc(Expr::cust(half_hour))
        .into_model()
        .all(db)
        .await?)
}

/// Conversations of a queue that are over, and the time of agents that they took, with wrap-up, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromQueryResult)]
pub struct Handled {
    pub conversations: i64,
    pub time: i64,
}

pub async fn handled(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    queue: QueueId,
    span: Span,
) -> Result<Handled> {
    let time = milliseconds(db.get_database_backend(), "connected_at", "coalesce(wrapped_up_at, ended_at)");
    Ok(conversations(scope, span)
        .filter(segment::Column::QueueId.eq(queue))
        .select_only()
        .expr_as(Expr::cust("count(*)"), "conversations")
        .expr_as(Expr::cust(format!("CAST(coalesce(sum({time}), 0) AS bigint)")), "time")
        .into_model()
        .one(db)
        .await?
        .unwrap_or_default())
}

fn conversations(scope: CompanyScope, span: Span) -> sea_orm::Select<segment::Entity> {
    scope
        .find::<segment::Entity>()
        .filter(segment::Column::ReservedAt.gte(span.start))
        .filter(segment::Column::ReservedAt.lt(span.end))
        .filter(segment::Column::Part.eq(SegmentPart::Main))
        .filter(segment::Column::ConnectedAt.is_not_null())
        .filter(segment::Column::EndedAt.is_not_null())
}

/// A conversation of an agent, until its wrap-up was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Busy {
    pub agent_id: AgentId,
    pub connected_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    pub wrapped_up_at: Option<DateTime<Utc>>,
}

/// By agent, and in their order.
pub async fn busy(scope: CompanyScope, db: &impl ConnectionTrait, span: Span) -> Result<Vec<Busy>> {
    Ok(conversations(scope, span)
        .select_only()
        .columns([
            segment::Column::AgentId,
            segment::Column::ConnectedAt,
            segment::Column::EndedAt,
            segment::Column::WrappedUpAt,
        ])
        .order_by_asc(segment::Column::AgentId)
        .order_by_asc(segment::Column::ConnectedAt)
        .into_model()
        .all(db)
        .await?)
}

/// Offers of a queue's visits, and how many of them agents let pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub taken: i64,
    pub not_taken: i64,
}

pub async fn offers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    queue: QueueId,
    span: Span,
) -> Result<Offers> {
    let entries = scope
        .find::<queue_entry::Entity>()
        .select_only()
        .column(queue_entry::Column::Id)
        .filter(queue_entry::Column::QueueId.eq(queue))
        .filter(queue_entry::Column::EnteredAt.gte(span.start))
        .filter(queue_entry::Column::EnteredAt.lt(span.end));
    let states: Vec<(OfferState, i64)> = scope
        .find::<offer::Entity>()
        .filter(offer::Column::QueueEntryId.in_subquery(entries.into_query()))
        .select_only()
        .column(offer::Column::State)
        .expr(Expr::cust("count(*)"))
        .group_by(offer::Column::State)
        .into_tuple()
        .all(db)
        .await?;
    let mut offers = Offers::default();
    for (state, count) in states {
        match state {
            OfferState::Accepted => offers.taken += count,
            OfferState::Declined | OfferState::NoAnswer | OfferState::DeviceError => {
                offers.not_taken += count
            }
            OfferState::Open | OfferState::TakenByOther | OfferState::CallerLeft | OfferState::Withdrawn => {}
        }
    }
    Ok(offers)
}

/// Changes of what agents wanted since `from`, by agent and in their order.
pub async fn changes(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    from: DateTime<Utc>,
) -> Result<Vec<agent_change::Model>> {
    Ok(scope
        .find::<agent_change::Entity>()
        .filter(agent_change::Column::At.gte(from))
        .order_by_asc(agent_change::Column::AgentId)
        .order_by_asc(agent_change::Column::Id)
        .all(db)
        .await?)
}
