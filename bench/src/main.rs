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
mod past;
mod people;
mod reads;
mod replay;
mod run;
mod server;
mod sockets;

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
    /// Instead of the load: lists of calls and an overview, of a company with a million calls.
    #[arg(long)]
    reads: bool,
    /// Instead of the load: two thousand people at their sockets.
    #[arg(long)]
    sockets: bool,
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
        if arguments.replay {
            well &= said(kind, replay::measure(kind).await.map(|there| there.then_some(None)));
            continue;
        }
        // Without a word all of them.
        let all = !arguments.export && !arguments.reads && !arguments.sockets;
        if all {
            well &= said(kind, run::run(kind, &scale).await.map(|table| table.map(Some)));
        }
        if (all && !arguments.quick) || arguments.reads {
            well &= said(kind, reads::measure(kind).await.map(|table| table.map(Some)));
        }
        if (all && !arguments.quick) || arguments.export {
            well &= said(kind, export::measure(kind).await.map(|table| table.map(Some)));
        }
        if (all && !arguments.quick) || arguments.sockets {
            let most = if kind == Kind::Postgres { 2 } else { 1 };
            for nodes in 1..=most {
                well &= said(kind, sockets::measure(kind, nodes).await.map(|table| table.map(Some)));
            }
        }
    }
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn told(error: calldocker::error::Error) -> Failure {
    format!("{error:?}").into()
}

/// Prints what was measured, or why nothing was; answers whether it went well.
fn said(kind: Kind, measured: Result<Option<Option<figures::Table>>, Failure>) -> bool {
    match measured {
        Ok(Some(table)) => table.iter().for_each(figures::Table::print),
        Ok(None) => {
            println!("\n{kind:?} is left out: TEST_POSTGRES_URL names no server (`make bench` starts one)")
        }
        Err(failure) => {
            eprintln!("\n{kind:?}: {failure}");
            return false;
        }
    }
    true
}
