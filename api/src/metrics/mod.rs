//! Figures for Prometheus. What happens in this process is counted here as it happens; how things stand is read from rows
//! when somebody asks (`standing`), once in a while and not for every scrape. No figure names a company, a person or a
//! number; queues only where the settings say so.

mod process;
mod standing;

use std::sync::Mutex as StdMutex;
use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::{CallOutcome, JobKind, OfferState, PushServiceKind, TextState};
use prometheus::core::Collector;
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};
use sea_orm::Iterable;

use crate::app::App;
use crate::error::{Error, Result};

pub use process::Resources;
pub use standing::{Pool, Standing};

/// Seconds of answers, up to Twilio's own limit for a webhook.
const ANSWERS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0];
/// Seconds between a commit and the news of it at this node's sockets.
const NEWS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0];

/// What is counted in this process.
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    webhooks: IntCounterVec,
    calls: IntCounterVec,
    offers: IntCounterVec,
    jobs: IntCounterVec,
    mails: IntCounterVec,
    messages: IntCounterVec,
    phone_codes: IntCounterVec,
    pushes: IntCounterVec,
    news: HistogramVec,
    provider_seen: StdMutex<Option<DateTime<Utc>>>,
    standing: tokio::sync::Mutex<Option<standing::Read>>,
}

/// How an attempt to send something went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sending {
    Sent,
    /// It is tried again.
    Later,
    Failed,
}

impl Sending {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Later => "later",
            Self::Failed => "failed",
        }
    }
}

/// What happened with a code to a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneCode {
    Sent,
    /// Somebody asked for too many.
    Limited,
    Verified,
    Refused,
}

impl PhoneCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Limited => "limited",
            Self::Verified => "verified",
            Self::Refused => "refused",
        }
    }
}

/// What became of a notice to a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The service has taken it.
    Sent,
    /// It came to the phone, as far as the service says so.
    Delivered,
    /// The service knows the phone no longer.
    Dead,
    /// The service refuses it, or our keys.
    Refused,
    /// It was of no use any more before the service took it.
    GivenUp,
}

impl Pushed {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

impl Metrics {
    /// # Errors
    /// When two figures have one name, which is a mistake of ours.
    pub fn new() -> Result<Self> {
        let registry = Registry::new();
        let counter = |name: &str, help: &str, labels: &[&str]| {
            keep(&registry, IntCounterVec::new(Opts::new(name, help), labels))
        };
        let histogram = |name: &str, help: &str, labels: &[&str], buckets: &[f64]| {
            let options = HistogramOpts::new(name, help).buckets(buckets.to_vec());
            keep(&registry, HistogramVec::new(options, labels))
        };
        let metrics = Self {
            requests: counter(
                "calldocker_http_requests_total",
                "Requests by operation of the specification and class of status (2xx, 4xx, ...).",
                &["operation", "status"],
            )?,
            durations: histogram(
                "calldocker_http_request_duration_seconds",
                "From a request's head to the beginning of its answer.",
                &["operation"],
                ANSWERS,
            )?,
            webhooks: counter(
                "calldocker_webhooks_total",
                "Requests of the provider by kind and result: answered, refused (not signed), gone, failed.",
                &["kind", "result"],
            )?,
            calls: counter(
                "calldocker_calls_ended_total",
                "Calls that have ended, by outcome.",
                &["outcome"],
            )?,
            offers: counter("calldocker_offers_settled_total", "Offers to agents, by result.", &["result"])?,
            jobs: counter(
                "calldocker_jobs_total",
                "Jobs of this node by kind and result.",
                &["kind", "result"],
            )?,
            mails: counter("calldocker_mails_total", "Attempts to deliver a mail, by result.", &["result"])?,
            messages: counter(
                "calldocker_messages_total",
                "Text messages by what became of them: sent, delivered, read, failed; and those that were received.",
                &["result"],
            )?,
            phone_codes: counter(
                "calldocker_phone_codes_total",
                "Codes to telephone numbers: sent, limited (asked for too often), verified, refused.",
                &["result"],
            )?,
            pushes: counter(
                "calldocker_push_total",
                "Notices to phones by service and result: sent, delivered, dead (token), refused, given_up.",
                &["service", "result"],
            )?,
            news: histogram(
                "calldocker_outbox_delay_seconds",
                "From an event's commit until this node's sockets are told of it.",
                &[],
                NEWS,
            )?,
            provider_seen: StdMutex::default(),
            standing: tokio::sync::Mutex::default(),
            registry,
        };
        metrics.begin_at_zero();
        Ok(metrics)
    }

