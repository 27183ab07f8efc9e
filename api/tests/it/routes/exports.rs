//! /api/analytics/company/{companyId}/export

use std::io::Read;
use std::time::{Duration, Instant};

use calldocker::store::datasets;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::CallId;
use entity::{
    CallKind, CallOutcome, CallStatus, CompanyScope, EndedBy, ExportDataset, ExportFormat, audit, call,
    call_event,
};
use flate2::read::GzDecoder;
use sea_orm::{ConnectionTrait, DbBackend, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Answer, Backend, Company, Person, TestApp, World, on_both_databases};

fn noon() -> DateTime<Utc> {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

/// The day on which these tests' calls came in: the world's own are of March.
const DAY: &str = "from=2026-01-05T00:00:00Z&to=2026-01-06T00:00:00Z";

fn path(company: &Company, query: &str) -> String {
    format!("/api/analytics/company/{}/export?{query}", company.id)
}

async fn export(app: &TestApp, world: &World, query: &str) -> Answer {
    let answer = app.get(&path(&world.ours, query), &world.ours.manager).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn number(number: u128) -> CallId {
    CallId(uuid::Uuid::from_u128(number))
}

/// A call that nobody took, a minute long.
pub fn missed(company: &Company, id: CallId, at: DateTime<Utc>) -> call::Model {
    call::Model {
        status: CallStatus::Completed,
        outcome: Some(CallOutcome::Abandoned),
        account_sid: "ACours".to_owned(),
        provider_sid: format!("CA{}", id.0.simple()),
        ended_at: Some(at + TimeDelta::minutes(1)),
        ended_by: Some(EndedBy::Caller),
        ..call::Model::begun(
            id,
            company.id,
            CallKind::Inbound,
            ("+4930555000".to_owned(), "+4930123456".to_owned()),
            at,
        )
    }
}

pub async fn insert(app: &TestApp, scope: CompanyScope, calls: Vec<call::Model>) {
    let tx = app.app.db.begin().await.unwrap();
    scope.insert_many::<call::Entity, _>(&tx, calls).await.unwrap();
    tx.commit().await.unwrap();
}

/// Two calls of ours with all that makes a line hard to write, and one of theirs.
async fn hard_calls(app: &TestApp, world: &World) {
    let agent = world.ours.agent.agent;
    let hard = call::Model {
        from_address: "=cmd|' /C calc'!A0".to_owned(),
        caller_name: Some("=HYPERLINK(\"http://x\",\"y\")".to_owned()),
        disposition: Some("Zoë 漢字".to_owned()),
        notes: Some("first, \"quoted\"\r\nsecond".to_owned()),
        queue_id: Some(world.ours.queue),
        agent_id: agent,
        answered_at: Some(noon() + TimeDelta::milliseconds(1250)),
        outcome: Some(CallOutcome::Answered),
        ..missed(&world.ours, number(1), noon())
    };
    let plain = call::Model {
        caller_name: Some(String::new()),
        notes: Some("'-1".to_owned()),
        ended_at: None,
        ended_by: None,
        outcome: None,
        ..missed(&world.ours, number(2), noon() + TimeDelta::milliseconds(5))
    };
    insert(app, world.ours.scope, vec![plain, hard]).await;
    insert(app, world.theirs.scope, vec![missed(&world.theirs, number(3), noon())]).await;
}

/// So many lines of a story of ours, 8,000 characters each: more than connections hold on their way.
pub async fn long_story(app: &TestApp, world: &World, lines: u32) {
    insert(app, world.ours.scope, vec![missed(&world.ours, number(1), noon())]).await;
    let sql = match app.app.db.backend() {
        DbBackend::Postgres => format!(
            "INSERT INTO call_event SELECT company_id, id, n, 'flow.node', jsonb_build_object('x', repeat('x', 8000)),
             started_at, NULL, started_at FROM call, generate_series(1, {lines}) n WHERE provider_sid = '{}'",
            missed(&world.ours, number(1), noon()).provider_sid
        ),
        _ => format!(
            "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {lines})
             INSERT INTO call_event SELECT company_id, id, n, 'flow.node', '{{\"x\":\"' || hex(zeroblob(4000)) || '\"}}',
             started_at, NULL, started_at FROM call, s WHERE provider_sid = '{}'",
            missed(&world.ours, number(1), noon()).provider_sid
        ),
    };
    app.app.db.writer().execute_unprepared(&sql).await.unwrap();
}

/// Waits for what is bound to come, giving everybody else their turns, and asks less often than users may.
pub async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let (begun, mut look) = (Instant::now(), tokio::time::interval(Duration::from_millis(60)));
    while !condition().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "it has not come to this: {what}");
        look.tick().await;
    }
}

