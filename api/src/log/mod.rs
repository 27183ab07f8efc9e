//! The log: lines on standard error, as text or JSON, with the request and the call that they are about. What a line may
//! never hold, a whole phone number, is taken out where lines are written ([`mask`]), so that no place that logs can forget
//! it. Errors are counted, and reported where the settings say.

pub mod mask;
mod report;

use std::sync::atomic::{AtomicU64, Ordering};

use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, registry};

use crate::config::{LogFormat, Settings};
use crate::error::{Error, Result};

pub use mask::Masking;
pub use report::{Errors, Reporter};

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
pub fn start(settings: &Settings) -> Result<()> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|cause| Error::internal("LOG", cause))?;
    let reporter = match &settings.sentry_dsn {
        Some(dsn) => Some(Reporter::start(dsn, settings)?),
        None => None,
    };
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = registry().with(filter).with(Errors::new(reporter));
    match settings.log_format {
        LogFormat::Text => log.with(fmt::layer().with_ansi(colours).with_writer(writer())).init(),
        LogFormat::Json => log.with(fmt::layer().json().with_writer(writer())).init(),
    }
    Ok(())
}

fn writer() -> impl for<'a> MakeWriter<'a> + 'static {
    Masking(std::io::stderr)
}
