//! /api/exports

use std::time::Duration;

use calldocker::exports::work;
use calldocker::jobs::Done;
use calldocker::store::exports::{self, Wanted};
use chrono::TimeDelta;
use entity::id::ExportId;
use entity::{ExportState, JobKind, audit, export, job};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::exports::{insert, missed};
use crate::support::{Answer, TestApp, World, on_both_databases};

/// Three calls of January.
async fn calls(app: &TestApp, world: &World) {
    let at = |hour| format!("2026-01-05T{hour:02}:00:00Z").parse().unwrap();
    let calls = (9..12).map(|hour| missed(&world.ours, app.app.ids.next(), at(hour))).collect();
    insert(app, world.ours.scope, calls).await;
}

fn january() -> Value {
    json!({"dataset": "calls", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"})
}

async fn create(app: &TestApp, world: &World, body: Value) -> ExportId {
    let made = app.post("/api/exports", &world.ours.manager, body).await;
    let made = made.data(201);
    assert_eq!((&made["state"], &made["rowsWritten"], made.get("link")), (&json!("queued"), &json!(0), None));
    made["id"].as_str().unwrap().parse().unwrap()
}

/// A test's app runs no jobs.
async fn write(app: &TestApp, world: &World, id: ExportId, attempt: i32) -> Done {
    work::write(&app.app, world.ours.scope, id, attempt).await.unwrap()
}

async fn show(app: &TestApp, world: &World, id: ExportId) -> Value {
    app.get(&format!("/api/exports/{id}"), &world.ours.manager).await.data(200).clone()
}

async fn content(app: &TestApp, world: &World, id: ExportId) -> Answer {
    app.get(&format!("/api/exports/{id}/content"), &world.ours.manager).await
}

async fn row(app: &TestApp, world: &World, id: ExportId) -> export::Model {
    exports::get(world.ours.scope, app.app.db.reader(), id).await.unwrap()
}

async fn save(app: &TestApp, world: &World, row: export::Model) {
    let tx = app.app.db.begin().await.unwrap();
    exports::save(world.ours.scope, &tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

async fn jobs(app: &TestApp, world: &World, kind: JobKind) -> Vec<job::Model> {
    let jobs = world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(kind));
    jobs.all(app.app.db.reader()).await.unwrap()
}

on_both_databases! {
    async fn a_job_writes_a_file_with_a_link(app) {
        let world = World::create(app).await;
        calls(app, &world).await;
        let id = create(app, &world, january()).await;
        content(app, &world, id).await.is_refused(409, "EXPORT_NOT_READY");
        let job = &jobs(app, &world, JobKind::WriteExport).await[0];
        assert_eq!((job.subject_id, job.run_at), (id.0, app.clock.now()));
        assert!(matches!(write(app, &world, id, 1).await, Done::Yes));

        let shown = show(app, &world, id).await;
        assert_eq!((&shown["state"], &shown["rowsWritten"], &shown["rowsEstimated"]), (&json!("completed"), &json!(3), &json!(3)));
        assert_eq!(shown["link"], json!(format!("/api/exports/{id}/content")));
        let file = content(app, &world, id).await;
        let streamed = format!("/api/analytics/company/{}/export?dataset=calls&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z", world.ours.id);
        let streamed = app.get(&streamed, &world.ours.manager).await.text;
        assert_eq!((file.status.as_u16(), &file.text), (200, &streamed));
        assert_eq!(shown["sizeBytes"], json!(streamed.len()));
        assert_eq!(file.headers["etag"].to_str().unwrap(), format!("\"{}\"", shown["sha256"].as_str().unwrap()));
        assert_eq!(file.headers["content-disposition"], "attachment; filename=\"calls-20260101T000000Z-20260201T000000Z.csv\"");
        let part = app.call("GET", &format!("/api/exports/{id}/content")).by(&world.ours.manager).header("range", "bytes=0-5").send().await;
        assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "callId"));
        assert_eq!(part.headers["content-range"].to_str().unwrap(), format!("bytes 0-5/{}", streamed.len()));

        let rows = world.ours.scope.find::<audit::Entity>().order_by_asc(audit::Column::Id).all(app.app.db.reader()).await.unwrap();
        let done: Vec<_> = rows.iter().map(|row| row.action.as_str()).collect();
        assert_eq!(done, ["export:create", "export:fetch", "export:stream", "export:fetch"]);
        assert_eq!(rows[0].detail["exportId"], json!(id));
    }

    async fn a_link_opens_the_file_for_some_minutes_and_no_other(app) {
        let world = World::create(app).await;
        calls(app, &world).await;
        let id = create(app, &world, january()).await;
        write(app, &world, id, 1).await;
        let link = show(app, &world, id).await["downloadUrl"].as_str().unwrap().to_owned();
        let link = link.strip_prefix(&app.app.settings.public_url).unwrap().to_owned();
        let opened = app.call("GET", &link).send().await;
        assert_eq!((opened.status.as_u16(), opened.text.lines().count()), (200, 4));
        let other = create(app, &world, january()).await;
        write(app, &world, other, 1).await;
        for forged in [link.replace(&id.to_string(), &other.to_string()), link.replace(&world.ours.id.to_string(), &world.theirs.id.to_string()),
            link.replace("until=", "until=9"), format!("{link}0")] {
            assert_eq!(app.call("GET", &forged).send().await.status, 404, "{forged}");
        }
        app.clock.advance(Duration::from_secs(15 * 60)).await;
        assert_eq!(app.call("GET", &link).send().await.status, 404);
    }

    async fn a_file_goes_when_its_time_is_over(app) {
        let world = World::create(app).await;
        calls(app, &world).await;
        let id = create(app, &world, january()).await;
        write(app, &world, id, 1).await;
        let key = row(app, &world, id).await.storage_key.unwrap();
        let job = &jobs(app, &world, JobKind::DeleteExport).await[0];
        assert_eq!((job.subject_id, job.run_at), (id.0, app.clock.now() + TimeDelta::days(7)));
        assert!(work::delete(&app.app, world.ours.scope, id).await.is_err(), "it is still to be kept");
        // Past the tokens' lives, too: what was decided is read from the rows.
        let expired = export::Model { expires_at: Some(app.clock.now()), ..row(app, &world, id).await };
        save(app, &world, expired).await;
        content(app, &world, id).await.is_refused(409, "EXPORT_GONE");
        work::delete(&app.app, world.ours.scope, id).await.unwrap();
        work::delete(&app.app, world.ours.scope, id).await.unwrap();
        assert!(app.app.storage.get(&key).await.unwrap().is_none());
        let shown = show(app, &world, id).await;
        assert_eq!((&shown["state"], shown.get("link")), (&json!("expired"), None));
    }

    async fn what_a_killed_node_began_is_written_again_from_the_beginning(app) {
        let world = World::create(app).await;
        calls(app, &world).await;
        let id = create(app, &world, january()).await;
        let begun = export::Model {
            state: ExportState::Running, rows_written: 2, started_at: Some(app.clock.now()), ..row(app, &world, id).await
        };
        save(app, &world, begun).await;
        assert!(matches!(write(app, &world, id, 2).await, Done::Yes));
        assert_eq!((row(app, &world, id).await.state, row(app, &world, id).await.rows_written), (ExportState::Completed, 3));
        let whole = content(app, &world, id).await.text;
        assert!(matches!(write(app, &world, id, 3).await, Done::Yes), "it is not made twice");
        assert_eq!(content(app, &world, id).await.text, whole);
    }

    async fn an_export_is_taken_back_before_or_after_it_is_complete(app) {
        let world = World::create(app).await;
        calls(app, &world).await;
        let manager = &world.ours.manager;
        let waiting = create(app, &world, january()).await;
        assert_eq!(app.delete(&format!("/api/exports/{waiting}"), manager).await.status, 200);
        assert!(matches!(write(app, &world, waiting, 1).await, Done::Yes));
        assert_eq!(row(app, &world, waiting).await.state, ExportState::Cancelled);
        let tx = app.app.db.begin().await.unwrap();
        assert_eq!(exports::progress(world.ours.scope, &tx, waiting, 5).await.unwrap(), Wanted::NoMore, "a node that writes it hears of it");
        tx.commit().await.unwrap();

        let complete = create(app, &world, january()).await;
        write(app, &world, complete, 1).await;
        let key = row(app, &world, complete).await.storage_key.unwrap();
        for _ in 0..2 {
            assert_eq!(app.delete(&format!("/api/exports/{complete}"), manager).await.status, 200);
        }
        content(app, &world, complete).await.is_refused(409, "EXPORT_GONE");
        work::delete(&app.app, world.ours.scope, complete).await.unwrap();
        assert!(app.app.storage.get(&key).await.unwrap().is_none());
        assert_eq!(row(app, &world, complete).await.state, ExportState::Deleted);
    }

    async fn an_export_that_cannot_be_written_fails_in_the_end(app) {
        let world = World::create(app).await;
        let id = create(app, &world, january()).await;
        // Where its exports would lie there is a file.
        let folder = app.app.settings.upload_path.join(world.ours.id.to_string()).join("exports");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::write(&folder, "in the way").unwrap();
        for attempt in 1..5 {
            assert!(work::write(&app.app, world.ours.scope, id, attempt).await.is_err());
        }
        assert!(matches!(write(app, &world, id, 5).await, Done::Yes));
        let shown = show(app, &world, id).await;
        assert_eq!(shown["state"], "failed");
        assert!(shown["failure"].as_str().unwrap().contains("log"), "{shown}");
    }

    async fn a_request_that_comes_twice_makes_one_export_and_too_many_are_refused(app) {
        let world = World::create(app).await;
        let send = async || {
            let call = app.call("POST", "/api/exports").by(&world.ours.manager).header("idempotency-key", "k1");
            call.json(january()).send().await.data(201)["id"].clone()
        };
        assert_eq!(send().await, send().await);
        for _ in 1..10 {
            create(app, &world, january()).await;
        }
        app.post("/api/exports", &world.ours.owner, january()).await.is_refused(409, "TOO_MANY_EXPORTS");
        let page = app.get("/api/exports?limit=4", &world.ours.owner).await;
        assert_eq!(page.data(200).as_array().unwrap().len(), 4);
        let next = page.body["nextCursor"].as_str().unwrap();
        let rest = app.get(&format!("/api/exports?limit=100&cursor={next}"), &world.ours.owner).await;
        assert_eq!(rest.data(200).as_array().unwrap().len(), 7, "with the one that was there before");
        let bad = app.post("/api/exports", &world.ours.owner, json!({"dataset": "calls", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"})).await;
        assert_eq!(bad.wrong_fields(), ["/from"]);
    }

    async fn another_company_s_export_is_not_there(app) {
        let world = World::create(app).await;
        let id = create(app, &world, january()).await;
        write(app, &world, id, 1).await;
        for path in [format!("/api/exports/{id}"), format!("/api/exports/{id}/content")] {
            app.get(&path, &world.theirs.owner).await.is_refused(404, "EXPORT_NOT_FOUND");
            app.get(&path, &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        }
        app.delete(&format!("/api/exports/{id}"), &world.theirs.owner).await.is_refused(404, "EXPORT_NOT_FOUND");
        let theirs = app.get("/api/exports", &world.theirs.owner).await;
        assert!(!theirs.text.contains(&id.to_string()));
    }
}
