//! `--replay`: past calls through a draft, as `POST /api/ivr/{id}/replay` does it: rows are read page by page, each call is
//! run through its version and through the draft, and what differs is told. The calls are written as rows, with inputs that
//! the engine itself has recorded.

use std::time::Instant;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::flows::replay::{News, Replay, Tally, Wish};
use calldocker::flows::trial::Which;
use calldocker::ids::Ids;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::{CallId, FlowId, FlowVersionId};
use entity::{
    CallKind, CallOutcome, CallStatus, CompanyScope, EndedBy, call, engine_input, flow, flow_version,
};
use ivr_engine::{CallFacts, ENGINE_VERSION, Flow, Input, QueueLeft, Session, TIME_ZONE_DATA, step};
use serde_json::{Value, json};

use crate::ground::{Ground, Kind};
use crate::{Failure, centre, machine};

/// The range holds as many.
const CALLS: usize = 10_000;
/// Calls in one transaction, and rows in one statement.
const BATCH: usize = 1_000;
const ROWS: usize = 200;
const RUNS: usize = 3;

/// Prints how long a replay takes; `false` when there is no such database.
///
/// # Errors
/// When the database fails, or a replay does not find what it must.
pub async fn measure(kind: Kind) -> Result<bool, Failure> {
    let Some(ground) = Ground::new(kind).await? else { return Ok(false) };
    let document: Value = serde_json::from_str(include_str!("../../ivr-engine/samples/acme.json"))?;
    let mut draft = document.clone();
    draft["nodes"]["main-menu"]["next"]["2"] = json!("sales");
    let past = write(&ground, &document, draft).await?;
    let data = ground.folder().to_str().ok_or("the temporary folder has no plain name")?;
    let settings =
        Settings::with(&[("data_dir", data), ("database_url", ground.url()), ("database_pool", "5")])?;
    let app = App::build(settings, Clock::machine(), Delivery::Deliver).await.map_err(told)?;
    println!("\nReplay on {kind:?}: {CALLS} calls, {} inputs", past.inputs);
    println!(
        "{:>10} {:>12} {:>10} {:>10} {:>10} {:>12}",
        "seconds", "calls/s", "same", "different", "unknown", "memory, MB"
    );
    let before = resident();
    for _ in 0..RUNS {
        let begin = Instant::now();
        let tally = run(&app, &past).await?;
        let seconds = begin.elapsed().as_secs_f64();
        let most = resident().saturating_sub(before) / (1 << 20);
        println!(
            "{seconds:>10.2} {:>12.0} {:>10} {:>10} {:>10} {most:>11}+",
            f64::from(u32::try_from(tally.calls)?) / seconds,
            tally.same,
            tally.different,
            tally.unknown,
        );
        if tally.calls != u64::try_from(CALLS)? || tally.same == 0 || tally.different == 0 {
            return Err(format!("this is not what was to be found: {tally:?}").into());
        }
    }
    drop(app);
    ground.remove().await?;
    Ok(true)
}

fn told(error: calldocker::error::Error) -> Failure {
    format!("{error:?}").into()
}

fn resident() -> u64 {
    machine::resident(std::process::id()).unwrap_or_default()
}

async fn run(app: &App, past: &Past) -> Result<Tally, Failure> {
    let wish = Wish {
        which: Which::Draft,
        from: past.began,
        to: past.began + TimeDelta::days(365),
        limit: u64::try_from(CALLS)?,
    };
    let mut replay = Replay::begin(app, past.scope, past.flow, wish).await.map_err(told)?;
    while let Some(news) = replay.next().await.map_err(told)? {
        if let News::Done { tally, .. } = news {
            return Ok(tally);
        }
    }
    Err("the replay had no end".into())
}

/// What was written.
struct Past {
    scope: CompanyScope,
    flow: FlowId,
    began: DateTime<Utc>,
    inputs: usize,
}

