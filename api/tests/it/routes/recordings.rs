//! /api/recordings, /api/calls/{id}/recordings, /api/settings/company/{companyId}/recording

use calldocker::calls::recording::{keep, retention};
use calldocker::calls::transcription;
use calldocker::store::recordings::{self, Due};
use chrono::TimeDelta;
use entity::id::JobId;
use entity::{CompanyScope, DeletedBecause, JobKind, RecordingState, TranscriptState, audit, job, recording};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::live_calls::SOUND;
use crate::support::{Answer, Person, TestApp, World, on_both_databases};

fn content(world: &World) -> String {
    format!("/api/recordings/{}/content", world.ours.calls.voicemail)
}

async fn play(app: &TestApp, world: &World, headers: &[(&str, &str)]) -> Answer {
    let call = app.call("GET", &content(world)).by(&world.ours.owner);
    headers.iter().fold(call, |call, (name, value)| call.header(name, value)).send().await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// What the audit says that was done, oldest first.
async fn audited(app: &TestApp, scope: CompanyScope) -> Vec<(String, Value)> {
    let rows = scope.find::<audit::Entity>().order_by_asc(audit::Column::Id);
    let rows = rows.all(app.app.db.reader()).await.unwrap();
    rows.into_iter().map(|row| (row.action, row.detail)).collect()
}

async fn voicemail(app: &TestApp, world: &World) -> recording::Model {
    recordings::get(world.ours.scope, app.app.db.reader(), world.ours.calls.voicemail).await.unwrap()
}

async fn save(app: &TestApp, world: &World, row: recording::Model) {
    let tx = app.app.db.begin().await.unwrap();
    recordings::save(world.ours.scope, &tx, row).await.unwrap();
    tx.commit().await.unwrap();
}

/// As if a hook had answered.
async fn write_down(app: &TestApp, world: &World, text: &str) {
    let row = recording::Model {
        transcript_state: Some(TranscriptState::Written),
        transcript: Some(text.to_owned()),
        transcript_language: Some("en-GB".to_owned()),
        ..voicemail(app, world).await
    };
    save(app, world, row).await;
}

/// A test's app runs no jobs: this does those that delete.
async fn delete_what_is_to_be_deleted(app: &TestApp, world: &World) {
    let jobs = world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::DeleteRecording));
    for job in jobs.all(app.app.db.reader()).await.unwrap() {
        keep::delete(&app.app, world.ours.scope, job.subject_id.into()).await.unwrap();
    }
}

