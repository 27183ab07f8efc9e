use std::process::ExitCode;

use calldocker::error::Error;

#[tokio::main]
async fn main() -> ExitCode {
    match calldocker::cli::run().await {
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