/// An answer that is read piece by piece.
pub async fn open(app: &TestApp, path: &str, by: &Person) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(format!("{}{path}", app.url)).bearer_auth(&by.token).send().await.unwrap()
}

on_both_databases! {
    async fn a_call_is_a_line_of_csv(app) {
        let world = World::create(app).await;
        hard_calls(app, &world).await;
        let answer = export(app, &world, &format!("dataset=calls&{DAY}")).await;
        let (queue, agent) = (world.ours.queue, world.ours.agent.agent.unwrap());
        let lines = [
            "callId,direction,status,outcome,from,to,callerName,queueId,queueName,agentId,agentName,disposition,notes,startedAt,\
             answeredAt,endedAt,endedBy,durationMs,waitMs,talkMs,holdMs".to_owned(),
            format!(
                "00000000-0000-0000-0000-000000000001,inbound,completed,answered,'=cmd|' /C calc'!A0,+4930123456,\
                 \"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\",{queue},ours support,{agent},agent,Zoë 漢字,\
                 \"first, \"\"quoted\"\"\r\nsecond\",2026-01-05T12:00:00.000Z,2026-01-05T12:00:01.250Z,\
                 2026-01-05T12:01:00.000Z,caller,60000,,,"
            ),
            "00000000-0000-0000-0000-000000000002,inbound,completed,,+4930555000,+4930123456,\"\",,,,,,''-1,\
             2026-01-05T12:00:00.005Z,,,,,,,".to_owned(),
        ];
        assert_eq!(answer.text, lines.join("\r\n") + "\r\n");
        assert_eq!(header(&answer, "content-type"), "text/csv; charset=utf-8");
        let name = "attachment; filename=\"calls-20260105T000000Z-20260106T000000Z.csv\"";
        assert_eq!(header(&answer, "content-disposition"), name);
    }

    async fn a_call_is_an_object_of_ndjson(app) {
        let world = World::create(app).await;
        hard_calls(app, &world).await;
        let answer = export(app, &world, &format!("dataset=calls&format=ndjson&{DAY}")).await;
        assert_eq!(header(&answer, "content-type"), "application/x-ndjson");
        let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], json!({
            "callId": number(1), "direction": "inbound", "status": "completed", "outcome": "answered",
            "from": "=cmd|' /C calc'!A0", "to": "+4930123456", "callerName": "=HYPERLINK(\"http://x\",\"y\")",
            "queueId": world.ours.queue, "queueName": "ours support", "agentId": world.ours.agent.agent,
            "agentName": "agent", "disposition": "Zoë 漢字", "notes": "first, \"quoted\"\r\nsecond",
            "startedAt": "2026-01-05T12:00:00.000Z", "answeredAt": "2026-01-05T12:00:01.250Z",
            "endedAt": "2026-01-05T12:01:00.000Z", "endedBy": "caller", "durationMs": 60000, "waitMs": null,
            "talkMs": null, "holdMs": null,
        }));
        assert_eq!((&lines[1]["callerName"], &lines[1]["notes"], &lines[1]["endedAt"]), (&json!(""), &json!("'-1"), &Value::Null));
        let first = answer.text.lines().next().unwrap();
        let places: Vec<_> = datasets::columns(ExportDataset::Calls)
            .iter()
            .map(|column| first.find(&format!("\"{}\":", column.name)).unwrap())
            .collect();
        assert!(places.is_sorted(), "columns keep their order: {first}");
    }

    async fn the_agents_of_a_call_are_lines_of_their_own(app) {
        let world = World::create(app).await;
        let now = app.clock.now();
        let tx = app.app.db.begin().await.unwrap();
        let ended = entity::segment::ActiveModel {
            connected_at: sea_orm::Set(Some(now)),
            ended_at: sea_orm::Set(Some(now + TimeDelta::milliseconds(90_500))),
            hold_ms: sea_orm::Set(30_000),
            wrapped_up_at: sea_orm::Set(Some(now + TimeDelta::milliseconds(100_500))),
            ..Default::default()
        };
        let of_call = sea_orm::ColumnTrait::eq(&entity::segment::Column::CallId, world.ours.calls.wrap_up);
        let change = world.ours.scope.update_many::<entity::segment::Entity>().set(ended);
        sea_orm::QueryFilter::filter(change, of_call).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let range = "from=2026-03-02T12:00:00Z&to=2026-03-02T12:00:01Z";
        let answer = export(app, &world, &format!("dataset=agents&format=ndjson&{range}")).await;
        let lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3, "{}", answer.text);
        let line = lines.iter().find(|line| line["callId"] == json!(world.ours.calls.wrap_up)).unwrap();
        assert_eq!(line["agentId"], json!(world.ours.agent.agent));
        assert_eq!((&line["agentName"], &line["queueName"], &line["part"]), (&json!("agent"), &json!("ours support"), &json!("main")));
        assert_eq!((&line["talkMs"], &line["holdMs"], &line["wrapUpMs"]), (&json!(60_500), &json!(30_000), &json!(10_000)));
        let calls = export(app, &world, &format!("dataset=calls&format=ndjson&{range}")).await;
        let calls: Vec<Value> = calls.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let call = calls.iter().find(|line| line["callId"] == json!(world.ours.calls.wrap_up)).unwrap();
        assert_eq!((&call["talkMs"], &call["holdMs"]), (&json!(60_500), &json!(30_000)));
    }

    async fn the_lines_of_a_story_keep_their_data(app) {
        let world = World::create(app).await;
        insert(app, world.ours.scope, vec![missed(&world.ours, number(1), noon())]).await;
        let data = json!({"text": "a \"b\",\nc", "deep": {"n": [1, 2.5, null, true]}});
        let tx = app.app.db.begin().await.unwrap();
        let line = call_event::Model {
            company_id: world.ours.id, call_id: number(1), seq: 1, kind: "flow.node".to_owned(), data: data.clone(),
            occurred_at: noon(), provider_at: None, received_at: noon() + TimeDelta::milliseconds(7),
        };
        world.ours.scope.insert::<call_event::Entity, _>(&tx, line).await.unwrap();
        tx.commit().await.unwrap();
        let answer = export(app, &world, &format!("dataset=events&format=ndjson&{DAY}")).await;
        assert_eq!(serde_json::from_str::<Value>(&answer.text).unwrap(), json!({
            "callId": number(1), "seq": 1, "kind": "flow.node", "occurredAt": "2026-01-05T12:00:00.000Z",
            "providerAt": null, "receivedAt": "2026-01-05T12:00:00.007Z", "data": data,
        }));
        let answer = export(app, &world, &format!("dataset=events&{DAY}")).await;
        let cell = answer.text.split_once(".007Z,").unwrap().1.trim_end();
        let cell = cell.strip_prefix('"').unwrap().strip_suffix('"').unwrap().replace("\"\"", "\"");
        assert_eq!(serde_json::from_str::<Value>(&cell).unwrap(), data);
    }

    async fn a_range_begins_with_its_first_moment_and_ends_before_its_last(app) {
        let world = World::create(app).await;
        hard_calls(app, &world).await;
        let rows = async |range: &str| {
            let answer = export(app, &world, &format!("dataset=calls&format=ndjson&{range}")).await;
            answer.text.lines().count()
        };
        assert_eq!(rows("from=2026-01-05T12:00:00Z&to=2026-01-05T12:00:00.005Z").await, 1);
        assert_eq!(rows("from=2026-01-05T12:00:00.001Z&to=2026-01-05T12:00:00.006Z").await, 1);
        assert_eq!(rows("from=2026-01-05T13:00:00%2B01:00&to=2026-01-06T00:00:00Z").await, 2);
        let owner = &world.ours.owner;
        let backwards = app.get(&path(&world.ours, "dataset=calls&from=2026-01-06T00:00:00Z&to=2026-01-05T00:00:00Z"), owner).await;
        assert_eq!(backwards.wrong_fields(), ["from"]);
        for (query, field) in [("dataset=people", "dataset"), ("format=csv", "dataset"), ("dataset=calls&format=xlsx", "format"),
            ("dataset=calls&from=yesterday", "from")] {
            let answer = app.get(&path(&world.ours, query), owner).await;
            assert_eq!((answer.status.as_u16(), answer.wrong_fields()), (400, vec![field]), "{query}: {}", answer.text);
        }
    }

    async fn it_is_compressed_and_marked_when_that_is_asked_for(app) {
        let world = World::create(app).await;
        hard_calls(app, &world).await;
        let plain = export(app, &world, &format!("dataset=calls&{DAY}")).await.text;
        let unpacked = async |response: reqwest::Response| {
            let (bytes, mut text) = (response.bytes().await.unwrap(), String::new());
            GzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
            text
        };
        let file = open(app, &path(&world.ours, &format!("dataset=calls&gzip=true&{DAY}")), &world.ours.owner).await;
        assert_eq!((&file.headers()["content-type"], file.headers().get("content-encoding")), (&"application/gzip".parse().unwrap(), None));
        assert!(file.headers()["content-disposition"].to_str().unwrap().ends_with(".csv.gz\""));
        assert_eq!(unpacked(file).await, plain);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}{}", app.url, path(&world.ours, &format!("dataset=calls&{DAY}")));
        let sent = client.get(url).bearer_auth(&world.ours.owner.token).header("accept-encoding", "gzip, br").send().await.unwrap();
        assert_eq!((&sent.headers()["content-encoding"], &sent.headers()["content-type"]),
            (&"gzip".parse().unwrap(), &"text/csv; charset=utf-8".parse().unwrap()));
        assert_eq!(unpacked(sent).await, plain);
        let marked = export(app, &world, &format!("dataset=calls&bom=true&{DAY}")).await.text;
        assert_eq!(marked.strip_prefix('\u{feff}'), Some(plain.as_str()));
    }

    async fn who_may_export_does_and_it_is_noted(app) {
        let world = World::create(app).await;
        let query = format!("dataset=calls&{DAY}");
        app.get(&path(&world.ours, &query), &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        app.get(&path(&world.ours, &query), &world.theirs.owner).await.is_refused(404, "COMPANY_NOT_FOUND");
        export(app, &world, &query).await;
        let rows = world.ours.scope.find::<audit::Entity>().order_by_asc(audit::Column::Id);
        let rows = rows.all(app.app.db.reader()).await.unwrap();
        let done: Vec<_> = rows.iter().map(|row| (row.user_id, row.action.as_str())).collect();
        assert_eq!(done, [(world.ours.manager.user, "export:stream")]);
        assert_eq!(rows[0].detail, json!({
            "dataset": "calls", "format": "csv", "from": "2026-01-05T00:00:00Z", "to": "2026-01-06T00:00:00Z"
        }));
    }

    async fn a_reader_who_takes_nothing_is_cut_off_and_one_who_reads_is_not(app) {
        let world = World::create(app).await;
        long_story(app, &world, 3000).await;
        let events = path(&world.ours, &format!("dataset=events&{DAY}"));
        let mut reader = open(app, &events, &world.ours.owner).await;
        let mut size = 0;
        while let Some(piece) = reader.chunk().await.unwrap() {
            size += piece.len();
            app.clock.advance(Duration::from_millis(10)).await;
        }
        assert!(size > 24_000_000, "{size}");
        until("a place is free", async || app.app.exports.taken() == 0).await;

        let mut idler = open(app, &events, &world.ours.owner).await;
        idler.chunk().await.unwrap();
        assert_eq!(app.app.exports.taken(), 1);
        until("he is cut off", async || {
            app.clock.advance(Duration::from_secs(31)).await;
            app.app.exports.taken() == 0
        })
        .await;
        let mut broken = false;
        let mut rest = 0;
        loop {
            match idler.chunk().await {
                Ok(Some(piece)) => rest += piece.len(),
                Ok(None) => break,
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        assert!(broken && rest < size, "an answer that was cut off does not look whole: {rest} of {size}");
    }

    async fn what_fails_midway_does_not_look_whole(app) {
        let world = World::create(app).await;
        long_story(app, &world, 3000).await;
        let events = path(&world.ours, &format!("dataset=events&{DAY}"));
        let mut answer = match app.app.db.backend() {
            DbBackend::Postgres => {
                let mut answer = open(app, &events, &world.ours.owner).await;
                // Behind the header, which needs no database.
                let mut size = 0;
                while size < 100_000 {
                    size += answer.chunk().await.unwrap().expect("there is more").len();
                }
                let copies = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                    WHERE query LIKE 'COPY%' AND datname = current_database() AND pid <> pg_backend_pid()";
                app.app.db.writer().execute_unprepared(copies).await.unwrap();
                answer
            }
            _ => {
                let last = "UPDATE call_event SET occurred_at = occurred_at, received_at = 'never' WHERE seq = 3000";
                app.app.db.writer().execute_unprepared(last).await.unwrap();
                open(app, &events, &world.ours.owner).await
            }
        };
        assert_eq!(answer.status(), 200, "it had begun well");
        let broken = loop {
            match answer.chunk().await {
                Ok(Some(_)) => {}
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(broken);
        until("its place is free", async || app.app.exports.taken() == 0).await;
    }
}

#[tokio::test]
async fn more_exports_than_there_are_places_have_to_wait() {
    let app = TestApp::with(Backend::Sqlite, &[("export_pool", "1")]).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    long_story(&app, &world, 3000).await;
    let events = path(&world.ours, &format!("dataset=events&{DAY}"));
    let first = open(&app, &events, &world.ours.owner).await;
    let second = app.get(&events, &world.ours.owner).await;
    assert_eq!((second.status.as_u16(), header(&second, "retry-after")), (429, "5"), "{}", second.text);
    drop(first);
    until("the place is free", async || app.app.exports.taken() == 0).await;
    let ask = datasets::Ask {
        what: datasets::What::Rows(datasets::Table::Calls),
        format: ExportFormat::Csv,
        from: noon(),
        to: noon() + TimeDelta::days(1),
    };
    assert_eq!(datasets::count(world.ours.scope, &app.app.db, ask).await.unwrap(), 1);
    assert_eq!(
        app.get(&path(&world.ours, &format!("dataset=calls&{DAY}")), &world.ours.owner).await.status,
        200
    );
    app.close().await;
}
