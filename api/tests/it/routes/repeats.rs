//! The header `Idempotency-Key` on whatever changes something: docs/idempotency.md.

use std::time::Duration;

use futures_util::future::join_all;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::{Answer, Person, TestApp, World, on_both_databases, texts};

async fn send(app: &TestApp, by: &Person, key: &str, method: &str, path: &str, body: Value) -> Answer {
    app.call(method, path).by(by).header("idempotency-key", key).json(body).send().await
}

async fn make_skill(app: &TestApp, by: &Person, key: &str, name: &str) -> Answer {
    send(app, by, key, "POST", "/api/skills", json!({ "name": name })).await
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotency-replayed").is_some_and(|value| value == "true")
}

async fn change_rows(app: &TestApp, sql: &str) {
    app.app.db.writer().execute_unprepared(sql).await.expect("rows are changed");
}

/// The kept answers as if whoever carries the requests out had died over them, or were still at it.
async fn unanswered(app: &TestApp, until: &str) {
    change_rows(
        app,
        &format!("UPDATE kept_answer SET status = NULL, answer_sealed = NULL, until = '{until}'"),
    )
    .await;
}

on_both_databases! {
    async fn the_same_request_gets_the_first_answer_again(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let first = make_skill(app, owner, "k1", "French").await;
        assert!(!is_replayed(&first));
        // As another client would write the same.
        let spaced = "{ \"name\" :\n\"French\" }";
        let call = app.call("POST", "/api/skills").by(owner).header("idempotency-key", "k1");
        let again = call.text("application/json", spaced).send().await;
        assert_eq!((again.data(201), is_replayed(&again)), (first.data(201), true));
        assert_eq!(again.text, first.text);
        make_skill(app, owner, "k2", "French").await.is_refused(409, "SKILL_NAME_TAKEN");
        make_skill(app, owner, "k1", "Dutch").await.is_refused(422, "IDEMPOTENCY_KEY_REUSED");
        // A key is for one operation.
        let contact = json!({ "number": "+4930555001" });
        send(app, owner, "k1", "POST", "/api/contacts", contact).await.data(201);
        let long = "k".repeat(256);
        for bad in ["", "a b", &long] {
            assert_eq!(make_skill(app, owner, bad, "Dutch").await.wrong_fields(), ["Idempotency-Key"], "{bad}");
        }
    }

    async fn a_refusal_is_kept_and_what_could_not_be_read_is_not(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let skill = make_skill(app, owner, "k1", "French").await.data(201)["id"].clone();
        let path = format!("/api/skills/{}", skill.as_str().unwrap());
        let refused = make_skill(app, owner, "k2", "French").await;
        refused.is_refused(409, "SKILL_NAME_TAKEN");
        send(app, owner, "k3", "PUT", &path, json!({ "name": "Dutch" })).await.data(200);
        let again = make_skill(app, owner, "k2", "French").await;
        assert_eq!((again.status.as_u16(), is_replayed(&again)), (409, true), "although the name is free by now");
        assert_eq!(again.text, refused.text);
        let unread = send(app, owner, "k4", "POST", "/api/skills", json!({ "nmae": "German" })).await;
        unread.is_refused(400, "VALIDATION_FAILED");
        make_skill(app, owner, "k4", "Greek").await.data(201);
    }

    async fn a_change_is_not_judged_twice(app) {
        let world = World::create(app).await;
        let (owner, path) = (&world.ours.owner, format!("/api/skills/{}", world.ours.skill));
        let gone = send(app, owner, "k1", "DELETE", &path, json!({})).await;
        let again = send(app, owner, "k1", "DELETE", &path, json!({})).await;
        assert_eq!((again.status, is_replayed(&again)), (gone.status, true), "and not 404: {}", again.text);
        assert!(gone.status.is_success(), "{}", gone.text);
        // The version that it was for is no longer the current one, by its own doing.
        let path = format!("/api/queues/{}/flows", world.ours.queue);
        let tag = app.get(&path, owner).await.headers["etag"].to_str().unwrap().to_owned();
        let body = json!({ "waitFlowId": world.ours.wait_flow, "holdFlowId": null, "whisperFlowId": null });
        let put = async || {
            let call = app.call("PUT", &path).by(owner).header("idempotency-key", "k1").header("if-match", &tag);
            call.json(body.clone()).send().await
        };
        let (changed, again) = (put().await, put().await);
        assert_eq!(again.data(200), changed.data(200));
        assert_eq!(again.headers.get("etag"), changed.headers.get("etag"));
    }

    async fn nobody_gets_somebody_else_s_answer(app) {
        let world = World::create(app).await;
        let (ours, theirs) = (&world.ours, &world.theirs);
        let mine = make_skill(app, &ours.owner, "k1", "French").await.data(201)["id"].clone();
        let yours = make_skill(app, &theirs.owner, "k1", "French").await;
        assert_ne!(yours.data(201)["id"], mine, "another company");
        make_skill(app, &ours.manager, "k1", "French").await.is_refused(409, "SKILL_NAME_TAKEN");
        let nobody = app.call("POST", "/api/skills").header("idempotency-key", "k1");
        nobody.json(json!({ "name": "French" })).send().await.is_refused(401, "TOKEN_MISSING");
        let company = json!({ "name": "Newco", "ownerEmail": "boss@example.com", "timeZone": "Europe/Madrid" });
        let founded = send(app, &world.admin, "k1", "POST", "/api/companies", company.clone()).await;
        let again = send(app, &world.admin, "k1", "POST", "/api/companies", company).await;
        assert_eq!(again.data(201), founded.data(201), "who acts in no company has keys, too");
    }

    async fn of_many_at_once_one_is_carried_out(app) {
        let world = World::create(app).await;
        let at_once = (0..8).map(|_| make_skill(app, &world.ours.owner, "k1", "French"));
        let answers = join_all(at_once).await;
        let first = answers.iter().find(|answer| answer.status == 201 && !is_replayed(answer)).expect("one is new");
        for answer in &answers {
            match answer.status.as_u16() {
                201 => assert_eq!(answer.data(201), first.data(201)),
                _ => {
                    answer.is_refused(409, "IDEMPOTENCY_KEY_IN_USE");
                    assert_eq!(answer.headers["retry-after"], "1");
                }
            }
        }
        assert_eq!(answers.iter().filter(|answer| answer.status == 201 && !is_replayed(answer)).count(), 1);
    }

    async fn a_node_that_died_over_a_request_does_not_hold_its_key(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        make_skill(app, owner, "k1", "French").await.data(201);
        unanswered(app, "2026-03-02T12:00:30+00:00").await;
        make_skill(app, owner, "k1", "French").await.is_refused(409, "IDEMPOTENCY_KEY_IN_USE");
        make_skill(app, owner, "k1", "Dutch").await.is_refused(422, "IDEMPOTENCY_KEY_REUSED");
        unanswered(app, "2026-03-02T11:59:59+00:00").await;
        let again = make_skill(app, owner, "k1", "French").await;
        again.is_refused(409, "SKILL_NAME_TAKEN");
        assert!(!is_replayed(&again), "it was carried out anew");
        assert!(is_replayed(&make_skill(app, owner, "k1", "French").await));
    }

    async fn a_secret_that_is_shown_once_is_shown_to_its_request_alone(app) {
        let world = World::create(app).await;
        let body = json!({ "name": "CRM", "scopes": ["calls:read"] });
        let make = async || send(app, &world.ours.owner, "k1", "POST", "/api/api-keys", body.clone()).await;
        let (first, again) = (make().await, make().await);
        assert_eq!(again.data(201), first.data(201));
        let secret = first.data(201)["key"].as_str().expect("the key itself");
        let rows = texts(&app.app, "SELECT answer_sealed AS row FROM kept_answer").await;
        assert!(rows.len() == 1 && rows[0].starts_with("v1.") && !rows[0].contains(secret), "{rows:?}");
    }

    async fn a_key_is_known_for_a_day(app) {
        let world = World::create(app).await;
        make_skill(app, &world.ours.owner, "k1", "French").await.data(201);
        let kept = "SELECT id AS row FROM kept_answer";
        tokio::spawn(calldocker::jobs::housekeeping::run(app.app.clone()));
        tokio::task::yield_now().await;
        app.clock.advance(Duration::from_secs(23 * 3600)).await;
        assert_eq!(texts(&app.app, kept).await.len(), 1);
        app.clock.advance(Duration::from_secs(2 * 3600)).await;
        assert_eq!(texts(&app.app, kept).await.len(), 0, "housekeeping forgets it");
    }

    async fn after_a_day_a_key_is_new_though_nobody_has_tidied_up(app) {
        let world = World::create(app).await;
        make_skill(app, &world.ours.owner, "k1", "French").await.data(201);
        change_rows(app, "UPDATE kept_answer SET created_at = '2026-03-01T11:59:59+00:00'").await;
        assert_eq!(make_skill(app, &world.ours.owner, "k1", "Dutch").await.data(201)["name"], "Dutch");
    }
}
