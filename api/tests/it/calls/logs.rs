//! What the log holds of whole calls, and what not.

use calldocker::log::{Errors, Reporter};
use regex::Regex;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::support::centre::{Centre, Plan, whole_calls};
use crate::support::log::Log;
use crate::support::target::{Act, Target};
use crate::support::{Backend, PASSWORD, TestApp, World};

whole_calls! {
    async fn no_line_about_a_call_holds_a_whole_number_and_those_of_a_webhook_name_the_call(ground) {
        let log = Log::listen();
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([carrier::Step::AfterConnected(5.0), carrier::Step::HangUp]);
        centre.pass(5).await;
        let call = centre.accept(0).await;
        centre.pass(90).await;
        let whole = Regex::new(r"(?:\+|%2[Bb])[0-9]{8,}").unwrap();
        let all = log.lines_with("");
        let told: Vec<_> = all.iter().filter(|line| whole.is_match(line)).collect();
        assert!(told.is_empty(), "{told:#?}");
        tracing::info!(from = "+493012345001", "a line with a number");
        assert_eq!(log.lines_with("+49…001").len(), 1, "numbers are masked where lines are written");
        let about = log.lines_with("webhook{");
        assert!(about.iter().any(|line| line.contains("request{request_id=") && line.contains("call_sid=")), "{about:#?}");
        assert!(about.iter().any(|line| line.contains(&call.to_string())), "{about:#?}");
        centre.close().await;
    }
}

#[tokio::test]
async fn neither_passwords_nor_tokens_nor_keys_are_logged() {
    let log = Log::listen();
    let key = "an operator's key of forty characters, or so";
    let app =
        TestApp::with(Backend::Sqlite, &[("operator_token", key)]).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let signed_in = app.log_in(&world.ours.owner.email, PASSWORD).await;
    let secrets =
        ["token", "refreshToken"].map(|name| signed_in.data(200)[name].as_str().expect("a token").to_owned());
    app.log_in(&world.ours.owner.email, "a wrong password").await.is_refused(401, "INVALID_CREDENTIALS");
    let again = serde_json::json!({ "refreshToken": secrets[1] });
    app.call("POST", "/api/auth/refresh").json(again).send().await.data(200);
    app.call("GET", "/health/services").token(key).send().await.data(200);
    // The test's own client is in this log, too: it must be seen to be quiet, or this would prove nothing.
    for secret in [&secrets[0], &secrets[1], PASSWORD, "a wrong password", key] {
        let server = log.lines_with(secret).into_iter().filter(|line| !line.contains("reqwest"));
        assert_eq!(server.collect::<Vec<_>>(), [""; 0]);
    }
    app.close().await;
}

#[tokio::test]
async fn an_error_is_reported_with_its_request_and_without_whole_numbers() {
    let target = Target::start([Act::Answers(200, serde_json::json!({}))]).await;
    let dsn = calldocker::secret::Secret::new(format!("http://public@{}/7", target.address));
    let settings = calldocker::config::Settings::with(&[]).unwrap();
    let reporter = Reporter::start(&dsn, &settings).unwrap();
    {
        let _log = tracing_subscriber::registry().with(Errors::new(Some(reporter))).set_default();
        let request = tracing::info_span!("request", request_id = "req-1");
        let _about = request.enter();
        tracing::warn!("not this");
        tracing::error!(to = "+493012345001", "a call could not be made");
    }
    let came = async {
        while target.requests().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let clock = clock::Clock::machine();
    clock.timeout(std::time::Duration::from_secs(20), came).await.expect("it is reported");
    let request = &target.requests()[0];
    assert_eq!(request.line, "POST /api/7/envelope/");
    assert!(request.header("x-sentry-auth").is_some_and(|auth| auth.ends_with("sentry_key=public")));
    let event: serde_json::Value =
        serde_json::from_str(request.body.lines().nth(2).expect("an event")).unwrap();
    assert_eq!(event["message"]["formatted"], "a call could not be made");
    assert_eq!((&event["tags"]["request_id"], &event["extra"]["to"]), (&"req-1".into(), &"+49…001".into()));
}
