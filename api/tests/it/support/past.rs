//! Calls of the past, as a server would have left them: their flow was really stepped through.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, FlowVersionId};
use entity::{CallKind, CallOutcome, CallStatus, EndedBy, call, engine_input};
use ivr_engine::{CallFacts, ENGINE_VERSION, Flow, Input, Session, TIME_ZONE_DATA, step};
use sea_orm::TransactionTrait;
use serde_json::json;

use super::world::Company;
use super::{TestApp, World};

/// What a caller did, ten seconds apart.
pub type Story = Vec<Input>;

/// A call to our company that came in at `at` and went through this version.
pub fn call(
    app: &TestApp,
    ours: &Company,
    (version, flow): (FlowVersionId, &Flow),
    at: DateTime<Utc>,
    story: Story,
) -> (call::Model, Vec<engine_input::Model>) {
    let id: CallId = app.app.ids.next();
    let facts = CallFacts { from: "+15550100".into(), to: "+4930123456".into(), ..CallFacts::default() };
    let mut session = Session::new(facts).seeded(7);
    let mut inputs = Vec::new();
    let mut now = at;
    for (seq, input) in (1..).zip(story) {
        let next = step(flow, session, input, now);
        inputs.push(engine_input::Model {
            company_id: ours.id,
            call_id: id,
            seq,
            at: now,
            input: serde_json::to_value(&next.input).unwrap(),
            queue_figures: json!({}),
            answers: json!([]),
            engine_version: i32::try_from(ENGINE_VERSION).unwrap(),
            time_zone_version: TIME_ZONE_DATA.to_owned(),
        });
        session = next.session;
        now += TimeDelta::seconds(10);
    }
    let row = call::Model {
        status: CallStatus::Completed,
        outcome: Some(CallOutcome::FlowExit),
        account_sid: "ACours".to_owned(),
        provider_sid: format!("CA{}", id.0.simple()),
        phone_number_id: Some(ours.number),
        flow_version_id: Some(version),
        session: Some(serde_json::to_value(&session).unwrap()),
        session_version: i32::try_from(inputs.len()).unwrap(),
        last_event_at: now,
        ended_at: Some(now),
        ended_by: Some(EndedBy::Caller),
        ..call::Model::begun(
            id,
            ours.id,
            CallKind::Inbound,
            ("+15550100".to_owned(), "+4930123456".to_owned()),
            at,
        )
    };
    (row, inputs)
}

/// Writes such calls.
pub async fn insert(
    app: &TestApp,
    world: &World,
    calls: impl IntoIterator<Item = (call::Model, Vec<engine_input::Model>)>,
) {
    let (calls, inputs): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
    let inputs: Vec<_> = inputs.into_iter().flatten().collect();
    let scope = world.ours.scope;
    let tx = app.app.db.writer().begin().await.unwrap();
    for calls in calls.chunks(100) {
        scope.insert_many::<call::Entity, _>(&tx, calls.to_vec()).await.unwrap();
    }
    for inputs in inputs.chunks(500) {
        scope.insert_many::<engine_input::Entity, _>(&tx, inputs.to_vec()).await.unwrap();
    }
    tx.commit().await.unwrap();
}
