//! Traces as a collector gets them from the server's binary.

use reqwest::Client;

use crate::commands::{ACME, Desk, LIMIT, STOP};
use crate::support::collector::{Collector, Span};
use crate::support::process::{Environment, Server, free_port, printed, run};

const WEBHOOK: &str = "POST /api/webhooks/twilio/{companyId}";
/// What others call a trace and their span of it: they keep the first and not the second.
const KEPT: (&str, &str) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
const NOT_KEPT: (&str, &str) = ("1bf7651916cd43dd8448eb211c80319c", "c8ad6b7169203331");

async fn server(folder: &tempfile::TempDir, settings: &[(&'static str, &str)]) -> Server {
    let settings = settings.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let carrier = ("CARRIER_PORT", free_port().to_string());
    let environment: Environment = std::iter::once(carrier).chain(settings).collect();
    let mut server = Server::start(folder.path(), free_port(), environment);
    server.ready().await;
    server
}

async fn ask_for_health(server: &Server, traceparent: &str) {
    let client = Client::builder().no_proxy().build().expect("a client");
    let asked = client.get(format!("{}/health", server.url)).header("traceparent", traceparent);
    assert!(asked.send().await.expect("the server answers").status().is_success());
}

fn parent<'a>(spans: &'a [Span], of: &Span) -> Option<&'a Span> {
    spans.iter().find(|span| span.id == of.parent && span.trace == of.trace)
}

#[tokio::test]
async fn a_call_is_traced_from_requests_through_jobs_to_the_provider_and_without_its_numbers() {
    let (folder, collector) = (tempfile::tempdir().expect("a temporary folder"), Collector::start().await);
    let address = format!("http://{}", collector.address);
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", address.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=the-collector-s-secret"),
        ("OTEL_SERVICE_NAME", "calls-of-tests"),
        // What is traced does not depend on it.
        ("LOG", "warn"),
    ];
    let server = server(&folder, &settings).await;
    ask_for_health(&server, &format!("00-{}-{}-01", KEPT.0, KEPT.1)).await;
    ask_for_health(&server, &format!("00-{}-{}-00", NOT_KEPT.0, NOT_KEPT.1)).await;
    let ana = Desk::open(&server.url, "agent1@acme.test").await;
    let flags = ["call", "--to", ACME, "--press", "1", "--until-answered", "--wait", "1", "--hangup"];
    let (call, id) =
        futures_util::future::join(run(&flags, server.environment(), LIMIT), ana.take_a_call()).await;
    assert!(call.status.success(), "{}", printed(&call));
    ana.call_is(&id, "wrap_up").await;
    server.terminate().await;
    assert!(server.ended(STOP).await.success());

    let spans = collector.spans();
    let continued = spans.iter().find(|span| span.trace == KEPT.0).expect("a trace of others goes on");
    assert_eq!((continued.name.as_str(), continued.parent.as_str()), ("GET /health", KEPT.1));
    assert_eq!((continued.kind, continued.attributes["http.response.status_code"].as_str()), (2, "200"));
    assert!(continued.attributes.contains_key("request_id") && !continued.failed, "{continued:?}");
    assert!(!spans.iter().any(|span| span.trace == NOT_KEPT.0), "who asks decides what is kept");

    let webhooks: Vec<_> = spans.iter().filter(|span| span.name.starts_with("webhook ")).collect();
    for webhook in &webhooks {
        assert_eq!(parent(&spans, webhook).map(|span| span.name.as_str()), Some(WEBHOOK), "{webhook:?}");
    }
    assert!(webhooks.iter().any(|span| span.attributes.get("call_id") == Some(&id)), "{webhooks:#?}");

    let accept = spans.iter().find(|span| span.name == "POST /api/offers/{id}/accept").expect("a request");
    let jobs: Vec<_> = spans.iter().filter(|span| span.name.starts_with("job ")).collect();
    assert!(jobs.iter().any(|job| parent(&spans, job) == Some(accept)), "{accept:?} {jobs:#?}");
    assert!(jobs.iter().all(|job| job.attributes.contains_key("outcome")), "{jobs:#?}");
    let of_job = |span: &&Span| parent(&spans, span).is_some_and(|job| job.name.starts_with("job "));
    let sent = spans.iter().filter(|span| span.kind == 3).find(of_job).expect("a request of a job");
    assert!(
        sent.name.ends_with(" 127.0.0.1") && sent.attributes["server.address"] == "127.0.0.1",
        "{sent:?}"
    );
    assert!(sent.attributes.contains_key("http.response.status_code"), "{sent:?}");

    assert!(spans.iter().all(|span| span.more == 0 && span.service == "calls-of-tests"), "{spans:#?}");
    let all = collector.text();
    for secret in ["2025550100", "2025550199", "the-collector-s-secret", ana.token.as_str(), "agent1@acme"] {
        assert!(!all.contains(secret), "{secret}: {spans:#?}");
    }
    for head in collector.heads() {
        assert!(head.starts_with("post /v1/traces ") && head.contains("application/x-protobuf"), "{head}");
        assert!(head.contains("api-key: the-collector-s-secret") && !head.contains("traceparent"), "{head}");
    }
}

#[tokio::test]
async fn nothing_is_exported_unless_the_endpoint_is_set() {
    let (folder, collector) = (tempfile::tempdir().expect("a temporary folder"), Collector::start().await);
    // OpenTelemetry's own variable alone does not turn it on.
    let address = format!("http://{}/v1/traces", collector.address);
    let settings =
        [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "20")];
    let server = server(&folder, &settings).await;
    ask_for_health(&server, &format!("00-{}-{}-01", KEPT.0, KEPT.1)).await;
    server.terminate().await;
    assert!(server.ended(STOP).await.success());
    assert_eq!(collector.heads(), [""; 0]);
}

#[tokio::test]
async fn a_collector_that_is_away_keeps_nobody_waiting_and_is_told_of_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    let settings =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere.as_str()), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
    let server = server(&folder, &settings).await;
    for _ in 0..20 {
        ask_for_health(&server, &format!("00-{}-{}-01", KEPT.0, KEPT.1)).await;
    }
    server.terminate().await;
    assert!(server.ended(STOP).await.success());
    let log = std::fs::read_to_string(folder.path().join("server.log")).expect("a log");
    assert_eq!(log.matches("spans could not be exported").count(), 1, "{log}");
}
