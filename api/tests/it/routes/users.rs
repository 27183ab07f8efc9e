//! /api/users

use serde_json::json;

use crate::support::{World, on_both_databases, refresh_token};

on_both_databases! {
    async fn members_are_listed_by_name_page_by_page(app) {
        let world = World::create(app).await;
        let path = format!("/api/users/company/{}", world.ours.id);
        let first = app.get(&format!("{path}?limit=2"), &world.ours.manager).await;
        let names = |answer: &crate::support::Answer| -> Vec<String> {
            answer.data(200).as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(names(&first), ["agent", "manager"]);
        assert_eq!(first.body["pagination"], json!({ "page": 1, "limit": 2, "total": 4, "pages": 2 }));
        let second = app.get(&format!("{path}?limit=2&page=2"), &world.ours.manager).await;
        assert_eq!(names(&second), ["owner", "zoe"]);
        let bad = app.get(&format!("{path}?limit=101"), &world.ours.manager).await;
        assert_eq!(bad.is_refused(400, "INVALID_PARAMETER").wrong_fields(), ["limit"]);
    }

    async fn a_manager_invites_agents_only(app) {
        let world = World::create(app).await;
        for role in ["manager", "owner"] {
            let body = json!({ "email": "new@example.com", "role": role });
            app.post("/api/users/invite", &world.ours.manager, body.clone()).await.is_refused(403, "FORBIDDEN");
            app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        }
        let body = json!({ "email": world.ours.agent.email, "role": "agent" });
        app.post("/api/users/invite", &world.ours.manager, body).await.is_refused(409, "ALREADY_MEMBER");
    }

    async fn a_changed_role_holds_at_once(app) {
        let world = World::create(app).await;
        let (manager, path) = (&world.ours.manager, format!("/api/users/{}", world.ours.manager.user));
        app.get("/api/ivr", manager).await.data(200);
        let changed = app.put(&path, &world.ours.owner, json!({ "role": "agent" })).await;
        assert_eq!(changed.data(200)["role"], "agent");
        assert!(changed.data(200)["agentId"].is_string(), "who becomes an agent can take calls");
        app.get("/api/ivr", manager).await.is_refused(403, "FORBIDDEN");
    }

    async fn a_removed_member_is_out_at_once_and_can_come_back(app) {
        let world = World::create(app).await;
        let (agent, path) = (&world.ours.agent, format!("/api/users/{}", world.ours.agent.user));
        app.delete(&path, &world.ours.owner).await.data(200);
        app.get("/api/auth/profile", agent).await.is_refused(401, "SESSION_ENDED");
        let refresh = json!({ "refreshToken": refresh_token(&agent.email) });
        app.call("POST", "/api/auth/refresh").json(refresh).send().await.is_refused(401, "REFRESH_TOKEN_INVALID");
        app.get(&path, &world.ours.owner).await.is_refused(404, "USER_NOT_FOUND");
        app.get(&format!("/api/agents/{}", agent.agent.unwrap()), &world.ours.owner).await.is_refused(404, "AGENT_NOT_FOUND");
        let body = json!({ "email": agent.email, "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        let token = app.mailed_token(&agent.email).await;
        let body = json!({ "email": agent.email, "password": crate::support::PASSWORD, "name": "x", "inviteToken": token });
        app.call("POST", "/api/auth/register").json(body).send().await.data(202);
        let back = app.log_in(&agent.email, crate::support::PASSWORD).await;
        assert_eq!(back.data(200)["user"]["agentId"], json!(agent.agent));
    }

    async fn a_company_keeps_an_owner(app) {
        let world = World::create(app).await;
        let (owner, path) = (&world.ours.owner, format!("/api/users/{}", world.ours.owner.user));
        app.delete(&path, owner).await.is_refused(409, "LAST_OWNER");
        app.put(&path, &world.admin, json!({ "role": "agent" })).await.is_refused(409, "LAST_OWNER");
        app.put(&path, &world.admin, json!({ "status": "banned" })).await.is_refused(409, "LAST_OWNER");
        let manager = format!("/api/users/{}", world.ours.manager.user);
        app.put(&manager, owner, json!({ "role": "owner" })).await.data(200);
        app.put(&path, owner, json!({ "role": "agent" })).await.is_refused(409, "OWN_ROLE");
        app.put(&path, owner, json!({ "status": "banned" })).await.is_refused(409, "OWN_ROLE");
        app.put(&path, &world.ours.manager, json!({ "role": "agent" })).await.data(200);
    }

    async fn two_owners_cannot_remove_each_other(app) {
        let world = World::create(app).await;
        let (one, other) = (&world.ours.owner, &world.ours.manager);
        let (path_of_one, path_of_other) = (format!("/api/users/{}", one.user), format!("/api/users/{}", other.user));
        app.put(&path_of_other, one, json!({ "role": "owner" })).await.data(200);
        let (first, second) = tokio::join!(app.delete(&path_of_other, one), app.delete(&path_of_one, other));
        let removed = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(removed, 1, "{} / {}", first.text, second.text);
    }
}
