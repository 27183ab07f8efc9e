//! What an agent has done in a stretch of time.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId};
use entity::{CallKind, CompanyScope, OfferState, call, offer, segment};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait, Select,
};

/// The conversations that he had.
pub async fn conversations(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<segment::Model>, DbErr> {
    talks(scope, agent, (from, to)).all(db).await
}

/// Those of their calls that he made himself.
pub async fn calls_made(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<CallId>, DbErr> {
    let talks = talks(scope, agent, (from, to)).select_only().column(segment::Column::CallId);
    scope
        .find::<call::Entity>()
        .select_only()
        .column(call::Column::Id)
        .filter(call::Column::Id.in_subquery(talks.into_query()))
        .filter(call::Column::Kind.eq(CallKind::Outbound))
        .into_tuple()
        .all(db)
        .await
}

/// How often he was rung in vain.
pub async fn rings_in_vain(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<u64, DbErr> {
    scope
        .find::<offer::Entity>()
        .filter(offer::Column::AgentId.eq(agent))
        .filter(offer::Column::State.eq(OfferState::NoAnswer))
        .filter(offer::Column::OfferedAt.gte(from))
        .filter(offer::Column::OfferedAt.lt(to))
        .count(db)
        .await
}

fn talks(
    scope: CompanyScope,
    agent: AgentId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Select<segment::Entity> {
    scope
        .find::<segment::Entity>()
        .filter(segment::Column::AgentId.eq(agent))
        .filter(segment::Column::ReservedAt.gte(from))
        .filter(segment::Column::ReservedAt.lt(to))
        .filter(segment::Column::ConnectedAt.is_not_null())
}
