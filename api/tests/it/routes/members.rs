//! /api/users: making, changing, banning and taking back members; who works here; pictures.

use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::support::{
    Answer, Backend, PASSWORD, Person, TestApp, World, on_both_databases, png, refresh_token, texts,
};

on_both_databases! {
    async fn a_member_is_made_and_sets_his_own_password(app) {
        let world = World::create(app).await;
        let body = json!({ "email": "Made@Example.com", "name": "Made", "role": "agent" });
        let made = app.post("/api/users", &world.ours.manager, body).await;
        let data = made.data(201);
        assert!(data["user"]["agentId"].is_string(), "he takes calls: {data}");
        assert!(data.get("passwordLink").is_none(), "the link is in the mail alone");
        let mails = app.mails_to("made@example.com").await;
        assert_eq!(mails[0].subject, "Ours has made an account for you");
        assert!(mails[0].text.contains("/password/reset#"), "{}", mails[0].text);
        let body = json!({ "token": mails[0].token().unwrap(), "password": "chosen by himself" });
        app.call("POST", "/api/auth/password/reset").json(body).send().await.data(200);
        let signed_in = app.log_in("made@example.com", "chosen by himself").await;
        assert_eq!(signed_in.data(200)["user"]["companyId"], json!(world.ours.id));
    }

    async fn a_repeated_request_makes_and_invites_once(app) {
        let world = World::create(app).await;
        let send = async |path: &str, key: &str, email: &str| {
            let body = match path {
                "/api/users" => json!({ "email": email, "name": "New", "role": "agent" }),
                _ => json!({ "email": email, "role": "agent" }),
            };
            app.call("POST", path).by(&world.ours.owner).header("idempotency-key", key).json(body).send().await
        };
        for (path, email) in [("/api/users", "made@example.com"), ("/api/users/invite", "asked@example.com")] {
            let (one, other) = tokio::join!(send(path, "k1", email), send(path, "k1", email));
            assert_eq!(one.data(201), other.data(201));
            assert_eq!(send(path, "k1", email).await.data(201), one.data(201));
            assert_eq!(app.mails_to(email).await.len(), 1, "{path}");
            send(path, "k1", "other@example.com").await.is_refused(422, "IDEMPOTENCY_KEY_REUSED");
        }
        send("/api/users", "k2", "made@example.com").await.is_refused(409, "ALREADY_MEMBER");
    }

    async fn a_manager_makes_agents_only_and_nobody_takes_somebody_s_account(app) {
        let world = World::create(app).await;
        let new = |email: &str, role: &str| json!({ "email": email, "name": "New", "role": role });
        let manager = &world.ours.manager;
        app.post("/api/users", manager, new("new@example.com", "owner")).await.is_refused(403, "FORBIDDEN");
        let member = new(&world.ours.agent.email, "agent");
        app.post("/api/users", manager, member).await.is_refused(409, "ALREADY_MEMBER");
        for _ in 0..5 {
            let theirs = new(&world.theirs.agent.email, "agent");
            app.post("/api/users", manager, theirs).await.is_refused(409, "ACCOUNT_EXISTS");
        }
        let refused = app.post("/api/users", manager, new("other@example.com", "agent")).await;
        refused.is_refused(429, "TOO_MANY_REQUESTS");
        app.log_in(&world.theirs.agent.email, PASSWORD).await.data(200);
    }

    async fn a_banned_member_is_out_at_once_and_comes_back_when_he_is_admitted(app) {
        let world = World::create(app).await;
        let (agent, path) = (&world.ours.agent, format!("/api/users/{}", world.ours.agent.user));
        let banned = app.put(&path, &world.ours.owner, json!({ "status": "banned" })).await;
        assert_eq!(banned.data(200)["status"], "banned");
        app.get("/api/auth/profile", agent).await.is_refused(401, "SESSION_ENDED");
        let refresh = json!({ "refreshToken": refresh_token(&agent.email) });
        app.call("POST", "/api/auth/refresh").json(refresh).send().await.is_refused(401, "REFRESH_TOKEN_INVALID");
        let signed_in = app.log_in(&agent.email, PASSWORD).await;
        assert!(signed_in.data(200)["user"].get("companyId").is_none(), "he acts in no company: {}", signed_in.text);
        let in_company = format!("/api/users/company/{}?status=banned", world.ours.id);
        assert_eq!(app.get(&in_company, &world.ours.owner).await.data(200).as_array().unwrap().len(), 1);
        app.put(&path, &world.ours.owner, json!({ "status": "active" })).await.data(200);
        let signed_in = app.log_in(&agent.email, PASSWORD).await;
        assert_eq!(signed_in.data(200)["user"]["agentId"], json!(agent.agent));
    }

    async fn an_older_invitation_does_not_admit_who_is_banned(app) {
        let world = World::create(app).await;
        let (agent, path) = (&world.ours.agent, format!("/api/users/{}", world.ours.agent.user));
        app.delete(&path, &world.ours.owner).await.data(200);
        app.post("/api/users/invite", &world.ours.owner, json!({ "email": agent.email, "role": "owner" })).await.data(201);
        app.post(&format!("{path}/restore"), &world.ours.owner, json!({})).await.data(200);
        app.put(&path, &world.ours.owner, json!({ "status": "banned" })).await.data(200);
        let token = app.mailed_token(&agent.email).await;
        let body = json!({ "email": agent.email, "password": PASSWORD, "name": "x", "inviteToken": token });
        app.call("POST", "/api/auth/register").json(body).send().await.data(202);
        let member = app.get(&path, &world.ours.owner).await;
        assert_eq!((&member.data(200)["status"], &member.data(200)["role"]), (&json!("banned"), &json!("agent")));
    }

    async fn a_removed_member_is_taken_back_in_his_role(app) {
        let world = World::create(app).await;
        let path = format!("/api/users/{}", world.ours.agent.user);
        app.delete(&path, &world.ours.owner).await.data(200);
        let removed = format!("/api/users/company/{}?status=removed", world.ours.id);
        assert_eq!(app.get(&removed, &world.ours.owner).await.data(200).as_array().unwrap().len(), 2);
        let back = app.post(&format!("{path}/restore"), &world.ours.owner, json!({})).await;
        assert_eq!((&back.data(200)["role"], &back.data(200)["agentId"]), (&json!("agent"), &json!(world.ours.agent.agent)));
        let again = app.post(&format!("{path}/restore"), &world.ours.owner, json!({})).await;
        again.is_refused(404, "USER_NOT_FOUND");
        app.log_in(&world.ours.agent.email, PASSWORD).await.data(200);
    }

    async fn an_owner_renames_whom_he_alone_employs(app) {
        let world = World::create(app).await;
        let path = format!("/api/users/{}", world.ours.agent.user);
        let renamed = app.put(&path, &world.ours.owner, json!({ "name": "Ann Other" })).await;
        assert_eq!(renamed.data(200)["name"], "Ann Other");
        let agent = format!("/api/agents/{}", world.ours.agent.agent.unwrap());
        assert_eq!(app.get(&agent, &world.ours.owner).await.data(200)["name"], "Ann Other");
        let body = json!({ "email": world.ours.agent.email, "role": "manager" });
        app.post("/api/users/invite", &world.theirs.owner, body).await.data(201);
        let token = app.mailed_token(&world.ours.agent.email).await;
        let body = json!({ "email": world.ours.agent.email, "password": PASSWORD, "name": "x", "inviteToken": token });
        app.call("POST", "/api/auth/register").json(body).send().await.data(202);
        let refused = app.put(&path, &world.ours.owner, json!({ "name": "Not his" })).await;
        refused.is_refused(409, "MEMBER_ELSEWHERE");
        app.delete(&format!("{path}/mfa"), &world.ours.owner).await.is_refused(409, "MEMBER_ELSEWHERE");
    }

    async fn everybody_finds_his_colleagues_and_nobody_else(app) {
        let world = World::create(app).await;
        let found = app.get("/api/users/search?q=ZO%20example", &world.ours.agent).await;
        let found = found.data(200).as_array().unwrap();
        assert_eq!((found.len(), &found[0]["name"]), (1, &json!("zoe")));
        let all = app.get("/api/users/search", &world.ours.agent).await;
        assert_eq!(all.body["pagination"]["total"], 4, "who has left is not found: {}", all.text);
        let wild = app.get("/api/users/search?q=%25", &world.ours.agent).await;
        assert_eq!(wild.data(200), &json!([]), "a sign of the database's is a sign");
    }

    async fn people_are_found_without_accents_and_case(app) {
        let world = World::create(app).await;
        let (owner, list) = (&world.ours.owner, format!("/api/users/company/{}", world.ours.id));
        let found = async |search: &str| {
            let search = search.replace('%', "%25").replace(' ', "%20");
            let (all, by_list) = (format!("/api/users/search?q={search}"), format!("{list}?search={search}"));
            let names = |answer: Answer| {
                let rows = answer.data(200).as_array().unwrap().iter();
                rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            let (all, by_list) = (names(app.get(&all, owner).await), names(app.get(&by_list, owner).await));
            assert_eq!(all, by_list, "{search}");
            all
        };
        let name = async |person: &Person, name: &str| {
            app.put("/api/auth/profile", person, json!({ "name": name })).await.data(200);
        };
        name(&world.ours.agent, "Ünsal Øzkan").await;
        name(&world.ours.manager, "Ira Straße").await;
        for search in ["unsal", "ÜNSAL", "Ünsal", "uensal", "ozkan uns", "NSA", "øzkan agent@ours"] {
            assert_eq!(found(search).await, ["Ünsal Øzkan"], "{search}");
        }
        for search in ["strasse", "STRASSE ira", "straße", "STRAẞE"] {
            assert_eq!(found(search).await, ["Ira Straße"], "{search}");
        }
        name(&world.ours.agent, "Łukasz").await;
        assert_eq!((found("unsal").await, found("lukasz").await), (vec![], vec!["Łukasz".to_owned()]));
        let platform = app.get("/api/users?search=LUKASZ", &world.admin).await;
        assert_eq!(platform.data(200).as_array().unwrap().len(), 1);
        // What an older node has written, or was there before: its words follow with the next round.
        for (sql, gone) in [
            ("UPDATE \"user\" SET name = 'Žofie', updated_at = '2036-03-02T12:00:00+00:00' WHERE name = 'Łukasz'", "zofie"),
            ("UPDATE \"user\" SET folded = NULL, folded_at = NULL", "strasse"),
        ] {
            app.app.db.writer().execute_unprepared(sql).await.unwrap();
            assert_eq!(found(gone).await, [""; 0]);
            calldocker::identity::fold::catch_up(&app.app).await.unwrap();
            assert_eq!((found(gone).await.len(), found("lukasz").await.len()), (1, 0));
        }
        let stale = "SELECT name AS row FROM \"user\" WHERE folded_at IS NULL OR folded_at < updated_at";
        assert_eq!(texts(&app.app, stale).await, [""; 0], "and nothing is done twice");
    }

    async fn the_administrator_lists_everybody_and_filters(app) {
        let world = World::create(app).await;
        let all = app.get("/api/users?limit=1", &world.admin).await;
        assert_eq!(all.body["pagination"]["total"], 12);
        let theirs = app.get(&format!("/api/users?companyId={}&search=OWNER", world.theirs.id), &world.admin).await;
        let theirs = theirs.data(200).as_array().unwrap();
        assert_eq!((theirs.len(), &theirs[0]["id"]), (1, &json!(world.theirs.owner.user)));
        assert_eq!(theirs[0]["companies"][0]["companyName"], "Theirs");
        app.get("/api/users", &world.ours.owner).await.is_refused(403, "FORBIDDEN");
    }

    async fn a_picture_is_known_by_its_content_and_served_at_its_address(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let upload = async |content_type: &str, content: Vec<u8>| {
            app.call("POST", "/api/users/upload-avatar").by(owner).bytes(content_type, content).send().await
        };
        upload("image/png", b"<svg onload=alert(1)>".to_vec()).await.is_refused(422, "VALIDATION_FAILED");
        upload("text/html", png()).await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let first = upload("image/gif", png()).await;
        let path = first.data(200)["avatarPath"].as_str().unwrap().to_owned();
        let shown = app.call("GET", &path).send().await;
        assert_eq!(shown.status, 200);
        assert_eq!(shown.headers["content-type"], "image/png");
        assert_eq!(shown.headers["x-content-type-options"], "nosniff");
        let mut other = png();
        other.push(7);
        upload("image/png", other).await.data(200);
        assert_eq!(app.call("GET", &path).send().await.status, 404, "the one before is gone");
        let alias = app.get("/api/users/profile", owner).await;
        assert_ne!(alias.data(200)["avatarPath"], json!(path));
        assert_eq!(app.call("GET", "/avatars/x/y.png").send().await.status, 404);
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_is_refused() {
    let app = TestApp::with(Backend::Sqlite, &[("max_file_size", "64")]).await.unwrap();
    let world = World::create(&app).await;
    let mut large = png();
    large.resize(65, 0);
    let upload = app.call("POST", "/api/users/upload-avatar").by(&world.ours.agent);
    upload.bytes("image/png", large).send().await.is_refused(413, "BODY_TOO_LARGE");
    app.close().await;
}
