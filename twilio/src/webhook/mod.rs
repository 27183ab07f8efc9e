//! What Twilio tells us: the parameters of its requests.
//!
//! Owns names, types and closed sets of the parameters. It must never drop one that it does not know, since new ones
//! appear without notice and all of them are signed.

mod params;

pub use params::{MissingParameter, Params};
