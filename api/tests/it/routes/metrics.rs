//! /metrics

use std::collections::BTreeSet;

use regex::Regex;

use crate::support::centre::{Centre, Plan, whole_calls};
use crate::support::{Answer, Backend, TestApp, World, on_both_databases};

const KEY: &str = "an operator's key of forty characters, or so";

fn value(answer: &Answer, series: &str) -> Option<f64> {
    let line = answer.text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().expect("a number"))
}

on_both_databases! {
    async fn a_request_is_counted_by_its_operation_and_how_it_went(app) {
        let world = World::create(app).await;
        app.get("/api/queues", &world.ours.owner).await.data(200);
        app.call("GET", "/api/queues").send().await.is_refused(401, "TOKEN_MISSING");
        app.call("GET", "/api/guessed").send().await.is_refused(404, "NO_SUCH_PATH");
        let figures = app.call("GET", "/metrics").send().await;
        assert_eq!(figures.status, 200, "{}", figures.text);
        assert_eq!(figures.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        for (series, counted) in [
            ("calldocker_http_requests_total{operation=\"listQueues\",status=\"2xx\"}", 1.0),
            ("calldocker_http_requests_total{operation=\"listQueues\",status=\"4xx\"}", 1.0),
            ("calldocker_http_requests_total{operation=\"other\",status=\"4xx\"}", 1.0),
            ("calldocker_http_request_duration_seconds_count{operation=\"listQueues\"}", 2.0),
            ("calldocker_database_up", 1.0),
            ("calldocker_bus_up", 1.0),
        ] {
            assert_eq!(value(&figures, series), Some(counted), "{series}\n{}", figures.text);
        }
        assert!(!figures.text.contains("guessed"), "an address makes no series");
        assert!(!figures.text.contains(&world.ours.id.to_string()), "no figure names a company");
    }

    async fn figures_say_that_the_database_is_gone_and_are_there_all_the_same(app) {
        sea_orm::ConnectionTrait::execute_unprepared(app.app.db.writer(), "DROP TABLE mail").await.unwrap();
        let figures = app.call("GET", "/metrics").send().await;
        assert_eq!((figures.status.as_u16(), value(&figures, "calldocker_database_up")), (200, Some(0.0)));
        assert_eq!(value(&figures, "calldocker_jobs{state=\"failed\"}"), None);
    }

    async fn every_alarm_is_over_figures_that_there_are(app) {
        app.call("GET", "/health").send().await.data(200);
        // Once for the request itself to be counted.
        let figures = app.call("GET", "/metrics").send().await;
        let told: BTreeSet<_> = figures.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let rules: serde_json::Value = serde_yaml::from_str(include_str!("../../../../docker/prometheus/alerts.yaml")).unwrap();
        let names = Regex::new(r"\b(?:calldocker|process)_[a-z_]+").unwrap();
        let mut alarms = 0;
        for rule in rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()) {
            alarms += 1;
            let expression = rule["expr"].as_str().unwrap();
            assert!(rule["alert"].is_string() && rule["annotations"]["summary"].is_string(), "{rule}");
            assert!(["critical", "warning"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{rule}");
            for name in names.find_iter(expression).map(|found| found.as_str()) {
                let base = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
                assert!(told.contains(base), "{name} of {} is no figure\n{}", rule["alert"], figures.text);
            }
        }
        assert!(alarms >= 8, "document 000 alone names eight");
    }
}

whole_calls! {
    async fn a_call_its_offer_its_webhooks_and_its_jobs_are_counted(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([carrier::Step::AfterConnected(30.0), carrier::Step::HangUp]);
        centre.pass(5).await;
        let waiting = calldocker::metrics::exposition(&centre.app).await.unwrap();
        assert!(waiting.contains("calldocker_calls{status=\"offered\"} 1\n"), "{waiting}");
        assert!(waiting.contains("calldocker_queue_waiting 1\n"), "{waiting}");
        centre.accept(0).await;
        centre.pass(120).await;
        let figures = calldocker::metrics::exposition(&centre.app).await.unwrap();
        for series in [
            "calldocker_calls_ended_total{outcome=\"answered\"} 1",
            "calldocker_offers_settled_total{result=\"accepted\"} 1",
            "calldocker_webhooks_total{kind=\"voice\",result=\"answered\"} 1",
            "calldocker_jobs_total{kind=\"dial_agent\",result=\"done\"} 1",
            "calldocker_queue_waiting 0",
            "calldocker_jobs{state=\"failed\"} 0",
        ] {
            assert!(figures.contains(&format!("{series}\n")), "{series}\n{figures}");
        }
        centre.close().await;
    }
}

#[tokio::test]
async fn figures_are_for_who_has_the_key_and_for_nobody_in_production_without_one() {
    let keyed =
        TestApp::with(Backend::Sqlite, &[("operator_token", KEY)]).await.expect("SQLite is always there");
    keyed.call("GET", "/metrics").send().await.is_refused(404, "NO_SUCH_PATH");
    keyed.call("GET", "/metrics").token("another").send().await.is_refused(404, "NO_SUCH_PATH");
    assert_eq!(keyed.call("GET", "/metrics").token(KEY).send().await.status, 200);
    keyed.close().await;

    let secret = "0123456789abcdef0123456789abcdef";
    let production = [("calldocker_env", "production"), ("jwt_secret", secret), ("master_key", secret)];
    let production = TestApp::with(Backend::Sqlite, &production).await.expect("SQLite is always there");
    production.call("GET", "/metrics").send().await.is_refused(404, "NO_SUCH_PATH");
    production.call("GET", "/metrics").token("").send().await.is_refused(404, "NO_SUCH_PATH");
    production.close().await;

    let development = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let by_proxy = development.call("GET", "/metrics").header("x-forwarded-for", "203.0.113.7").send().await;
    by_proxy.is_refused(404, "NO_SUCH_PATH");
    development.close().await;
}
