//! Calls that are over, with what went into their flows: what a replay reads, page by page.

use entity::id::{CallId, FlowId, FlowVersionId, SideSessionId};
use entity::{
    CompanyScope, TransferState, call, call_event, engine_input, flow_version, side_input, side_session,
    transfer,
};
use ivr_engine::FlowKind;
use sea_orm::prelude::{DateTimeUtc, Json, Uuid};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use crate::calls::story::EventKind;

/// A call, or what ran beside it, and where its flow has left it.
#[derive(Clone, Debug)]
pub struct PastCall {
    pub id: CallId,
    /// Which flow beside the call's own; None: its own.
    pub side: Option<SideSessionId>,
    /// The version that it was in last.
    pub flow_version_id: FlowVersionId,
    pub session: Json,
    /// How many inputs it had.
    pub inputs: i32,
    pub started_at: DateTimeUtc,
}

impl PastCall {
    /// What has the inputs.
    pub fn key(&self) -> Uuid {
        self.side.map_or(self.id.0, |side| side.0)
    }

    /// Its place in the order of a range.
    pub fn place(&self) -> Place {
        (self.started_at, self.key())
    }
}

pub type Place = (DateTimeUtc, Uuid);

/// One input of a call, or of what ran beside it.
#[derive(Clone, Debug)]
pub struct PastInput {
    pub of: Uuid,
    /// The version that it went into, where the input says so.
    pub flow_version_id: Option<FlowVersionId>,
    pub at: DateTimeUtc,
    pub input: Json,
    pub engine_version: i32,
    pub time_zone_version: String,
}

/// Which calls.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    pub flow: FlowId,
    pub kind: FlowKind,
    pub from: DateTimeUtc,
    /// Not any more.
    pub to: DateTimeUtc,
}

/// The next ones of the range behind `after`, in the order in which they began.
pub async fn page(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    range: Range,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<PastCall>, DbErr> {
    match range.kind {
        FlowKind::Call => calls(scope, db, range, after, limit).await,
        FlowKind::Wait | FlowKind::Hold | FlowKind::Whisper => sides(scope, db, range, after, limit).await,
    }
}

/// Those that ended in the flow, and those that an agent passed on to another flow, which may have begun in it.
async fn calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    range: Range,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<PastCall>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        id: CallId,
        flow_version_id: FlowVersionId,
        session: Json,
        session_version: i32,
        started_at: DateTimeUtc,
    }

    let passed_on = scope
        .find::<transfer::Entity>()
        .select_only()
        .column(transfer::Column::CallId)
        .filter(transfer::Column::ToFlowId.is_not_null())
        .filter(transfer::Column::State.eq(TransferState::Completed));
    let of_flow = Condition::any()
        .add(call::Column::FlowVersionId.in_subquery(versions_of(scope, range.flow).into_query()))
        .add(call::Column::Id.in_subquery(passed_on.into_query()));
    let rows = scope
        .find::<call::Entity>()
        .select_only()
        .columns([
            call::Column::Id,
            call::Column::FlowVersionId,
            call::Column::Session,
            call::Column::SessionVersion,
            call::Column::StartedAt,
        ])
        .filter(within(range, after, call::Column::StartedAt, call::Column::Id))
        .filter(call::Column::EndedAt.is_not_null())
        .filter(call::Column::FlowVersionId.is_not_null())
        .filter(call::Column::Session.is_not_null())
        .filter(of_flow)
        .order_by_asc(call::Column::StartedAt)
        .order_by_asc(call::Column::Id)
        .limit(limit)
        .into_model::<Row>()
        .all(db)
        .await?;
    let past = |row: Row| PastCall {
        id: row.id,
        side: None,
        flow_version_id: row.flow_version_id,
        session: row.session,
        inputs: row.session_version,
        started_at: row.started_at,
    };
    Ok(rows.into_iter().map(past).collect())
}

