//! Twilio's webhooks. A request is verified before anything is read of it, claimed under a unique key before anything is
//! done, and answered the same when it comes twice.

mod endpoint;
mod hop;
mod process;
mod verify;

pub use endpoint::TwilioWebhooks;
pub use process::settle_kept;
