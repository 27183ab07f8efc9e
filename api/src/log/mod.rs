//! The log: lines on standard error, as text or JSON, with the request and the call that they are about. What a line may
//! never hold, a whole phone number, is taken out where lines are written ([`mask`]), so that no place that logs can forget
//! it. Errors are counted, and reported where the settings say; traces are exported where they say ([`traces`]).

pub mod mask;
mod report;
pub mod traces;

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Subscriber;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, registry};

use crate::config::{LogFormat, Settings};
use crate::error::{Error, Result};

pub use mask::Masking;
pub use report::{Errors, Reporter};
pub use traces::Traces;

/// Lines at the level ERROR that this process has logged.
static ERRORS: AtomicU64 = AtomicU64::new(0);

/// For the figure `calldocker_log_errors`.
pub fn errors() -> u64 {
    ERRORS.load(Ordering::Relaxed)
}

fn count_error() {
    ERRORS.fetch_add(1, Ordering::Relaxed);
}

/// Logs from now on, as the settings say. Standard output belongs to what a command prints.
///
/// # Errors
/// When LOG is no filter, or SENTRY_DSN no DSN.
pub fn start(settings: &Settings, traces: Option<&Traces>) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|cause| Error::internal("LOG", cause))?;
    let reporter = match &settings.sentry_dsn {
        Some(dsn) => Some(Reporter::start(dsn, settings)?),
        None => None,
    };
    let errors = Errors::new(reporter);
    match traces {
        None => registry().with(filter).with(errors).with(lines(settings.log_format)).init(),
        // What is traced does not depend on what is logged.
        Some(traces) => registry()
            .with(errors.and_then(lines(settings.log_format)).with_filter(filter))
            .with(traces.layer())
            .init(),
    }
    Ok(())
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            fmt::layer().with_ansi(colours).with_writer(writer()).boxed()
        }
        LogFormat::Json => fmt::layer().json().with_writer(writer()).boxed(),
    }
}

fn writer() -> impl for<'a> MakeWriter<'a> + 'static {
    Masking(std::io::stderr)
}
