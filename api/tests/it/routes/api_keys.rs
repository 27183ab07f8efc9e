//! /api/api-keys: what programs may, and for how long.

use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Person, TestApp, World, dump, on_both_databases};

async fn key(app: &TestApp, by: &Person, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": "CRM", "scopes": scopes });
    let made = app.post("/api/api-keys", by, body).await;
    let data = made.data(201);
    (data["apiKey"]["id"].as_str().unwrap().to_owned(), data["key"].as_str().unwrap().to_owned())
}

async fn get(app: &TestApp, path: &str, key: &str) -> Answer {
    app.call("GET", path).token(key).send().await
}

on_both_databases! {
    async fn a_key_may_what_its_scopes_name_in_its_company(app) {
        let world = World::create(app).await;
        let (id, key) = key(app, &world.ours.owner, &["queues:read", "contacts:write"]).await;
        assert!(key.starts_with("cdk_") && key.len() == 47, "{key}");
        assert_eq!(get(app, "/api/queues", &key).await.data(200).as_array().unwrap().len(), 2);
        get(app, "/api/skills", &key).await.is_refused(403, "FORBIDDEN");
        get(app, &format!("/api/queues/{}", world.theirs.queue), &key).await.is_refused(404, "QUEUE_NOT_FOUND");
        let elsewhere = app.call("GET", "/api/queues").token(&key).company(world.theirs.id).send().await;
        elsewhere.is_refused(404, "COMPANY_NOT_FOUND");
        for path in ["/api/auth/profile", "/api/auth/sessions", "/api/api-keys"] {
            get(app, path, &key).await.is_refused(403, "FORBIDDEN");
        }
        let listed = app.get("/api/api-keys", &world.ours.owner).await;
        let listed = listed.data(200).as_array().unwrap().iter().find(|row| row["id"] == json!(id)).unwrap().clone();
        assert_eq!((&listed["hint"], &listed["madeByName"]), (&json!(key[..10]), &json!("owner")));
        assert!(listed["lastUsedAt"].is_string() && !listed.to_string().contains(&key));
        let stored = format!("{:?}", dump(&app.app).await);
        assert!(!stored.contains(&key), "the key itself is stored");
    }

    async fn nobody_gives_a_key_what_he_has_not_and_none_may_be_somebody(app) {
        let world = World::create(app).await;
        let scopes = ["calls:read", "users:write", "no:such", "api-keys:write", "profile:write", "calls:read"];
        let refused = app.post("/api/api-keys", &world.ours.manager, json!({ "name": "x", "scopes": scopes })).await;
        let wrong = refused.is_refused(422, "VALIDATION_FAILED").wrong_fields();
        assert_eq!(wrong, ["/scopes/1", "/scopes/2", "/scopes/3", "/scopes/4", "/scopes/5"]);
        let past = json!({ "name": "x", "scopes": ["calls:read"], "expiresAt": app.clock.now() });
        app.post("/api/api-keys", &world.ours.owner, past).await.is_refused(422, "VALIDATION_FAILED");
        app.post("/api/api-keys", &world.ours.agent, json!({ "name": "x", "scopes": ["calls:read"] })).await.is_refused(403, "FORBIDDEN");
    }

    async fn a_key_is_refused_at_once_when_it_is_revoked_runs_out_or_is_a_guess(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let (id, first) = key(app, owner, &["queues:read"]).await;
        get(app, "/api/queues", &first).await.data(200);
        app.delete(&format!("/api/api-keys/{id}"), &world.ours.manager).await.is_refused(404, "API_KEY_NOT_FOUND");
        app.delete(&format!("/api/api-keys/{id}"), &world.theirs.owner).await.is_refused(404, "API_KEY_NOT_FOUND");
        app.delete(&format!("/api/api-keys/{id}"), owner).await.data(200);
        get(app, "/api/queues", &first).await.is_refused(401, "API_KEY_ENDED");
        app.delete(&format!("/api/api-keys/{id}"), owner).await.is_refused(404, "API_KEY_NOT_FOUND");
        let guess = format!("{}{}", &first[..46], if first.ends_with('A') { 'B' } else { 'A' });
        for bad in [guess.as_str(), "cdk_", "cdk_%"] {
            get(app, "/api/queues", bad).await.is_refused(401, "TOKEN_INVALID");
        }
        let until = app.clock.now() + TimeDelta::minutes(10);
        let body = json!({ "name": "short", "scopes": ["queues:read"], "expiresAt": until });
        let made = app.post("/api/api-keys", owner, body).await;
        let short = made.data(201)["key"].as_str().unwrap().to_owned();
        get(app, "/api/queues", &short).await.data(200);
        app.clock.advance(Duration::from_secs(600)).await;
        get(app, "/api/queues", &short).await.is_refused(401, "API_KEY_ENDED");
    }

    async fn a_key_never_may_more_than_its_maker_may_now(app) {
        let world = World::create(app).await;
        let (manager, path) = (&world.ours.manager, format!("/api/users/{}", world.ours.manager.user));
        let (_, key) = key(app, manager, &["queues:read", "prompts:read"]).await;
        get(app, "/api/prompts", &key).await.data(200);
        app.put(&path, &world.ours.owner, json!({ "role": "agent" })).await.data(200);
        get(app, "/api/prompts", &key).await.is_refused(403, "FORBIDDEN");
        get(app, "/api/queues", &key).await.data(200);
        app.put(&path, &world.ours.owner, json!({ "status": "banned" })).await.data(200);
        get(app, "/api/queues", &key).await.is_refused(401, "API_KEY_ENDED");
        app.put(&path, &world.ours.owner, json!({ "status": "active" })).await.data(200);
        get(app, "/api/queues", &key).await.data(200);
        app.delete(&path, &world.ours.owner).await.data(200);
        get(app, "/api/queues", &key).await.is_refused(401, "API_KEY_ENDED");
        let (_, owners) = super::key(app, &world.ours.owner, &["queues:read"]).await;
        app.delete(&format!("/api/companies/{}?confirm=Ours", world.ours.id), &world.ours.owner).await.data(200);
        get(app, "/api/queues", &owners).await.is_refused(401, "API_KEY_ENDED");
    }

    async fn what_a_key_does_is_in_the_audit_with_its_name(app) {
        let world = World::create(app).await;
        let (id, key) = key(app, &world.ours.owner, &["contacts:write"]).await;
        let body = json!({ "number": "+4930555777", "name": "Ann" });
        app.call("POST", "/api/contacts").token(&key).json(body).send().await.data(201);
        let lines = app.get("/api/audit?action=contacts", &world.ours.owner).await;
        let line: &Value = &lines.data(200)[0];
        assert_eq!((&line["apiKeyId"], &line["apiKeyName"]), (&json!(id), &json!("CRM")));
        assert_eq!((&line["userName"], &line["address"]), (&json!("owner"), &json!("127.0.0.1")));
    }
}