async fn write(ground: &Ground, document: &Value, draft: Value) -> Result<Past, Failure> {
    let ids = Ids::new(Clock::machine());
    let began: DateTime<Utc> = "2026-01-05T08:00:00Z".parse()?;
    let tx = ground.db.begin().await?;
    let scope = centre::company(&tx, &ids, began).await?;
    let (flow_id, version): (FlowId, FlowVersionId) = (ids.next(), ids.next());
    let row = flow::Model {
        id: flow_id,
        company_id: scope.company(),
        name: "Acme".to_owned(),
        draft,
        published_version_id: Some(version),
        created_at: began,
        updated_at: began,
    };
    scope.insert::<flow::Entity, _>(&tx, row).await?;
    let row = flow_version::Model {
        id: version,
        company_id: scope.company(),
        flow_id,
        number: 1,
        document: document.clone(),
        engine_version: 1,
        published_by: None,
        published_at: began,
        restored_from: None,
    };
    scope.insert::<flow_version::Entity, _>(&tx, row).await?;
    tx.commit().await?;
    let flow = Flow::parse(document).map_err(|findings| format!("{findings:?}"))?;
    let mut written = 0;
    let stories = stories();
    for first in (0..CALLS).step_by(BATCH) {
        let made = (first..first + BATCH).map(|number| {
            let at = began + TimeDelta::seconds(20 * i64::try_from(number).unwrap_or_default());
            past_call(scope, ids.next(), version, &flow, at, stories[number % stories.len()].clone())
        });
        let (calls, inputs): (Vec<_>, Vec<_>) = made.unzip();
        let inputs: Vec<_> = inputs.into_iter().flatten().collect();
        written += inputs.len();
        let tx = ground.db.begin().await?;
        for rows in calls.chunks(ROWS) {
            scope.insert_many::<call::Entity, _>(&tx, rows.to_vec()).await?;
        }
        for rows in inputs.chunks(ROWS) {
            scope.insert_many::<engine_input::Entity, _>(&tx, rows.to_vec()).await?;
        }
        tx.commit().await?;
    }
    Ok(Past { scope, flow: flow_id, began, inputs: written })
}

/// What callers do at the sample's menu.
fn stories() -> Vec<Vec<Input>> {
    use Input::{HungUp, Silence, Start};
    let timed_out = || Input::QueueLeft(QueueLeft::TimedOut);
    vec![
        vec![Start, Input::digits("1"), HungUp],
        vec![Start, Input::digits("2"), HungUp],
        vec![Start, Silence, Input::digits("7"), Input::digits("1"), timed_out(), HungUp],
        vec![Start, Input::speech("I would like to buy something"), HungUp],
        vec![Start, Input::digits("3"), Input::Recorded { seconds: 9 }],
        vec![Start, Input::digits("9"), Input::digits("9"), Input::speech("help, please"), HungUp],
        vec![Start, Silence, Silence, Silence, HungUp],
        vec![Start, HungUp],
    ]
}

fn past_call(
    scope: CompanyScope,
    id: CallId,
    version: FlowVersionId,
    flow: &Flow,
    at: DateTime<Utc>,
    story: Vec<Input>,
) -> (call::Model, Vec<engine_input::Model>) {
    let facts = CallFacts { from: "+15550100".into(), to: "+15550199".into(), ..CallFacts::default() };
    let mut session = Session::new(facts).seeded(id.0.as_u64_pair().1);
    let mut inputs = Vec::new();
    let mut now = at;
    for (seq, input) in (1..).zip(story) {
        let next = step(flow, session, input, now);
        inputs.push(engine_input::Model {
            company_id: scope.company(),
            call_id: id,
            seq,
            at: now,
            input: serde_json::to_value(&next.input).unwrap_or_default(),
            queue_figures: json!({}),
            answers: json!([]),
            engine_version: i32::try_from(ENGINE_VERSION).unwrap_or_default(),
            time_zone_version: TIME_ZONE_DATA.to_owned(),
        });
        session = next.session;
        now += TimeDelta::seconds(8);
    }
    let row = call::Model {
        status: CallStatus::Completed,
        outcome: Some(CallOutcome::FlowExit),
        account_sid: crate::ACCOUNT.to_owned(),
        provider_sid: format!("CA{}", id.0.simple()),
        flow_version_id: Some(version),
        session: Some(serde_json::to_value(&session).unwrap_or_default()),
        session_version: i32::try_from(inputs.len()).unwrap_or_default(),
        last_event_at: now,
        ended_at: Some(now),
        ended_by: Some(EndedBy::Caller),
        ..call::Model::begun(
            id,
            scope.company(),
            CallKind::Inbound,
            ("+15550100".to_owned(), "+15550199".to_owned()),
            at,
        )
    };
    (row, inputs)
}
