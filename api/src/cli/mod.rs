//! The commands of the binary, one file each.

use std::io::Write;

use clap::{Parser, Subcommand};

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::log::{self, Traces};

mod backup;
mod banner;
mod call;
mod carrier;
mod healthcheck;
mod look_alike;
mod migrate;
mod openapi;
pub mod reports;
mod seed;
mod serve;
#[cfg(test)]
mod tests;
mod text;

/// CallDocker, an open contact centre. Settings come from the environment; see settings.default.toml.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server: brings the database up to date, then serves until SIGTERM.
    Serve,
    /// Plays a caller through the look-alike, and prints the call as it happens.
    Call(call::Arguments),
    /// Sends a text message to a number through the look-alike.
    Text(text::Arguments),
    /// Runs the look-alike of Twilio by itself, on 127.0.0.1:CARRIER_PORT.
    Carrier,
    /// Makes the demo companies in an empty database.
    Seed,
    /// Brings the database up to date and ends.
    Migrate,
    /// Writes a backup: the database, stored files, and a manifest. The server may run.
    Backup(backup::BackupArguments),
    /// Brings back a backup, into an empty database. The server must not run.
    Restore(backup::RestoreArguments),
    /// Looks after the figures of reports.
    Reports(reports::Arguments),
    /// Prints the specification of the API (openapi.yaml).
    Openapi,
    /// Asks the server at HOST:PORT whether it is ready; ends with 0 when it is.
    Healthcheck,
}

/// Runs the command that the arguments of the process name.
pub async fn run() -> Result<()> {
    let arguments = Arguments::parse();
    // Needs no settings, so that a wrong one does not stop who only wants to read the contract.
    if let Command::Openapi = arguments.command {
        return openapi::run();
    }
    let (settings, warnings) = Settings::load().map_err(|bad| Error::internal("settings", bad))?;
    let traces = match arguments.command {
        Command::Serve => Traces::start(&settings)?,
        _ => None,
    };
    log::start(&settings, traces.as_ref())?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let ended = match arguments.command {
        Command::Serve => serve::run(settings).await,
        Command::Call(arguments) => call::run(&settings, arguments, &mut std::io::stdout()).await,
        Command::Text(arguments) => text::run(&settings, arguments, &mut std::io::stdout()).await,
        Command::Carrier => carrier::run(settings).await,
        Command::Seed => seed::run(settings).await,
        Command::Migrate => migrate::run(settings).await,
        Command::Backup(arguments) => backup::run(settings, arguments).await,
        Command::Restore(arguments) => backup::restore(settings, arguments).await,
        Command::Reports(arguments) => reports::run(settings, arguments).await,
        Command::Openapi => openapi::run(),
        Command::Healthcheck => healthcheck::run(&settings).await,
    };
    if let Some(traces) = traces {
        traces.end().await;
    }
    ended
}

/// Writes to standard output.
fn print(text: &str) -> Result<()> {
    write(&mut std::io::stdout(), text)
}

/// Writes at once; a reader who has gone away wants no more, and that is not a failure.
fn write(out: &mut impl Write, text: &str) -> Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(cause) if cause.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::internal("print", cause)),
        Ok(()) | Err(_) => Ok(()),
    }
}
