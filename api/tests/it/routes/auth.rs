//! /api/auth

use std::time::Duration;

use entity::UserStatus;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, TestApp, World, on_both_databases, refresh_token};

async fn refresh(app: &TestApp, token: &str) -> Answer {
    app.call("POST", "/api/auth/refresh").json(json!({ "refreshToken": token })).send().await
}

async fn profile(app: &TestApp, token: &str) -> Answer {
    app.call("GET", "/api/auth/profile").token(token).send().await
}

fn text<'a>(data: &'a Value, name: &str) -> &'a str {
    data[name].as_str().unwrap_or_else(|| panic!("{name} is not in {data}"))
}

on_both_databases! {
    async fn an_unknown_address_and_a_wrong_password_are_answered_alike(app) {
        let world = World::create(app).await;
        let wrong = app.log_in(&world.ours.owner.email, "a wrong password").await;
        let unknown = app.log_in("nobody@example.com", "a wrong password").await;
        wrong.is_refused(401, "INVALID_CREDENTIALS");
        assert_eq!((wrong.status, wrong.without_request_id()), (unknown.status, unknown.without_request_id()));
    }

    async fn guessing_passwords_is_slowed_down_for_known_and_unknown_addresses_alike(app) {
        let world = World::create(app).await;
        for email in [world.ours.owner.email.as_str(), "nobody@example.com"] {
            for _ in 0..5 {
                app.log_in(email, "a wrong password").await.is_refused(401, "INVALID_CREDENTIALS");
            }
            let refused = app.log_in(email, PASSWORD).await;
            refused.is_refused(429, "TOO_MANY_REQUESTS");
            assert_eq!(refused.headers["retry-after"], "900");
        }
        app.log_in(&world.ours.manager.email, PASSWORD).await.data(200);
        app.clock.advance(Duration::from_secs(901)).await;
        app.log_in(&world.ours.owner.email, PASSWORD).await.data(200);
    }

    async fn a_refresh_token_is_replaced_by_its_successor(app) {
        let world = World::create(app).await;
        let first = refresh_token(&world.ours.owner.email);
        let answer = refresh(app, &first).await;
        let (second, access) = (text(answer.data(200), "refreshToken"), text(answer.data(200), "token"));
        assert_ne!(first, second);
        assert_eq!(answer.data(200)["expiresIn"], 900);
        assert_eq!(text(profile(app, access).await.data(200), "role"), "owner");
        let third = refresh(app, second).await;
        assert_ne!(text(third.data(200), "refreshToken"), second);
    }

    async fn within_thirty_seconds_the_predecessor_returns_the_same_successor(app) {
        let world = World::create(app).await;
        let first = refresh_token(&world.ours.owner.email);
        let one = refresh(app, &first).await;
        app.clock.advance(Duration::from_secs(30)).await;
        let other = refresh(app, &first).await;
        assert_eq!(text(one.data(200), "refreshToken"), text(other.data(200), "refreshToken"));
    }

    async fn a_spent_token_used_later_ends_the_session_for_everybody(app) {
        let world = World::create(app).await;
        let first = refresh_token(&world.ours.owner.email);
        let answer = refresh(app, &first).await;
        let (second, access) = (text(answer.data(200), "refreshToken"), text(answer.data(200), "token"));
        app.clock.advance(Duration::from_secs(31)).await;
        profile(app, access).await.data(200);
        refresh(app, &first).await.is_refused(401, "REFRESH_TOKEN_REUSED");
        refresh(app, second).await.is_refused(401, "REFRESH_TOKEN_INVALID");
        profile(app, access).await.is_refused(401, "SESSION_ENDED");
    }

    async fn two_tabs_that_refresh_at_once_stay_signed_in(app) {
        let world = World::create(app).await;
        let first = refresh_token(&world.ours.owner.email);
        let (one, other) = tokio::join!(refresh(app, &first), refresh(app, &first));
        assert_eq!(text(one.data(200), "refreshToken"), text(other.data(200), "refreshToken"));
    }

    async fn a_session_that_is_not_refreshed_ends(app) {
        let world = World::create(app).await;
        app.clock.advance(Duration::from_secs(7 * 86_400)).await;
        refresh(app, &refresh_token(&world.ours.owner.email)).await.is_refused(401, "REFRESH_TOKEN_INVALID");
        refresh(app, "never given out").await.is_refused(401, "REFRESH_TOKEN_INVALID");
    }

    async fn a_ban_holds_at_once_and_also_for_refreshing(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        app.get("/api/auth/profile", agent).await.data(200);
        let tx = app.app.db.begin().await.unwrap();
        let changes = entity::user::ActiveModel { status: sea_orm::Set(UserStatus::Banned), ..Default::default() };
        calldocker::store::users::update(&tx, agent.user, changes).await.unwrap();
        tx.commit().await.unwrap();
        app.get("/api/auth/profile", agent).await.is_refused(401, "SESSION_ENDED");
        refresh(app, &refresh_token(&agent.email)).await.is_refused(401, "REFRESH_TOKEN_INVALID");
        app.log_in(&agent.email, PASSWORD).await.is_refused(401, "INVALID_CREDENTIALS");
    }

    async fn an_access_token_runs_out_by_the_injected_clock(app) {
        let world = World::create(app).await;
        app.clock.advance(Duration::from_secs(15 * 60 - 1)).await;
        app.get("/api/auth/profile", &world.ours.owner).await.data(200);
        app.clock.advance(Duration::from_secs(1)).await;
        app.get("/api/auth/profile", &world.ours.owner).await.is_refused(401, "TOKEN_EXPIRED");
    }

    async fn logging_out_ends_this_session_and_with_all_every_one(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let second = app.log_in(&owner.email, PASSWORD).await;
        let second = text(second.data(200), "token");
        let third = app.log_in(&owner.email, PASSWORD).await;
        let third = text(third.data(200), "token");
        app.call("POST", "/api/auth/logout").token(second).send().await.data(200);
        profile(app, second).await.is_refused(401, "SESSION_ENDED");
        profile(app, third).await.data(200);
        app.call("POST", "/api/auth/logout?all=true").token(third).send().await.data(200);
        for token in [third, owner.token.as_str()] {
            profile(app, token).await.is_refused(401, "SESSION_ENDED");
        }
        app.get("/api/auth/profile", &world.ours.manager).await.data(200);
    }

    async fn sessions_are_listed_and_ended_one_by_one_and_only_ones_own(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let second = app.log_in(&owner.email, PASSWORD).await;
        let second = text(second.data(200), "token");
        let list = app.get("/api/auth/sessions", owner).await;
        let list = list.data(200).as_array().unwrap().clone();
        assert_eq!(list.len(), 2);
        let other = list.iter().find(|session| session["current"] == false).unwrap();
        let path = format!("/api/auth/sessions/{}", text(other, "id"));
        app.delete(&path, &world.ours.manager).await.is_refused(404, "SESSION_NOT_FOUND");
        profile(app, second).await.data(200);
        app.delete(&path, owner).await.data(200);
        profile(app, second).await.is_refused(401, "SESSION_ENDED");
        app.delete(&path, owner).await.is_refused(404, "SESSION_NOT_FOUND");
        profile(app, &owner.token).await.data(200);
    }

    async fn a_new_password_ends_the_sessions_elsewhere(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let elsewhere = app.log_in(&owner.email, PASSWORD).await;
        let elsewhere = text(elsewhere.data(200), "token");
        let wrong = json!({ "currentPassword": "not this one", "newPassword": "another good one" });
        let refused = app.put("/api/auth/password", owner, wrong).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/currentPassword"]);
        let right = json!({ "currentPassword": PASSWORD, "newPassword": "another good one" });
        app.put("/api/auth/password", owner, right).await.data(200);
        profile(app, elsewhere).await.is_refused(401, "SESSION_ENDED");
        profile(app, &owner.token).await.data(200);
        app.log_in(&owner.email, PASSWORD).await.is_refused(401, "INVALID_CREDENTIALS");
        app.log_in(&owner.email, "another good one").await.data(200);
    }

    async fn one_user_acts_in_two_companies_by_two_sessions(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let body = json!({ "email": owner.email, "password": PASSWORD, "name": "x", "companyName": "Second" });
        app.call("POST", "/api/auth/register").json(body).send().await.data(202);
        let token = json!({ "token": app.mailed_token(&owner.email).await });
        app.call("POST", "/api/auth/register/confirm").json(token).send().await.data(200);
        let memberships = app.get("/api/auth/memberships", owner).await;
        let memberships = memberships.data(200).as_array().unwrap().clone();
        let second = memberships.iter().find(|one| one["companyName"] == "Second").expect("the new company");
        let switched = app.post("/api/auth/switch", owner, json!({ "companyId": second["companyId"] })).await;
        let switched = switched.data(200);
        assert_eq!(switched["user"]["companyId"], second["companyId"]);
        let there = profile(app, text(switched, "token")).await;
        assert_eq!(there.data(200)["companyId"], second["companyId"]);
        let here = profile(app, &owner.token).await;
        assert_eq!(text(here.data(200), "companyId"), world.ours.id.to_string());
        let stranger = json!({ "companyId": world.theirs.id });
        app.post("/api/auth/switch", owner, stranger).await.is_refused(404, "COMPANY_NOT_FOUND");
        let next = app.log_in(&owner.email, PASSWORD).await;
        assert_eq!(next.data(200)["user"]["companyId"], second["companyId"], "the company where he was last");
    }

    async fn a_new_name_is_also_the_agent_s(app) {
        let world = World::create(app).await;
        let agent = &world.ours.agent;
        let answer = app.put("/api/auth/profile", agent, json!({ "name": "Grace" })).await;
        assert_eq!(text(answer.data(200), "name"), "Grace");
        let shown = app.get(&format!("/api/agents/{}", agent.agent.unwrap()), &world.ours.owner).await;
        assert_eq!(text(shown.data(200), "name"), "Grace");
    }
}
