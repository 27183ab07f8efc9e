//! /api/settings/system, /api/settings/user/preferences, /api/settings/themes

use calldocker::store::Unit;
use entity::{JobKind, RoutingSubject, job};
use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn the_administrator_closes_registration_and_sets_what_new_companies_are(app) {
        let world = World::create(app).await;
        let (admin, path) = (&world.admin, "/api/settings/system");
        let first = json!({ "openRegistration": true, "defaultTimeZone": "UTC", "defaultLanguage": "en-US" });
        assert_eq!(app.get(path, admin).await.data(200), &first);
        let put = app.put(path, admin, json!({ "openRegistration": false, "defaultTimeZone": "Europe/Paris" })).await;
        let now = json!({ "openRegistration": false, "defaultTimeZone": "Europe/Paris", "defaultLanguage": "en-US" });
        assert_eq!(put.data(200), &now);
        assert_eq!(app.put(path, admin, json!({})).await.data(200), &now, "what is left out stays");
        let wrong = app.put(path, admin, json!({ "defaultTimeZone": "Mars", "defaultLanguage": "!" })).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/defaultTimeZone", "/defaultLanguage"]);
        let registration = json!({ "email": "new@example.com", "password": "long enough", "name": "N", "companyName": "C" });
        let refused = app.call("POST", "/api/auth/register").json(registration).send().await;
        refused.is_refused(409, "REGISTRATION_CLOSED");
        // Who was let in before confirms as before, and gets what is set now.
        let token = json!({ "token": crate::support::REGISTRATION_TOKEN });
        app.call("POST", "/api/auth/register/confirm").json(token).send().await.data(200);
        let all = app.get("/api/companies?limit=100", admin).await;
        let founded = all.data(200).as_array().unwrap().iter().find(|one| one["name"] == "Waiting for it").unwrap();
        assert_eq!((&founded["timeZone"], &founded["language"]), (&json!("Europe/Paris"), &json!("en-US")));
        app.get(path, &world.ours.owner).await.is_refused(403, "FORBIDDEN");
    }

    async fn the_status_counts_what_is_there(app) {
        let world = World::create(app).await;
        let path = "/api/settings/system/status";
        let before = app.get(path, &world.admin).await.data(200)["jobs"]["due"].as_u64().unwrap();
        let mut unit = Unit::begin(&app.app, world.ours.scope).await.unwrap();
        let (now, later) = (unit.now(), unit.now() + chrono::TimeDelta::hours(1));
        let waiting = now - chrono::TimeDelta::seconds(5);
        for at in [now, waiting, later] {
            unit.job(JobKind::Sweep, world.ours.id, json!({}), at);
        }
        unit.reroute(RoutingSubject::Queue, world.ours.queue);
        unit.commit().await.unwrap();
        // Nobody works here: what this node took at once it gives back.
        let tx = app.app.db.begin().await.unwrap();
        let queued = job::ActiveModel { state: sea_orm::Set(entity::JobState::Queued), ..Default::default() };
        world.ours.scope.update_many::<job::Entity>().set(queued).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let status = app.get(path, &world.admin).await;
        let status = status.data(200);
        assert_eq!(status["jobs"]["due"], json!(before + 2));
        assert_eq!(status["jobs"]["dueSince"], json!(waiting.to_rfc3339()));
        assert_eq!((&status["node"], &status["bus"]), (&json!(app.app.node), &json!("alone")));
        assert_eq!((&status["nodes"], &status["uptimeSeconds"]), (&json!([app.app.node]), &json!(0)));
        let kind = if app.app.db.backend() == sea_orm::DbBackend::Postgres { "postgres" } else { "sqlite" };
        assert_eq!(status["database"], kind);
        app.get(path, &world.ours.owner).await.is_refused(403, "FORBIDDEN");
    }

    async fn everybody_has_preferences_of_his_own(app) {
        let world = World::create(app).await;
        let (agent, path) = (&world.ours.agent, "/api/settings/user/preferences");
        let all = json!({ "desktop": true, "sound": true, "offers": true, "missedCalls": true, "voicemails": true, "messages": true });
        let first = json!({ "theme": "system", "notifications": all, "messagePreviews": true, "missedCallsByMail": false });
        assert_eq!(app.get(path, agent).await.data(200), &first);
        let mut quiet = all.clone();
        quiet["sound"] = json!(false);
        app.put(path, agent, json!({ "theme": "dark", "language": "de-DE", "notifications": quiet })).await.data(200);
        let put = app.put(path, agent, json!({ "theme": "light", "messagePreviews": false })).await;
        assert_eq!(put.data(200), &json!({
            "theme": "light", "language": "de-DE", "notifications": quiet, "messagePreviews": false, "missedCallsByMail": false,
        }));
        assert_eq!(app.get(path, agent).await.data(200), put.data(200));
        assert_eq!(app.put(path, agent, json!({ "language": "" })).await.data(200).get("language"), None);
        assert_eq!(app.get(path, &world.ours.manager).await.data(200), &first);
        app.get(path, &world.alone).await.data(200);
        let wrong = app.put(path, agent, json!({ "language": "German" })).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/language"]);
        let unknown = app.put(path, agent, json!({ "theme": "blue" })).await;
        assert_eq!(unknown.is_refused(400, "VALIDATION_FAILED").wrong_fields(), ["/theme"]);
        let themes = app.get("/api/settings/themes", agent).await;
        assert_eq!(themes.data(200), &json!(["light", "dark", "system"]));
    }
}
