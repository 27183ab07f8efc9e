//! /api/companies, and the platform's administrator.

use calldocker::store::companies;
use entity::audit;
use sea_orm::{ColumnTrait, QueryFilter};

use crate::support::{Person, World, on_both_databases};

on_both_databases! {
    async fn a_company_and_its_numbers_are_shown_to_its_own(app) {
        let world = World::create(app).await;
        let path = format!("/api/companies/{}", world.ours.id);
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200)["name"], "Ours");
        let numbers = app.get(&format!("{path}/phone-numbers"), &world.ours.manager).await;
        assert_eq!(numbers.data(200)[0]["number"], "+4930123456");
        app.get(&path, &world.theirs.owner).await.is_refused(404, "COMPANY_NOT_FOUND");
        assert!(companies::own(world.ours.scope, app.app.db.reader()).await.unwrap().is_some());
    }

    async fn the_administrator_names_the_company_he_acts_in_and_is_noted_there(app) {
        let world = World::create(app).await;
        let nowhere = Person { acting_for: None, ..world.admin.clone() };
        app.get("/api/queues", &nowhere).await.is_refused(422, "COMPANY_REQUIRED");
        assert_eq!(app.get("/api/companies", &nowhere).await.data(200).as_array().unwrap().len(), 2);
        let queues = app.get("/api/queues", &world.admin).await;
        let named = |queue: &serde_json::Value| queue["name"].as_str().unwrap_or_default().to_owned();
        let names: Vec<_> = queues.data(200).as_array().unwrap().iter().map(named).collect();
        assert_eq!(names, ["ours billing", "ours support"]);
        let unknown = Person { acting_for: Some(app.app.ids.next()), ..world.admin.clone() };
        app.get("/api/queues", &unknown).await.is_refused(404, "COMPANY_NOT_FOUND");
        let notes: Vec<audit::Model> = world
            .ours
            .scope
            .find::<audit::Entity>()
            .filter(audit::Column::UserId.eq(world.admin.user))
            .all(app.app.db.reader())
            .await
            .unwrap();
        assert_eq!(notes.iter().map(|note| note.action.as_str()).collect::<Vec<_>>(), ["admin:queues:read"]);
        assert_eq!(notes[0].detail["path"], "/api/queues");
    }

    async fn nobody_else_gets_into_a_company_by_naming_it(app) {
        let world = World::create(app).await;
        for person in [&world.ours.owner, &world.alone] {
            let call = app.call("GET", "/api/auth/profile").token(&person.token).company(world.theirs.id);
            call.send().await.is_refused(404, "COMPANY_NOT_FOUND");
        }
        let own = app.call("GET", "/api/queues").token(&world.ours.owner.token).company(world.ours.id);
        own.send().await.data(200);
        let bad = app.call("GET", "/api/queues").token(&world.admin.token).header("x-company-id", "7").send().await;
        bad.is_refused(422, "VALIDATION_FAILED");
    }
}
