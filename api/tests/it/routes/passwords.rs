//! /api/auth/password: forgotten passwords.

use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, PASSWORD, TestApp, World, on_both_databases};

async fn forgot(app: &TestApp, email: &str) -> Answer {
    app.call("POST", "/api/auth/password/forgot").json(json!({ "email": email })).send().await
}

async fn reset(app: &TestApp, token: &str) -> Answer {
    let body = json!({ "token": token, "password": "a new good one" });
    app.call("POST", "/api/auth/password/reset").json(body).send().await
}

on_both_databases! {
    async fn a_forgotten_password_is_set_anew_once_and_ends_every_session(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        forgot(app, &owner.email).await.data(202);
        let token = app.mailed_token(&owner.email).await;
        app.log_in(&owner.email, PASSWORD).await.data(200);
        let (first, second) = tokio::join!(reset(app, &token), reset(app, &token));
        let done = [&first, &second].iter().filter(|answer| answer.status == 200).count();
        assert_eq!(done, 1, "{} / {}", first.text, second.text);
        reset(app, &token).await.is_refused(404, "PASSWORD_LINK_NOT_FOUND");
        app.get("/api/auth/profile", owner).await.is_refused(401, "SESSION_ENDED");
        app.log_in(&owner.email, PASSWORD).await.is_refused(401, "INVALID_CREDENTIALS");
        app.log_in(&owner.email, "a new good one").await.data(200);
        let mails = app.mails_to(&owner.email).await;
        let subjects: Vec<_> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["Set a new password", "Your password was changed"]);
        assert!(!mails[1].text.contains("a new good one"));
    }

    async fn nobody_learns_whether_an_address_is_known(app) {
        let world = World::create(app).await;
        let known = forgot(app, &world.ours.owner.email).await;
        let unknown = forgot(app, "nobody@example.com").await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        let mails = app.mails_to("nobody@example.com").await;
        assert_eq!((mails.len(), mails[0].token()), (1, None), "there is nothing to set");
        let (known, unknown) = (forgot(app, &world.ours.owner.email).await, forgot(app, "nobody@example.com").await);
        assert_eq!((known.status.as_u16(), known.without_request_id()), (429, unknown.without_request_id()));
    }

    async fn a_link_is_good_for_an_hour_and_a_newer_one_takes_its_place(app) {
        let world = World::create(app).await;
        let email = &world.ours.agent.email;
        forgot(app, email).await.data(202);
        let first = app.mailed_token(email).await;
        app.clock.advance(Duration::from_secs(61)).await;
        forgot(app, email).await.data(202);
        let second = app.mailed_token(email).await;
        reset(app, &first).await.is_refused(404, "PASSWORD_LINK_NOT_FOUND");
        app.clock.advance(Duration::from_secs(3600)).await;
        reset(app, &second).await.is_refused(404, "PASSWORD_LINK_NOT_FOUND");
        reset(app, "a guess").await.is_refused(404, "PASSWORD_LINK_NOT_FOUND");
        app.log_in(email, PASSWORD).await.data(200);
    }

    async fn six_letters_an_hour_are_one_too_many(app) {
        for _ in 0..5 {
            forgot(app, "ann@example.com").await.data(202);
            app.clock.advance(Duration::from_secs(61)).await;
        }
        forgot(app, "ann@example.com").await.is_refused(429, "TOO_MANY_REQUESTS");
    }

    async fn the_page_of_the_link_runs_its_own_script_alone(app) {
        let page = app.call("GET", "/password/reset").header("accept-language", "de").send().await;
        assert!(page.text.contains("Setzen Sie ein Passwort"), "{}", page.text);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    }
}