fn policy(changes: Value) -> Value {
    let mut body = json!({
        "rule": "on_demand", "inbound": true, "outbound": true, "countries": [], "announceAlways": false,
        "agentsMayListen": false, "queues": []
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

async fn put_policy(app: &TestApp, world: &World, by: &Person, changes: Value) -> Answer {
    app.put(&format!("/api/settings/company/{}/recording", world.ours.id), by, policy(changes)).await
}

on_both_databases! {
    async fn a_recording_is_played_whole_or_in_parts(app) {
        let world = World::create(app).await;
        let whole = play(app, &world, &[]).await;
        assert_eq!((whole.status.as_u16(), whole.text.as_bytes()), (200, SOUND));
        assert_eq!(header(&whole, "content-type"), "audio/x-wav");
        assert_eq!(header(&whole, "content-length"), SOUND.len().to_string());
        assert_eq!(header(&whole, "accept-ranges"), "bytes");
        let name = format!("inline; filename=\"recording-{}.wav\"", world.ours.calls.voicemail);
        assert_eq!(header(&whole, "content-disposition"), name);
        let tag = header(&whole, "etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() == 66, "{tag}");

        let part = play(app, &world, &[("range", "bytes=4-7")]).await;
        assert_eq!((part.status.as_u16(), part.text.as_bytes()), (206, &SOUND[4..8]));
        assert_eq!((header(&part, "content-range"), header(&part, "content-length")), ("bytes 4-7/12", "4"));
        let end = play(app, &world, &[("range", "bytes=-4"), ("if-range", &tag)]).await;
        assert_eq!((end.status.as_u16(), end.text.as_str()), (206, "WAVE"));
        let other = play(app, &world, &[("range", "bytes=-4"), ("if-range", "\"another\"")]).await;
        assert_eq!((other.status.as_u16(), other.text.as_bytes()), (200, SOUND));
        let known = play(app, &world, &[("if-none-match", &tag)]).await;
        assert_eq!((known.status.as_u16(), known.text.as_str()), (304, ""));

        let outside = play(app, &world, &[("range", "bytes=12-")]).await;
        outside.is_refused(416, "OUT_OF_RANGE");
        assert_eq!(header(&outside, "content-range"), "bytes */12");

        let head = app.call("HEAD", &content(&world)).by(&world.ours.owner).send().await;
        assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
        assert_eq!((header(&head, "content-length"), header(&head, "etag")), ("12", tag.as_str()));
    }

    async fn whoever_listens_stands_in_the_audit_and_whoever_may_not_does_not(app) {
        let world = World::create(app).await;
        play(app, &world, &[]).await;
        play(app, &world, &[("range", "bytes=0-1")]).await;
        app.get(&content(&world), &world.theirs.owner).await.is_refused(404, "RECORDING_NOT_FOUND");
        app.get(&format!("/api/recordings/{}/content", Uuid::nil()), &world.ours.owner).await.is_refused(404, "RECORDING_NOT_FOUND");
        let done = audited(app, world.ours.scope).await;
        let row = |range: Value| {
            let detail = json!({"recordingId": world.ours.calls.voicemail, "callId": world.ours.calls.wrap_up, "range": range});
            ("recording:listen".to_owned(), detail)
        };
        assert_eq!(done, [row(Value::Null), row(json!("bytes=0-1"))]);
        assert!(audited(app, world.theirs.scope).await.is_empty());
    }

    async fn an_agent_hears_his_own_calls_where_the_company_lets_him(app) {
        let world = World::create(app).await;
        let list = format!("/api/calls/{}/recordings", world.ours.calls.wrap_up);
        let stranger = crate::support::person(app, "other@ours.example.com", calldocker::authz::Seat::Agent, Some((world.ours.id, entity::Role::Agent))).await;
        assert_eq!(app.get(&content(&world), &world.ours.agent).await.status, 200);
        assert_eq!(app.get(&list, &world.ours.agent).await.data(200).as_array().unwrap().len(), 1);
        assert_eq!(app.get("/api/voicemails", &world.ours.agent).await.data(200).as_array().unwrap().len(), 1);
        app.get(&content(&world), &stranger).await.is_refused(404, "RECORDING_NOT_FOUND");
        app.get(&list, &stranger).await.is_refused(404, "CALL_NOT_FOUND");
        assert_eq!(app.get("/api/voicemails", &stranger).await.data(200), &json!([]));

        put_policy(app, &world, &world.ours.owner, json!({"agentsMayListen": false})).await.data(200);
        app.get(&content(&world), &world.ours.agent).await.is_refused(404, "RECORDING_NOT_FOUND");
        app.get(&list, &world.ours.agent).await.is_refused(404, "CALL_NOT_FOUND");
        assert_eq!(app.get("/api/voicemails", &world.ours.agent).await.data(200), &json!([]));
        assert_eq!(app.get(&content(&world), &world.ours.manager).await.status, 200);
    }

    async fn what_was_said_is_read_by_who_may_hear_it_and_that_is_noted(app) {
        let world = World::create(app).await;
        write_down(app, &world, "Call me back.").await;
        let list = format!("/api/calls/{}/recordings", world.ours.calls.wrap_up);
        let transcript = json!({"state": "written", "text": "Call me back.", "language": "en-GB"});
        assert_eq!(app.get("/api/voicemails", &world.ours.agent).await.data(200)[0]["transcript"], transcript);
        put_policy(app, &world, &world.ours.owner, json!({"agentsMayListen": false})).await.data(200);
        app.get(&list, &world.ours.agent).await.is_refused(404, "CALL_NOT_FOUND");
        assert_eq!(app.get("/api/voicemails", &world.ours.agent).await.data(200), &json!([]));
        app.get(&list, &world.theirs.owner).await.is_refused(404, "CALL_NOT_FOUND");
        assert_eq!(app.get("/api/voicemails", &world.theirs.owner).await.data(200)[0].get("transcript"), None);
        assert_eq!(app.get(&list, &world.ours.manager).await.data(200)[0]["transcript"], transcript);
        let hold = format!("/api/recordings/{}/legal-hold", world.ours.calls.voicemail);
        let held = app.put(&hold, &world.ours.owner, json!({"hold": true, "reason": "Case 4711"})).await;
        assert_eq!(held.data(200)["transcript"], transcript);
        let story = app.get(&format!("/api/calls/{}/events", world.ours.calls.wrap_up), &world.ours.owner).await;
        assert!(!story.text.contains("Call me back."));
        let rows = world.ours.scope.find::<audit::Entity>().order_by_asc(audit::Column::Id);
        let rows = rows.filter(audit::Column::Action.eq("recording:read-transcript"));
        let rows = rows.all(app.app.db.reader()).await.unwrap();
        let who: Vec<_> = rows.iter().map(|row| row.user_id).collect();
        assert_eq!(who, [world.ours.agent.user, world.ours.manager.user, world.ours.owner.user]);
        let detail = json!({"recordingIds": [world.ours.calls.voicemail]});
        assert!(rows.iter().all(|row| row.detail == detail), "{rows:?}");
        let theirs = audited(app, world.theirs.scope).await;
        assert!(theirs.is_empty(), "of nothing to read nothing is noted: {theirs:?}");
    }

    async fn what_was_said_goes_with_the_sound(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        write_down(app, &world, "Call me back.").await;
        assert_eq!(app.delete(&format!("/api/recordings/{}", world.ours.calls.voicemail), owner).await.status, 200);
        let row = voicemail(app, &world).await;
        assert_eq!((row.transcript_state, row.transcript, row.transcript_language), (None, None, None));
        assert_eq!(app.get("/api/voicemails", owner).await.data(200)[0].get("transcript"), None);
    }

    async fn the_sound_is_fetched_without_an_account_as_long_as_its_text_is_awaited(app) {
        let world = World::create(app).await;
        let row = recording::Model { transcript_state: Some(TranscriptState::Awaited), ..voicemail(app, &world).await };
        save(app, &world, row.clone()).await;
        let link = transcription::audio::link(&app.app, &row).unwrap().url;
        let link = link.strip_prefix(&app.app.settings.public_url).unwrap().to_owned();
        let get = async |path: String| app.call("GET", &path).send().await;
        let whole = get(link.clone()).await;
        assert_eq!((whole.status.as_u16(), whole.text.as_bytes()), (200, SOUND));
        assert_eq!(header(&whole, "cache-control"), "private, no-cache");
        let part = app.call("GET", &link).header("range", "bytes=8-11").send().await;
        assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "WAVE"));
        let (path, query) = link.split_once('?').unwrap();
        let (until, signature) = query.split_once('&').unwrap();
        let theirs = world.theirs.calls.voicemail.to_string();
        for forged in [
            path.to_owned(),
            format!("{path}?{until}"),
            format!("{path}?{signature}"),
            format!("{path}?until=soon&{signature}"),
            format!("{path}?until=99999999999&{signature}"),
            format!("{path}?until=9999999999999999999999&{signature}"),
            format!("{path}?{until}&signature={}", "0".repeat(64)),
            format!("{path}?{until}&signature=ä"),
            link.replace(&world.ours.id.to_string(), &world.theirs.id.to_string()),
            link.replace(&row.id.to_string(), &theirs),
            link.replace(&row.id.to_string(), "x"),
        ] {
            assert_eq!(get(forged.clone()).await.status, 404, "{forged}");
        }
        app.clock.advance(std::time::Duration::from_secs(14 * 60)).await;
        assert_eq!(get(link.clone()).await.status, 200);
        app.clock.advance(std::time::Duration::from_secs(60)).await;
        assert_eq!(get(link.clone()).await.status, 404, "its while is over");
        let link = transcription::audio::link(&app.app, &row).unwrap().url;
        let link = link.strip_prefix(&app.app.settings.public_url).unwrap().to_owned();
        assert_eq!(get(link.clone()).await.status, 200);
        write_down(app, &world, "Call me back.").await;
        assert_eq!(get(link).await.status, 404, "the text is there");
    }

    async fn what_is_under_a_legal_hold_is_not_deleted_until_that_ends(app) {
        let world = World::create(app).await;
        let path = format!("/api/recordings/{}", world.ours.calls.voicemail);
        let hold = format!("{path}/legal-hold");
        let owner = &world.ours.owner;
        app.put(&hold, owner, json!({"hold": true})).await.is_refused(422, "VALIDATION_FAILED");
        let held = app.put(&hold, owner, json!({"hold": true, "reason": "Case 4711"})).await;
        assert_eq!(held.data(200)["legalHoldReason"], "Case 4711");
        app.delete(&path, owner).await.is_refused(409, "LEGAL_HOLD");
        delete_what_is_to_be_deleted(app, &world).await;
        assert_eq!(play(app, &world, &[]).await.status, 200);

        let released = app.put(&hold, owner, json!({"hold": false})).await;
        assert_eq!(released.data(200).get("legalHoldAt"), None);
        for _ in 0..2 {
            assert_eq!(app.delete(&path, owner).await.status, 200);
        }
        play(app, &world, &[]).await.is_refused(409, "RECORDING_DELETED");
        app.put(&hold, owner, json!({"hold": true, "reason": "too late"})).await.is_refused(409, "RECORDING_DELETED");
        let key = voicemail(app, &world).await.storage_key.unwrap();
        for _ in 0..2 {
            delete_what_is_to_be_deleted(app, &world).await;
        }
        assert!(app.app.storage.get(&key).await.unwrap().is_none(), "the file is gone");
        let row = voicemail(app, &world).await;
        assert_eq!((row.state, row.deleted_because), (RecordingState::Deleted, Some(DeletedBecause::Request)));
        assert_eq!((row.deleted_by, row.deleted_at), (Some(owner.user), Some(app.clock.now())));
        assert_eq!(app.delete(&path, owner).await.status, 200);
        let done: Vec<_> = audited(app, world.ours.scope).await.into_iter().map(|(action, _)| action).collect();
        assert_eq!(done, ["recording:hold", "recording:listen", "recording:release", "recording:delete"]);
    }

    async fn a_manager_may_hold_and_not_delete(app) {
        let world = World::create(app).await;
        let path = format!("/api/recordings/{}", world.ours.calls.voicemail);
        app.delete(&path, &world.ours.manager).await.is_refused(403, "FORBIDDEN");
        let held = app.put(&format!("{path}/legal-hold"), &world.ours.manager, json!({"hold": true, "reason": "x"})).await;
        assert!(held.data(200)["legalHoldAt"].is_string());
    }

    async fn retention_deletes_what_is_old_enough_and_says_before_what_it_would(app) {
        let world = World::create(app).await;
        let due = format!("/api/settings/company/{}/recording/due", world.ours.id);
        put_policy(app, &world, &world.ours.owner, json!({"keepVoicemailsDays": 30, "keepRecordingsDays": 1})).await.data(200);
        let nothing = json!({"count": 0, "bytes": 0, "held": 0});
        assert_eq!(app.get(&due, &world.ours.manager).await.data(200), &json!({"recordings": nothing, "voicemails": nothing}));
        let scope = world.ours.scope;
        let round = async || retention::round(&app.app, scope, JobId(Uuid::nil())).await.unwrap();
        round().await;
        delete_what_is_to_be_deleted(app, &world).await;
        assert_eq!(voicemail(app, &world).await.state, RecordingState::Stored, "it is young");

        app.clock.advance(TimeDelta::days(31).to_std().unwrap()).await;
        let size = i64::try_from(SOUND.len()).unwrap();
        let figures = retention::figures(&app.app, scope).await.unwrap();
        assert_eq!(figures.voicemails, Due { count: 1, bytes: size, held: 0 });
        assert_eq!(figures.recordings, Due::default(), "each kind has its own limit");
        assert_eq!(voicemail(app, &world).await.state, RecordingState::Stored, "counting deletes nothing");

        let held = recording::Model { legal_hold_at: Some(app.clock.now()), ..voicemail(app, &world).await };
        let tx = app.app.db.begin().await.unwrap();
        recordings::save(scope, &tx, held.clone()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(retention::figures(&app.app, scope).await.unwrap().voicemails, Due { count: 0, bytes: 0, held: 1 });
        round().await;
        delete_what_is_to_be_deleted(app, &world).await;
        assert_eq!(voicemail(app, &world).await.state, RecordingState::Stored, "a hold wins");

        let tx = app.app.db.begin().await.unwrap();
        recordings::save(scope, &tx, recording::Model { legal_hold_at: None, ..held }).await.unwrap();
        tx.commit().await.unwrap();
        round().await;
        delete_what_is_to_be_deleted(app, &world).await;
        let row = voicemail(app, &world).await;
        assert_eq!((row.state, row.deleted_because), (RecordingState::Deleted, Some(DeletedBecause::Retention)));
        assert_eq!(row.deleted_by, None);
        let theirs = recordings::get(world.theirs.scope, app.app.db.reader(), world.theirs.calls.voicemail).await.unwrap();
        assert_eq!(theirs.state, RecordingState::Stored, "another company keeps its own");
    }

    async fn a_policy_comes_back_as_it_was_put_and_a_wrong_one_names_what_is_wrong(app) {
        let world = World::create(app).await;
        let body = json!({
            "rule": "always", "outbound": false, "countries": [{"country": "DE", "rule": "announce"}, {"country": "CH", "rule": "off"}],
            "unknownCountry": "announce", "announcement": "We record.", "agentsMayListen": true,
            "keepRecordingsDays": 90, "queues": [{"queueId": world.ours.queue, "rule": "never"}]
        });
        let owner = &world.ours.owner;
        let put = put_policy(app, &world, owner, body.clone()).await;
        assert_eq!(put.data(200), &policy(body));
        let shown = app.get(&format!("/api/settings/company/{}/recording", world.ours.id), &world.ours.manager).await;
        assert_eq!(shown.data(200), put.data(200));
        let done = audited(app, world.ours.scope).await;
        assert_eq!((done[0].0.as_str(), &done[0].1["rule"]), ("recording:policy", &json!("always")));
        let jobs = world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::RetainRecordings));
        assert_eq!(jobs.all(app.app.db.reader()).await.unwrap().len(), 1, "the daily round is planned once");

        let wrong = json!({"countries": [{"country": "DE", "rule": "off"}, {"country": "XX", "rule": "off"}, {"country": "DE", "rule": "off"}]});
        let refused = put_policy(app, &world, owner, wrong).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/countries/1/country", "/countries/2/country"]);
        let twice = json!([{"queueId": world.ours.queue, "rule": "never"}, {"queueId": world.ours.queue, "rule": "always"}]);
        let refused = put_policy(app, &world, owner, json!({"queues": twice})).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/queues/1/queueId"]);
        let theirs = json!([{"queueId": world.theirs.queue, "rule": "never"}]);
        put_policy(app, &world, owner, json!({"queues": theirs})).await.is_refused(404, "QUEUE_NOT_FOUND");
        put_policy(app, &world, owner, json!({"keepRecordingsDays": 0})).await.is_refused(400, "VALIDATION_FAILED");
        put_policy(app, &world, &world.ours.manager, json!({})).await.is_refused(403, "FORBIDDEN");
    }
}
