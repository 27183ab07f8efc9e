//! Requests of providers and of other systems: raw request -> verified -> company -> use case -> reply.

pub mod incoming;
pub mod slack;
pub mod twilio;

use entity::CompanyScope;
use entity::id::CompanyId;
use poem::Request;

use crate::http::envelope::Refused;

pub use twilio::settle_kept;

/// More than anybody has to tell us.
const MAX_BODY: usize = 64 * 1024;

async fn bytes(request: &mut Request) -> poem::Result<Vec<u8>> {
    use poem::error::ReadBodyError;
    let body = request.take_body().into_bytes_limit(MAX_BODY).await;
    let body = body.map_err(|error| match error {
        ReadBodyError::PayloadTooLarge => Refused::TooLarge(MAX_BODY),
        ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => Refused::BrokenOff,
    })?;
    Ok(body.to_vec())
}

/// The company that the address below `prefix` names.
fn company_of(request: &Request, prefix: &str) -> Option<CompanyId> {
    request.original_uri().path().strip_prefix(prefix)?.strip_prefix('/')?.parse().ok()
}

/// For who finds out by the company's own secret whether the request is for it. Nothing else is read before that.
#[expect(
    clippy::disallowed_methods,
    reason = "it opens the company's secret, and the signature proves the rest"
)]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