/// Those that were in the flow last, of calls that are over.
async fn sides(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    range: Range,
    after: Option<Place>,
    limit: u64,
) -> Result<Vec<PastCall>, DbErr> {
    let over = scope
        .find::<call::Entity>()
        .select_only()
        .column(call::Column::Id)
        .filter(call::Column::EndedAt.is_not_null());
    let rows = scope
        .find::<side_session::Entity>()
        .filter(within(range, after, side_session::Column::BegunAt, side_session::Column::Id))
        .filter(side_session::Column::CallId.in_subquery(over.into_query()))
        .filter(side_session::Column::FlowVersionId.in_subquery(versions_of(scope, range.flow).into_query()))
        .order_by_asc(side_session::Column::BegunAt)
        .order_by_asc(side_session::Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(PastCall::beside).collect())
}

impl PastCall {
    /// Of a flow beside a call's own; None when it is from before there were inputs.
    pub fn beside(row: side_session::Model) -> Option<Self> {
        Some(Self {
            id: row.call_id,
            side: Some(row.id),
            flow_version_id: row.flow_version_id,
            session: row.session,
            inputs: row.inputs,
            started_at: row.begun_at?,
        })
    }
}

/// From the range's beginning, or from behind `after`, to its end.
fn within<C: ColumnTrait>(range: Range, after: Option<Place>, began: C, id: C) -> Condition {
    let within = Condition::all().add(began.gte(range.from)).add(began.lt(range.to));
    let Some((began_at, last)) = after else { return within };
    let same_moment = Condition::all().add(began.eq(began_at)).add(id.gt(last));
    within.add(Condition::any().add(began.gt(began_at)).add(same_moment))
}

/// The ids of the flow's versions.
pub fn versions_of(scope: CompanyScope, flow: FlowId) -> Select<flow_version::Entity> {
    scope
        .find::<flow_version::Entity>()
        .select_only()
        .column(flow_version::Column::Id)
        .filter(flow_version::Column::FlowId.eq(flow))
}

/// The inputs of all of these, of each in their order.
pub async fn inputs(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    of: &[PastCall],
) -> Result<Vec<PastInput>, DbErr> {
    let calls: Vec<_> = of.iter().filter(|past| past.side.is_none()).map(|past| past.id).collect();
    let sides: Vec<_> = of.iter().filter_map(|past| past.side).collect();
    let mut all = Vec::new();
    if !calls.is_empty() {
        all.extend(inputs_of_calls(scope, db, calls).await?);
    }
    if !sides.is_empty() {
        all.extend(inputs_of_sides(scope, db, sides).await?);
    }
    Ok(all)
}

async fn inputs_of_calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: Vec<CallId>,
) -> Result<impl Iterator<Item = PastInput>, DbErr> {
    #[derive(FromQueryResult)]
    struct Row {
        call_id: CallId,
        at: DateTimeUtc,
        input: Json,
        engine_version: i32,
        time_zone_version: String,
    }

    let rows = scope
        .find::<engine_input::Entity>()
        .select_only()
        .columns([
            engine_input::Column::CallId,
            engine_input::Column::At,
            engine_input::Column::Input,
            engine_input::Column::EngineVersion,
            engine_input::Column::TimeZoneVersion,
        ])
        .filter(engine_input::Column::CallId.is_in(calls))
        .order_by_asc(engine_input::Column::CallId)
        .order_by_asc(engine_input::Column::Seq)
        .into_model::<Row>()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| PastInput {
        of: row.call_id.0,
        flow_version_id: None,
        at: row.at,
        input: row.input,
        engine_version: row.engine_version,
        time_zone_version: row.time_zone_version,
    }))
}

async fn inputs_of_sides(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    sides: Vec<SideSessionId>,
) -> Result<impl Iterator<Item = PastInput>, DbErr> {
    let rows = scope
        .find::<side_input::Entity>()
        .filter(side_input::Column::SideSessionId.is_in(sides))
        .order_by_asc(side_input::Column::SideSessionId)
        .order_by_asc(side_input::Column::Seq)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| PastInput {
        of: row.side_session_id.0,
        flow_version_id: Some(row.flow_version_id),
        at: row.at,
        input: row.input,
        engine_version: row.engine_version,
        time_zone_version: row.time_zone_version,
    }))
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
    versions_of(scope, flow).into_tuple().all(db).await
}
