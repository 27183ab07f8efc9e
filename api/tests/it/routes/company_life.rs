//! /api/companies: how they begin, change and end.

use serde_json::json;

use crate::support::{PASSWORD, World, on_both_databases};

on_both_databases! {
    async fn the_administrator_makes_a_company_and_its_owner_comes_by_invitation(app) {
        let world = World::create(app).await;
        let body = json!({ "name": "Newco", "ownerEmail": "boss@example.com", "timeZone": "Europe/Madrid", "language": "es-ES" });
        app.post("/api/companies", &world.ours.owner, body.clone()).await.is_refused(403, "FORBIDDEN");
        let made = app.post("/api/companies", &world.admin, body).await;
        let company = &made.data(201)["company"];
        assert_eq!((&company["timeZone"], &company["language"]), (&json!("Europe/Madrid"), &json!("es-ES")));
        let token = app.mailed_token("boss@example.com").await;
        let body = json!({ "email": "boss@example.com", "password": PASSWORD, "name": "Boss", "inviteToken": token });
        app.call("POST", "/api/auth/register").json(body).send().await.data(202);
        let boss = app.log_in("boss@example.com", PASSWORD).await;
        assert_eq!((&boss.data(200)["user"]["companyId"], &boss.data(200)["user"]["role"]), (&company["id"], &json!("owner")));
    }

    async fn an_owner_changes_his_company_and_nonsense_is_named(app) {
        let world = World::create(app).await;
        let path = format!("/api/companies/{}", world.ours.id);
        let changed = app.put(&path, &world.ours.owner, json!({ "timeZone": "America/New_York" })).await;
        assert_eq!((&changed.data(200)["name"], &changed.data(200)["timeZone"]), (&json!("Ours"), &json!("America/New_York")));
        for (body, field) in [
            (json!({ "timeZone": "Mars/Olympus" }), "/timeZone"),
            (json!({ "language": "Klingon!" }), "/language"),
            (json!({ "name": "  " }), "/name"),
        ] {
            let wrong = app.put(&path, &world.ours.owner, body).await;
            assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        app.put(&path, &world.ours.manager, json!({ "name": "Mine" })).await.is_refused(403, "FORBIDDEN");
        app.put(&path, &world.theirs.owner, json!({ "name": "Mine" })).await.is_refused(404, "COMPANY_NOT_FOUND");
    }

    async fn a_closed_company_is_nobody_s_until_it_is_opened_again(app) {
        let world = World::create(app).await;
        let path = format!("/api/companies/{}", world.ours.id);
        let wrong = app.delete(&format!("{path}?confirm=Mine"), &world.ours.owner).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["confirm"]);
        app.delete(&format!("{path}?confirm=Ours"), &world.ours.owner).await.data(200);
        for person in [&world.ours.owner, &world.ours.agent] {
            app.get("/api/auth/profile", person).await.is_refused(401, "SESSION_ENDED");
        }
        let signed_in = app.log_in(&world.ours.owner.email, PASSWORD).await;
        assert!(signed_in.data(200)["user"].get("companyId").is_none(), "{}", signed_in.text);
        app.get("/api/queues", &world.admin).await.is_refused(404, "COMPANY_NOT_FOUND");
        let nowhere = crate::support::Person { acting_for: None, ..world.admin.clone() };
        let closed = app.get("/api/companies?closed=true", &nowhere).await;
        assert_eq!(closed.data(200).as_array().unwrap().len(), 2);
        let on_air = calldocker::store::agents::on_air(world.ours.scope, app.app.db.reader()).await.unwrap();
        assert!(on_air.is_empty(), "nobody is offered a call");
        let reopen = json!({ "companyId": world.ours.id });
        app.post("/api/companies/restore", &nowhere, reopen.clone()).await.data(200);
        app.post("/api/companies/restore", &nowhere, reopen).await.is_refused(404, "COMPANY_NOT_FOUND");
        let back = app.log_in(&world.ours.owner.email, PASSWORD).await;
        assert_eq!(back.data(200)["user"]["companyId"], json!(world.ours.id));
        app.get("/api/auth/profile", &world.ours.owner).await.is_refused(401, "SESSION_ENDED");
    }
}
