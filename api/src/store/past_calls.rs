//! Calls that are over, with what went into their flows: what a replay reads, page by page.

use entity::id::{CallId, FlowId, FlowVersionId};
use entity::{CompanyScope, TransferState, call, call_event, engine_input, flow_version, transfer};
use sea_orm::prelude::{DateTimeUtc, Json};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
};

use crate::calls::story::EventKind;

/// A call and where its flow has left it.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PastCall {
    pub id: CallId,
    /// The version that it was in last.
    pub flow_version_id: FlowVersionId,
    pub session: Json,
    /// How many inputs it had.
    pub session_version: i32,
    pub started_at: DateTimeUtc,
}

/// One input of a call.
#[derive(Clone, Debug, FromQueryResult)]
pub struct PastInput {
    pub call_id: CallId,
    pub at: DateTimeUtc,
    pub input: Json,
    pub engine_version: i32,
    pub time_zone_version: String,
}

/// Which calls.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub flow: FlowId,
    pub from: DateTimeUtc,
    /// Not any more.
    pub to: DateTimeUtc,
}

/// The next calls of the range behind `after`, in the order in which they came in: those that ended in the flow, and those
/// that an agent passed on to another flow, which may have begun in it.
pub async fn page(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    range: Range,
    after: Option<(DateTimeUtc, CallId)>,
    limit: u64,
) -> Result<Vec<PastCall>, DbErr> {
    let versions = scope
        .find::<flow_version::Entity>()
        .select_only()
        .column(flow_version::Column::Id)
        .filter(flow_version::Column::FlowId.eq(range.flow));
    let passed_on = scope
        .find::<transfer::Entity>()
        .select_only()
        .column(transfer::Column::CallId)
        .filter(transfer::Column::ToFlowId.is_not_null())
        .filter(transfer::Column::State.eq(TransferState::Completed));
    let of_flow = Condition::any()
        .add(call::Column::FlowVersionId.in_subquery(versions.into_query()))
        .add(call::Column::Id.in_subquery(passed_on.into_query()));
    let mut query = scope
        .find::<call::Entity>()
        .select_only()
        .columns([
            call::Column::Id,
            call::Column::FlowVersionId,
            call::Column::Session,
            call::Column::SessionVersion,
            call::Column::StartedAt,
        ])
        .filter(call::Column::StartedAt.gte(range.from))
        .filter(call::Column::StartedAt.lt(range.to))
        .filter(call::Column::EndedAt.is_not_null())
        .filter(call::Column::FlowVersionId.is_not_null())
        .filter(call::Column::Session.is_not_null())
        .filter(of_flow)
        .order_by_asc(call::Column::StartedAt)
        .order_by_asc(call::Column::Id)
        .limit(limit);
    if let Some((started_at, id)) = after {
        let same_moment =
            Condition::all().add(call::Column::StartedAt.eq(started_at)).add(call::Column::Id.gt(id));
        query = query.filter(Condition::any().add(call::Column::StartedAt.gt(started_at)).add(same_moment));
    }
    query.into_model::<PastCall>().all(db).await
}

/// The inputs of these calls, of each in their order.
pub async fn inputs(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<Vec<PastInput>, DbErr> {
    scope
        .find::<engine_input::Entity>()
        .select_only()
        .columns([
            engine_input::Column::CallId,
            engine_input::Column::At,
            engine_input::Column::Input,
            engine_input::Column::EngineVersion,
            engine_input::Column::TimeZoneVersion,
        ])
        .filter(engine_input::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(engine_input::Column::CallId)
        .order_by_asc(engine_input::Column::Seq)
        .into_model::<PastInput>()
        .all(db)
        .await
}

/// The versions that these calls were brought into, one after the other: more than one where an agent passed a call on.
pub async fn flows_begun(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<Vec<(CallId, FlowVersionId)>, DbErr> {
    let lines = scope
        .find::<call_event::Entity>()
        .filter(call_event::Column::CallId.is_in(calls.iter().copied()))
        .filter(call_event::Column::Kind.eq(EventKind::FlowStarted.as_str()))
        .order_by_asc(call_event::Column::CallId)
        .order_by_asc(call_event::Column::Seq)
        .all(db)
        .await?;
    let version = |line: &call_event::Model| line.data["flowVersionId"].as_str()?.parse().ok();
    Ok(lines.iter().filter_map(|line| Some((line.call_id, version(line)?))).collect())
}

/// The versions of a flow.
pub async fn versions(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
) -> Result<Vec<FlowVersionId>, DbErr> {
    scope
        .find::<flow_version::Entity>()
        .select_only()
        .column(flow_version::Column::Id)
        .filter(flow_version::Column::FlowId.eq(flow))
        .into_tuple()
        .all(db)
        .await
}
