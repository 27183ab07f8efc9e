//! How often somebody may ask, counted in this process and in Redis.

use std::time::Duration;

use calldocker::limits::{Limiter, Rule};
use calldocker::secret::Secret;
use serde_json::json;

use crate::support::{Answer, Backend, TestApp, World};

async fn limited(changes: &[(&str, &str)]) -> TestApp {
    TestApp::with(Backend::Sqlite, changes).await.expect("SQLite is always there")
}

fn told(answer: &Answer) -> [String; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
        .map(|name| answer.headers.get(name).map_or("-", |value| value.to_str().unwrap()).to_owned())
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let app = limited(&[("rate_limit_user", "3")]).await;
    let world = World::create(&app).await;
    let (owner, manager) = (&world.ours.owner, &world.ours.manager);
    for remaining in ["2", "1", "0"] {
        let answer = app.get("/api/queues", owner).await;
        assert_eq!((answer.status.as_u16(), told(&answer)), (200, ["3", remaining, "60"].map(str::to_owned)));
    }
    let refused = app.get("/api/queues", owner).await;
    refused.is_refused(429, "TOO_MANY_REQUESTS");
    assert_eq!(told(&refused)[1], "0");
    assert_eq!(refused.headers["retry-after"], "60");
    app.get("/api/queues", manager).await.data(200);
    app.clock.advance(Duration::from_secs(60)).await;
    app.get("/api/queues", owner).await.data(200);
    app.close().await;
}

#[tokio::test]
async fn a_company_with_all_of_its_people_and_keys_has_a_limit_of_its_own() {
    let app = limited(&[("rate_limit_company", "3"), ("rate_limit_key", "1")]).await;
    let world = World::create(&app).await;
    let body = json!({ "name": "CRM", "scopes": ["queues:read"] });
    let made = app.post("/api/api-keys", &world.ours.owner, body).await;
    let key = made.data(201)["key"].as_str().unwrap();
    app.call("GET", "/api/queues").token(key).send().await.data(200);
    app.call("GET", "/api/queues").token(key).send().await.is_refused(429, "TOO_MANY_REQUESTS");
    app.get("/api/queues", &world.ours.manager).await.data(200);
    app.get("/api/queues", &world.ours.agent).await.is_refused(429, "TOO_MANY_REQUESTS");
    app.get("/api/queues", &world.theirs.agent).await.data(200);
    app.close().await;
}

#[tokio::test]
async fn who_has_no_credentials_is_counted_by_his_address_and_nobody_else_suffers() {
    let changes =
        [("rate_limit_max_requests", "4"), ("rate_limit_window_ms", "10000"), ("trusted_proxies", "1")];
    let app = limited(&changes).await;
    let world = World::create(&app).await;
    let from = async |address: &str, token: Option<&str>| {
        let mut call = app.call("POST", "/api/auth/refresh").header("x-forwarded-for", address);
        if let Some(token) = token {
            call = call.token(token);
        }
        call.json(json!({ "refreshToken": "a guess" })).send().await
    };
    let (first, second) = ("6.6.6.6, 192.0.2.1", "192.0.2.2");
    for token in [None, Some("junk"), Some(world.ours.owner.token.as_str())] {
        from(first, token).await.is_refused(401, "REFRESH_TOKEN_INVALID");
    }
    let guess =
        app.call("GET", "/api/queues").header("x-forwarded-for", first).token("cdk_guess").send().await;
    guess.is_refused(401, "TOKEN_INVALID");
    from(first, None).await.is_refused(429, "TOO_MANY_REQUESTS");
    let guess =
        app.call("GET", "/api/queues").header("x-forwarded-for", first).token("cdk_guess").send().await;
    guess.is_refused(429, "TOO_MANY_REQUESTS");
    from(second, None).await.is_refused(401, "REFRESH_TOKEN_INVALID");
    let good =
        app.call("GET", "/api/queues").header("x-forwarded-for", first).by(&world.ours.owner).send().await;
    good.data(200);
    for path in ["/health", "/openapi.yaml", "/register/confirm"] {
        let answer = app.call("GET", path).header("x-forwarded-for", first).send().await;
        assert_eq!((answer.status.as_u16(), told(&answer)[0].as_str()), (200, "-"), "{path}");
    }
    let webhook = format!("/api/webhooks/twilio/{}", world.ours.id);
    let webhook = app.call("POST", &webhook).header("x-forwarded-for", first).send().await;
    assert_ne!(webhook.status, 429);
    app.clock.advance(Duration::from_secs(10)).await;
    from(first, None).await.is_refused(401, "REFRESH_TOKEN_INVALID");
    app.close().await;
}

#[tokio::test]
async fn calls_that_one_person_begins_are_counted_by_themselves() {
    let app = limited(&[("rate_limit_calls", "2")]).await;
    let world = World::create(&app).await;
    let dial = json!({ "to": "nonsense" });
    for _ in 0..2 {
        let refused = app.post("/api/calls", &world.ours.agent, dial.clone()).await;
        assert_ne!(refused.status, 429, "{}", refused.text);
    }
    app.post("/api/calls", &world.ours.agent, dial).await.is_refused(429, "TOO_MANY_REQUESTS");
    app.get("/api/calls", &world.ours.agent).await.data(200);
    app.close().await;
}

#[tokio::test]
async fn nodes_count_together_in_redis_and_alone_without_it() {
    let now = "2026-03-02T12:00:00Z".parse().unwrap();
    let rule = Rule::new("test", 3, Duration::from_secs(600));
    if let Ok(url) = std::env::var("TEST_REDIS_URL") {
        let url = Secret::new(url);
        let who = uuid::Uuid::now_v7().to_string();
        let nodes = [Limiter::new(Some(&url)).unwrap(), Limiter::new(Some(&url)).unwrap()];
        nodes[0].check(rule, &who, now).await.unwrap();
        let at_once = (0..6).map(|turn| nodes[turn % 2].count(rule, &who, now));
        let counts = futures_util::future::join_all(at_once).await;
        let exceeded = counts.iter().filter(|count| count.unwrap().exceeded).count();
        assert_eq!(exceeded, 3, "{counts:?}");
        assert!(nodes[1].check(rule, &who, now).await.is_err());
        nodes[1].forget(rule, &who).await;
        nodes[0].check(rule, &who, now).await.unwrap();
    }
    let gone = Limiter::new(Some(&Secret::new("redis://127.0.0.1:1"))).unwrap();
    for remaining in [2, 1, 0] {
        assert_eq!(gone.count(rule, "ann", now).await.unwrap().remaining, remaining);
    }
    assert!(gone.take(rule, "ann", now).await.is_err());
}