    /// A series that is not there yet is no zero to Prometheus: its first count would not be seen as one.
    fn begin_at_zero(&self) {
        for outcome in CallOutcome::iter() {
            self.calls.with_label_values(&[&outcome.as_str()]);
        }
        for result in OfferState::iter().filter(|state| *state != OfferState::Open) {
            self.offers.with_label_values(&[&result.as_str()]);
        }
        for went in [Sending::Sent, Sending::Later, Sending::Failed] {
            self.mails.with_label_values(&[went.as_str()]);
        }
        let told =
            [TextState::Sent, TextState::Delivered, TextState::Read, TextState::Failed, TextState::Received];
        for state in told {
            self.messages.with_label_values(&[&state.as_str()]);
        }
        for what in [PhoneCode::Sent, PhoneCode::Limited, PhoneCode::Verified, PhoneCode::Refused] {
            self.phone_codes.with_label_values(&[what.as_str()]);
        }
        for service in PushServiceKind::iter() {
            for what in [Pushed::Sent, Pushed::Delivered, Pushed::Dead, Pushed::Refused, Pushed::GivenUp] {
                self.pushes.with_label_values(&[service.as_str().as_str(), what.as_str()]);
            }
        }
        for result in ["refused", "gone", "failed"] {
            self.webhooks.with_label_values(&["unknown", result]);
        }
        self.news.with_label_values::<&str>(&[]);
    }

    /// A request to `operation` was answered after so long.
    pub fn answered(&self, operation: &str, status: u16, after: Duration) {
        let class = match status {
            100..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.with_label_values(&[operation, class]).inc();
        self.durations.with_label_values(&[operation]).observe(after.as_secs_f64());
    }

    /// A request of the provider came and went like this.
    pub fn webhook(&self, kind: &str, result: &str) {
        self.webhooks.with_label_values(&[kind, result]).inc();
    }

    /// The provider has signed something.
    pub fn provider_was_here(&self, at: DateTime<Utc>) {
        *self.provider_seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(at);
    }

    /// When it last did so at this node.
    pub fn provider_seen(&self) -> Option<DateTime<Utc>> {
        *self.provider_seen.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub fn call_ended(&self, outcome: Option<CallOutcome>) {
        let outcome = outcome.map_or_else(|| "none".to_owned(), CallOutcome::as_str);
        self.calls.with_label_values(&[&outcome]).inc();
    }

    pub fn offer_settled(&self, result: OfferState) {
        self.offers.with_label_values(&[&result.as_str()]).inc();
    }

    pub fn job(&self, kind: JobKind, result: &str) {
        self.jobs.with_label_values(&[&kind.as_str(), result]).inc();
    }

    pub fn mail(&self, went: Sending) {
        self.mails.with_label_values(&[went.as_str()]).inc();
    }

    pub fn message(&self, state: TextState) {
        self.messages.with_label_values(&[&state.as_str()]).inc();
    }

    /// This happened with a code to a telephone number.
    pub fn phone_code(&self, what: PhoneCode) {
        self.phone_codes.with_label_values(&[what.as_str()]).inc();
    }

    /// This became of a notice to a phone.
    pub fn push(&self, service: PushServiceKind, what: Pushed) {
        self.pushes.with_label_values(&[service.as_str().as_str(), what.as_str()]).inc();
    }

    /// Sockets are told of an event that was committed so long ago.
    pub fn told(&self, delay: Duration) {
        self.news.with_label_values::<&str>(&[]).observe(delay.as_secs_f64());
    }
}

/// All figures, in the text format of Prometheus. Those of rows are at most some seconds old; when the database does not
/// answer they are missing, and `calldocker_database_up` is 0.
pub async fn exposition(app: &App) -> Result<String> {
    let now = standing::registry(app).await?;
    let mut families = app.metrics.registry.gather();
    families.extend(now.gather());
    TextEncoder::new().encode_to_string(&families).map_err(failed)
}

/// How things stand, read anew when the last reading is too old.
pub async fn standing(app: &App) -> Result<Standing> {
    standing::read(app).await
}

fn keep<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> Result<C> {
    let collector = made.map_err(failed)?;
    registry.register(Box::new(collector.clone())).map_err(failed)?;
    Ok(collector)
}

fn failed(cause: prometheus::Error) -> Error {
    Error::internal("figures", cause)
}
