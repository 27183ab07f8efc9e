//! What every answer tells browsers, and which other pages may read it.

use crate::support::{Answer, Backend, TestApp, World};

const OURS: &str = "https://app.example.com";

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().expect("a text"))
}

async fn preflight(app: &TestApp, origin: &str) -> Answer {
    let call = app.call("OPTIONS", "/api/auth/login").header("origin", origin);
    call.header("access-control-request-method", "POST").send().await
}

#[tokio::test]
async fn every_answer_is_data_that_no_page_embeds_and_no_cache_keeps() {
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let signed_in = app.log_in(&world.ours.owner.email, crate::support::PASSWORD).await;
    signed_in.data(200);
    let found = app.get("/api/queues", &world.ours.owner).await;
    let refused = app.call("GET", "/api/queues").send().await;
    let nowhere = app.call("GET", "/nowhere").send().await;
    let webhook = app.call("POST", "/api/webhooks/twilio/nobody").send().await;
    for answer in [&signed_in, &found, &refused, &nowhere, &webhook] {
        assert_eq!(header(answer, "x-content-type-options"), Some("nosniff"));
        assert_eq!(header(answer, "referrer-policy"), Some("no-referrer"));
        assert_eq!(header(answer, "x-frame-options"), Some("DENY"));
        let policy = header(answer, "content-security-policy");
        assert_eq!(policy, Some("default-src 'none'; frame-ancestors 'none'"));
        assert_eq!(header(answer, "strict-transport-security"), None, "this server is not reached by HTTPS");
        assert_eq!(header(answer, "access-control-allow-origin"), None);
    }
    for answer in [&signed_in, &found, &refused] {
        assert_eq!(header(answer, "cache-control"), Some("no-store"));
    }
    let sockets = app.call("GET", "/socket.io/?EIO=4&transport=polling").send().await;
    assert_eq!((sockets.status.as_u16(), header(&sockets, "x-content-type-options")), (200, Some("nosniff")));
    app.close().await;
}

#[tokio::test]
async fn a_browser_that_was_here_by_https_stays_with_it() {
    let settings = [("public_url", "https://calls.example.com")];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let answer = app.call("GET", "/health").send().await;
    assert_eq!(header(&answer, "strict-transport-security"), Some("max-age=31536000"));
    app.close().await;
}

/// That a browser then runs them was seen in Chromium 156: no policy can be held against a page by a test without one.
#[tokio::test]
async fn of_the_specification_s_page_its_own_scripts_run_and_no_others() {
    use base64::Engine;
    use sha2::Digest;
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let docs = app.call("GET", "/docs").send().await;
    let policy = header(&docs, "content-security-policy").expect("a policy");
    let (_, last) = docs.text.rsplit_once("<script>").expect("the script that starts the page");
    let (last, _) = last.split_once("</script>").expect("an end");
    let hash = base64::prelude::BASE64_STANDARD.encode(sha2::Sha256::digest(last));
    assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    let (_, of_scripts) = policy.split_once("script-src ").expect("a rule for scripts");
    let of_scripts = of_scripts.split(';').next().unwrap_or_default();
    assert!(!of_scripts.contains("unsafe") && !of_scripts.contains('*'), "{of_scripts}");
    app.close().await;
}

#[tokio::test]
async fn a_page_of_another_origin_may_call_when_the_settings_name_it() {
    let app = TestApp::with(Backend::Sqlite, &[("cors_origin", OURS)]).await.expect("SQLite is always there");
    let asked = preflight(&app, OURS).await;
    assert_eq!((asked.status.as_u16(), header(&asked, "access-control-allow-origin")), (204, Some(OURS)));
    assert!(
        header(&asked, "access-control-allow-headers").is_some_and(|names| names.contains("Authorization"))
    );
    assert!(header(&asked, "access-control-allow-methods").is_some_and(|names| names.contains("PATCH")));
    assert_eq!(header(&asked, "access-control-allow-credentials"), None, "there are no cookies to send");

    let refused = app.call("GET", "/api/queues").header("origin", OURS).send().await;
    refused.is_refused(401, "TOKEN_MISSING");
    assert_eq!(
        header(&refused, "access-control-allow-origin"),
        Some(OURS),
        "a page may read why it is refused"
    );
    let varies: Vec<_> = refused.headers.get_all("vary").iter().collect();
    assert!(varies.iter().any(|value| *value == "Origin"), "{varies:?}");
    let polling = app.call("GET", "/socket.io/?EIO=4&transport=polling").header("origin", OURS).send().await;
    assert_eq!(header(&polling, "access-control-allow-origin"), Some(OURS));

    for other in ["https://evil.example", "https://app.example.com.evil.example", "null"] {
        assert_eq!(header(&preflight(&app, other).await, "access-control-allow-origin"), None, "{other}");
        let answer = app.call("GET", "/health").header("origin", other).send().await;
        answer.data(200);
        assert_eq!(header(&answer, "access-control-allow-origin"), None, "{other}");
    }
    app.close().await;
}

#[tokio::test]
async fn without_the_setting_no_other_page_may_call() {
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let asked = preflight(&app, OURS).await;
    asked.is_refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(header(&asked, "access-control-allow-origin"), None);
    app.close().await;
}
