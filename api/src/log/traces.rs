//! Traces: requests, webhooks, jobs and outgoing requests as spans of OpenTelemetry, sent by OTLP over HTTP where the
//! settings name a collector. A span is exported with a name, a kind and the few fields of [`FIELDS`], without whole phone
//! numbers; nothing else of it leaves, and no line of the log. Nothing waits for the collector, and what it does not take is
//! lost.

use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceContextExt, TraceState, TracerProvider as _};
use opentelemetry::{Context, KeyValue, StringValue, Value};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SdkTracerProvider, SpanData, SpanEvents, SpanExporter, SpanLinks,
};
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use super::mask::mask;
use crate::config::Settings;
use crate::error::{Error, Result};

const REQUEST: &str = "request";
const WEBHOOK: &str = "webhook";
const JOB: &str = "job";
const OUTGOING: &str = "outgoing";

const METHOD: &str = "http.request.method";
const ROUTE: &str = "http.route";
const STATUS: &str = "http.response.status_code";
const HOST: &str = "server.address";
const KIND: &str = "kind";
const OUTCOME: &str = "outcome";

/// The fields that leave, as spans call them and as they are exported.
const FIELDS: [(&str, &str); 13] = [
    ("request_id", "request_id"),
    (KIND, KIND),
    ("call_sid", "call_sid"),
    ("call", "call_id"),
    ("id", "job_id"),
    ("subject", "subject_id"),
    ("method", METHOD),
    ("host", HOST),
    ("status", STATUS),
    (METHOD, METHOD),
    (ROUTE, ROUTE),
    (STATUS, STATUS),
    (OUTCOME, OUTCOME),
];
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// For one try to hand spans over.
const PATIENCE: Duration = Duration::from_secs(10);
/// For the spans that are left when the process ends.
const LAST: Duration = Duration::from_secs(3);
/// Between two lines that say that spans are lost.
const PAUSE: Duration = Duration::from_secs(60);
/// Largest answer of a collector that is read.
const MAX_ANSWER: usize = 64 * 1024;

/// Whether this process exports.
static ON: AtomicBool = AtomicBool::new(false);

fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// What exports, for as long as the process lives.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Exports from now on where the settings say so. Sampling, headers and sizes of batches are what OpenTelemetry's own
    /// variables of the environment say.
    ///
    /// # Errors
    /// When the endpoint is no address.
    pub fn start(settings: &Settings) -> Result<Option<Self>> {
        let Some(endpoint) = &settings.otlp_endpoint else { return Ok(None) };
        let failed = |cause: String| Error::internal("OTEL_EXPORTER_OTLP_ENDPOINT", cause);
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| failed(cause.to_string()))?;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Http { client, runtime: Handle::current() })
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|cause| failed(cause.to_string()))?;
        let resource = Resource::builder()
            .with_service_name(settings.otel_service_name.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let exporter = Exporter { exporter, loss: Mutex::default() };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_span_processor(BatchSpanProcessor::builder(exporter).build())
            .build();
        ON.store(true, Ordering::Relaxed);
        Ok(Some(Self { provider }))
    }

    /// Makes spans of ours spans to be exported.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("calldocker"))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_ours).with_max_level_hint(LevelFilter::INFO))
    }

    /// Hands over what is left, within [`LAST`].
    pub async fn end(self) {
        let provider = self.provider;
        // What could not be handed over has been warned of.
        let last = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(LAST));
        drop(last.await);
    }
}

/// Of other crates', HTTP clients among them, there is no span, and so the exporter's own requests are none.
fn is_ours(about: &Metadata<'_>) -> bool {
    let whose = about.target().split("::").next().unwrap_or_default();
    about.is_span()
        && ["calldocker", "twilio"].contains(&whose)
        && [REQUEST, WEBHOOK, JOB, OUTGOING].contains(&about.name())
}

/// The address of an operation, as `/api/users/{id}`: what a request is called in a trace.
#[derive(Clone)]
pub struct Route(String);

impl Route {
    /// `None` where nothing is exported.
    pub fn when_exported(route: impl FnOnce() -> Option<String>) -> Option<Self> {
        if is_on() { route().map(Self) } else { None }
    }
}

/// A request that this span is about came in. It continues the trace that its `traceparent` names.
pub fn received(span: &Span, method: &http::Method, route: Option<&Route>, headers: &HeaderMap) {
    if !is_on() {
        return;
    }
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Parents(headers));
    // The span has not begun.
    let _ = span.set_parent(parent);
    span.set_attribute(METHOD, method.to_string());
    if let Some(Route(route)) = route {
        span.set_attribute(ROUTE, route.clone());
    }
}

/// It was answered so.
pub fn answered(span: &Span, status: u16) {
    if is_on() {
        span.set_attribute(STATUS, i64::from(status));
    }
}

