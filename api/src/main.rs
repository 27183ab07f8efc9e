use std::process::ExitCode;

use calldocker::error::Error;
use mimalloc::MiMalloc;
use tokio::runtime::Builder;

/// Gives memory back when a busy minute is over (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Of a thread; only what is used of it takes memory. Two megabytes, as is usual, are little for an unoptimised build.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let runtime = match Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
        Ok(runtime) => runtime,
        Err(failure) => {
            eprintln!("calldocker: start threads: {failure}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(calldocker::cli::run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Error::Internal(failure)) => {
            eprintln!("calldocker: {}", failure.for_operator());
            ExitCode::FAILURE
        }
        Err(failure) => {
            eprintln!("calldocker: {failure:?}");
            ExitCode::FAILURE
        }
    }
}
