//! `make bench`: whole calls through the look-alike against the server as its users run it, on SQLite and on PostgreSQL,
//! and what they cost. Prints one table a database; everything stays on loopback.
//!
//! The look-alike runs in this process and the server in its own, so that memory and processor time are the server's.
//! Nothing in the server knows that it is measured.

mod ceiling;
mod centre;
mod export;
mod figures;
mod ground;
mod load;
mod machine;
mod observe;
mod replay;
mod run;
mod server;

use std::process::ExitCode;

use clap::Parser;
use ground::Kind;

/// Of this program alone: whatever fails is printed and ends it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The look-alike's account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000b0b";
pub const TOKEN: &str = "a-token-that-only-this-machine-knows";

/// Loads the server with calls and prints what they cost.
#[derive(Parser)]
struct Arguments {
    /// A short run: smaller numbers of calls, less exact figures.
    #[arg(long)]
    quick: bool,
    /// Instead of the load: how long 10,000 past calls take through a draft.
    #[arg(long)]
    replay: bool,
    /// Instead of the load: how fast a million rows are exported.
    #[arg(long)]
    export: bool,
    /// Only this database.
    #[arg(long)]
    only: Option<Kind>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let scale = if arguments.quick { run::Scale::quick() } else { run::Scale::full() };
    println!("{}", machine::description());
    let mut well = true;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        if arguments.only.is_some_and(|only| only != kind) {
            continue;
        }
        if arguments.replay || arguments.export {
            let measured =
                if arguments.replay { replay::measure(kind).await } else { export::measure(kind).await };
            match measured {
                Ok(true) => {}
                Ok(false) => println!("\n{kind:?} is left out: TEST_POSTGRES_URL names no server"),
                Err(failure) => {
                    eprintln!("\n{kind:?}: {failure}");
                    well = false;
                }
            }
            continue;
        }
        match run::run(kind, &scale).await {
            Ok(Some(table)) => table.print(),
            Ok(None) => println!(
                "\n{kind:?} is left out: TEST_POSTGRES_URL names no server (`make bench` starts one)"
            ),
            Err(failure) => {
                eprintln!("\n{kind:?}: {failure}");
                well = false;
            }
        }
    }
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