/// How the job went that the current span is about.
pub fn went(outcome: &'static str) {
    if is_on() {
        Span::current().set_attribute(OUTCOME, outcome);
    }
}

/// The span of which others may be a part that begin when it is over.
#[derive(Clone, Debug, Default)]
pub struct Cause(Option<SpanContext>);

impl Cause {
    /// The current span.
    pub fn current() -> Self {
        if !is_on() {
            return Self(None);
        }
        let context = Span::current().context();
        Self(Some(context.span().span_context().clone()).filter(SpanContext::is_valid))
    }

    /// Makes a span that has not been entered a part of it.
    pub fn of(&self, span: &Span) {
        if let Some(cause) = &self.0 {
            // The span has not begun.
            let _ = span.set_parent(Context::new().with_remote_span_context(cause.clone()));
        }
    }
}

/// The header `traceparent`. What comes with it in `tracestate` is a text of others', and is not passed on.
struct Parents<'a>(&'a HeaderMap);

impl Extractor for Parents<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then(|| self.0.get(key)?.to_str().ok()).flatten()
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// Sends spans as they may leave; says so when they cannot be sent.
#[derive(Debug)]
struct Exporter<E> {
    exporter: E,
    loss: Mutex<Loss>,
}

#[derive(Debug, Default)]
struct Loss {
    spans: usize,
    told: Option<Instant>,
}

impl<E: SpanExporter> SpanExporter for Exporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let went = self.exporter.export(batch.into_iter().map(as_it_may_leave).collect()).await;
        if let Err(cause) = &went {
            let mut loss = self.loss.lock().unwrap_or_else(PoisonError::into_inner);
            loss.spans += count;
            if loss.told.is_none_or(|told| told.elapsed() >= PAUSE) {
                tracing::warn!(%cause, spans = loss.spans, "spans could not be exported and are lost");
                *loss = Loss { spans: 0, told: Some(Instant::now()) };
            }
        }
        went
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// Names it, keeps [`FIELDS`] without whole numbers, and takes away all else.
fn as_it_may_leave(span: SpanData) -> SpanData {
    let attributes: Vec<_> = span.attributes.into_iter().filter_map(field).collect();
    let text = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.as_str().into_owned())
    };
    let status = text(STATUS).and_then(|status| status.parse::<u16>().ok());
    let method = || text(METHOD).unwrap_or_default();
    let joined = |first: String, second: Option<String>| match second {
        Some(second) => format!("{first} {second}"),
        None => first,
    };
    let (name, span_kind, failed) = match span.name.as_ref() {
        REQUEST => {
            (joined(method(), text(ROUTE)), SpanKind::Server, status.is_some_and(|status| status >= 500))
        }
        OUTGOING => {
            (joined(method(), text(HOST)), SpanKind::Client, status.is_none_or(|status| status >= 400))
        }
        JOB => {
            let failed = text(OUTCOME).is_some_and(|outcome| outcome == "error");
            (joined(JOB.to_owned(), text(KIND)), SpanKind::Internal, failed)
        }
        other => (joined(other.to_owned(), text(KIND)), SpanKind::Internal, false),
    };
    let context = span.span_context;
    SpanData {
        span_context: SpanContext::new(
            context.trace_id(),
            context.span_id(),
            context.trace_flags(),
            context.is_remote(),
            TraceState::default(),
        ),
        name: name.into(),
        span_kind,
        attributes,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if failed { Status::error("") } else { Status::Unset },
        ..span
    }
}

fn field(attribute: KeyValue) -> Option<KeyValue> {
    let (_, name) = FIELDS.iter().find(|(field, _)| *field == attribute.key.as_str())?;
    let text = attribute.value.as_str();
    let value = match *name {
        STATUS => Value::I64(text.parse().ok()?),
        // Anybody may make methods up.
        METHOD if !METHODS.contains(&text.as_ref()) => Value::String("_OTHER".into()),
        _ => Value::String(StringValue::from(mask(&text).into_owned())),
    };
    Some(KeyValue::new(*name, value))
}

/// The exporter has a thread of its own; HTTP is the runtime's.
#[derive(Debug)]
struct Http {
    client: reqwest::Client,
    runtime: Handle,
}

#[async_trait]
impl HttpClient for Http {
    async fn send_bytes(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        self.runtime.spawn(send(self.client.clone(), request)).await?
    }
}

async fn send(
    client: reqwest::Client,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, HttpError> {
    let mut reply = client.execute(request.try_into()?).await.map_err(reqwest::Error::without_url)?;
    let mut body = BytesMut::new();
    while let Some(piece) = reply.chunk().await.map_err(reqwest::Error::without_url)? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_ANSWER {
            return Err("the answer is too large".into());
        }
    }
    let mut response = http::Response::new(body.freeze());
    *response.status_mut() = reply.status();
    *response.headers_mut() = std::mem::take(reply.headers_mut());
    Ok(response)
}

#[cfg(test)]
mod tests;
