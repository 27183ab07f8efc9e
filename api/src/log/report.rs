//! Errors of the log, counted, and reported to Sentry or to what speaks its protocol: one event an error, with the fields
//! of its line and of the spans around it. Nothing waits for a report, and one that cannot be sent is lost: the log has
//! the line. (Protocol: develop.sentry.dev/sdk, "Envelopes" and "Event Payloads".)

use std::collections::BTreeMap;
use std::fmt::{Debug, Write};
use std::time::Duration;

use clock::Clock;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use url::Url;
use uuid::Uuid;

use super::count_error;
use super::mask::mask;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Reports that wait; more at once are the same trouble again.
const WAITING: usize = 100;
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two reports, so that a storm of errors is not one of requests.
const PAUSE: Duration = Duration::from_millis(200);
/// How long nothing is sent when the receiver is full and does not say for how long.
const FULL: Duration = Duration::from_secs(60);
/// The text of an error may be a whole chain of causes.
const LONGEST: usize = 2000;

/// Counts errors, and hands them to the reporter if there is one.
pub struct Errors {
    reporter: Option<Reporter>,
}

impl Errors {
    pub fn new(reporter: Option<Reporter>) -> Self {
        Self { reporter }
    }
}

/// What is said of a span, for the events within it.
struct About(Fields);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Errors {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.reporter.is_none() {
            return;
        }
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(About(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(About(fields)) = span.extensions_mut().get_mut()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        count_error();
        let Some(reporter) = &self.reporter else { return };
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut tags = BTreeMap::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(About(about)) = span.extensions().get() {
                tags.extend(about.0.clone());
            }
        }
        reporter.report(event.metadata().target(), fields, tags);
    }
}

/// Fields as texts, without whole numbers.
#[derive(Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        let short: String = value.chars().take(LONGEST).collect();
        self.0.insert(field.name().to_owned(), mask(&short).into_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }
}

/// Sends reports, one after the other.
#[derive(Clone)]
pub struct Reporter {
    events: mpsc::Sender<Value>,
    clock: Clock,
    environment: &'static str,
}

impl Reporter {
    /// # Errors
    /// When the settings' DSN is none.
    pub fn start(dsn: &Secret, settings: &Settings) -> Result<Self> {
        let address = Address::of(dsn.expose()).ok_or_else(|| {
            Error::internal("SENTRY_DSN", "is not a DSN, e.g. https://KEY@sentry.example.com/7")
        })?;
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| Error::internal("SENTRY_DSN", cause))?;
        let (events, waiting) = mpsc::channel(WAITING);
        let clock = Clock::machine();
        tokio::spawn(send_all(client, address, waiting, clock.clone()));
        let environment = if settings.is_production() { "production" } else { "development" };
        Ok(Self { events, clock, environment })
    }

    fn report(&self, target: &str, mut fields: Fields, tags: BTreeMap<String, String>) {
        let message = fields.0.remove("message").unwrap_or_default();
        let event = json!({
            "event_id": Uuid::now_v7().simple().to_string(),
            "timestamp": self.clock.now(),
            "platform": "other",
            "level": "error",
            "logger": target,
            "release": concat!("calldocker@", env!("CARGO_PKG_VERSION")),
            "environment": self.environment,
            "message": { "formatted": message },
            "tags": tags,
            "extra": fields.0,
        });
        // Full: it is lost.
        let _ = self.events.try_send(event);
    }
}

async fn send_all(
    client: reqwest::Client,
    address: Address,
    mut waiting: mpsc::Receiver<Value>,
    clock: Clock,
) {
    while let Some(event) = waiting.recv().await {
        let pause = match client
            .post(address.url.clone())
            .header("x-sentry-auth", &address.key)
            .header("content-type", "application/x-sentry-envelope")
            .body(envelope(&event))
            .send()
            .await
        {
            Ok(reply) if reply.status() == StatusCode::TOO_MANY_REQUESTS => {
                let said =
                    reply.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                said.map_or(FULL, Duration::from_secs)
            }
            // Not at ERROR, or it would be reported.
            Ok(reply) if !reply.status().is_success() => {
                tracing::warn!(status = reply.status().as_u16(), "an error could not be reported");
                PAUSE
            }
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(error = %error.without_url(), "an error could not be reported");
                PAUSE
            }
        };
        drop(clock.sleep(pause).await);
    }
}

fn envelope(event: &Value) -> String {
    let header = json!({ "event_id": event["event_id"] });
    format!("{header}\n{}\n{event}\n", json!({ "type": "event" }))
}

/// Where a project's events go.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    url: String,
    /// The value of the header by which the project is known.
    key: String,
}

impl Address {
    /// `https://KEY@host/path/PROJECT`
    fn of(dsn: &str) -> Option<Self> {
        let url = Url::parse(dsn).ok().filter(|url| ["http", "https"].contains(&url.scheme()))?;
        let (path, project) = url.path().rsplit_once('/')?;
        if url.username().is_empty() || project.is_empty() {
            return None;
        }
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        Some(Self {
            url: format!("{}://{}{port}{path}/api/{project}/envelope/", url.scheme(), url.host_str()?),
            key: format!(
                "Sentry sentry_version=7, sentry_client=calldocker/{}, sentry_key={}",
                env!("CARGO_PKG_VERSION"),
                url.username()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dsn_names_a_project_and_its_key() {
        let address = Address::of("https://abc@sentry.example.com:9000/errors/42").unwrap();
        assert_eq!(address.url, "https://sentry.example.com:9000/errors/api/42/envelope/");
        assert!(address.key.ends_with("sentry_key=abc"), "{}", address.key);
        for bad in
            ["", "sentry.example.com/42", "https://sentry.example.com/42", "https://abc@sentry.example.com/"]
        {
            assert_eq!(Address::of(bad), None, "{bad}");
        }
    }
}
