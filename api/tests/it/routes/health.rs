//! /health

use crate::support::{Backend, TestApp, World, on_both_databases};

const KEY: &str = "an operator's key of forty characters, or so";

on_both_databases! {
    async fn a_server_with_its_database_is_ready(app) {
        for path in ["/health", "/health/ready"] {
            let answer = app.call("GET", path).send().await;
            assert_eq!((&answer.data(200)["database"], &answer.data(200)["bus"]), (&"connected".into(), &"alone".into()));
        }
        app.call("GET", "/health/live").send().await.data(200);
    }

    async fn an_administrator_sees_what_the_server_depends_on_and_takes(app) {
        let world = World::create(app).await;
        let answer = app.get("/health/services", &world.admin).await;
        let report = answer.data(200);
        assert_eq!(report["status"], "healthy", "{report}");
        let services = &report["services"];
        for up in ["database", "storage"] {
            assert_eq!((&services[up]["configured"], &services[up]["connected"]), (&true.into(), &true.into()), "{up}");
            assert!(services[up]["latency"].as_f64().is_some_and(|latency| latency > 0.0), "{up}: {report}");
        }
        for absent in ["redis", "mail"] {
            assert_eq!(services[absent]["configured"], false, "{absent}");
        }
        assert_eq!(services["provider"]["configured"], false);
        assert!(report["statistics"]["callsInProgress"].as_i64() > Some(0), "the world has calls: {report}");
        assert!(report["statistics"]["databaseConnections"].as_u64() > Some(0), "{report}");
        let warnings = report["warnings"].to_string();
        assert!(warnings.contains("no account at a provider"), "{warnings}");
        app.call("GET", "/health/services").send().await.is_refused(401, "TOKEN_MISSING");
        app.get("/health/services", &world.ours.owner).await.is_refused(403, "FORBIDDEN");
    }

    async fn what_is_down_is_named_and_the_rest_is_told_all_the_same(app) {
        let world = World::create(app).await;
        sea_orm::ConnectionTrait::execute_unprepared(app.app.db.writer(), "DROP TABLE mail").await.unwrap();
        let answer = app.get("/health/services", &world.admin).await;
        assert_eq!(answer.data(200)["services"]["database"]["connected"], true);
        assert!(answer.data(200)["statistics"]["callsInProgress"].is_null(), "{}", answer.text);
    }

    async fn the_specification_and_its_page_are_served(app) {
        let yaml = app.call("GET", "/openapi.yaml").send().await;
        assert_eq!(yaml.text, crate::openapi::checked_in());
        let docs = app.call("GET", "/docs").send().await;
        assert!(docs.text.contains("swagger") && docs.text.contains("x-permission"), "the page shows the repaired specification");
    }
}

#[tokio::test]
async fn an_operator_s_key_opens_the_report_and_a_mail_server_that_is_away_is_named() {
    let port = crate::support::process::free_port().to_string();
    let settings = [
        ("operator_token", KEY),
        ("smtp_host", "127.0.0.1"),
        ("smtp_port", port.as_str()),
        ("smtp_from", "noreply@example.com"),
        ("smtp_security", "none"),
    ];
    let app = TestApp::with(Backend::Sqlite, &settings).await.expect("SQLite is always there");
    let answer = app.call("GET", "/health/services").token(KEY).send().await;
    let mail = &answer.data(200)["services"]["mail"];
    assert_eq!((&mail["configured"], &mail["connected"]), (&true.into(), &false.into()));
    assert_eq!(answer.data(200)["status"], "healthy", "calls do not need mail");
    assert!(answer.data(200)["warnings"].to_string().contains("mail waits"), "{}", answer.text);
    let other = format!("{KEY}.");
    app.call("GET", "/health/services").token(&other).send().await.is_refused(401, "TOKEN_INVALID");
    // It opens nothing else.
    app.call("GET", "/api/companies").token(KEY).send().await.is_refused(401, "TOKEN_INVALID");
    app.close().await;
}
