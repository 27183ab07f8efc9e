//! The header `Idempotency-Key` where a use case claims it in the transaction that does what is asked; elsewhere `repeats` does.

use poem_openapi::types::ToJSON;

use crate::authz::{Can, Permission};
use crate::error::{Error, Result};
use crate::identity::tokens;
use crate::store::idempotency::Request;

/// Of the longest key, in bytes.
const LONGEST: usize = 255;

/// The request as it is claimed, when its sender gave it a key.
///
/// # Errors
/// 422 for a key that is empty, too long, or holds anything but visible ASCII.
pub fn once<P: Permission>(
    can: &Can<P>,
    operation: &'static str,
    key: Option<String>,
    body: &impl ToJSON,
) -> Result<Option<Request>> {
    let Some(token) = key else { return Ok(None) };
    check(&token)?;
    let fingerprint = tokens::hash(&body.to_json_string());
    Ok(Some(Request { user: can.caller().user, operation, token, fingerprint }))
}

/// # Errors
/// 422 for a key that is empty, too long, or holds anything but visible ASCII.
pub fn check(key: &str) -> Result<()> {
    if key.is_empty() || key.len() > LONGEST || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("Idempotency-Key", "must be 1 to 255 visible characters of ASCII"));
    }
    Ok(())
}
