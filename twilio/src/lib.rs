//! The Twilio protocol as a library: what arrives, what is answered, what is asked for.
//!
//! Owns the wire: request signatures, webhook parameters, TwiML documents. It must never know of companies, queues or
//! agents, never read a clock (a moment is an argument) and never keep global state.

#[macro_use]
mod names;
mod moment;

pub mod signature;
pub mod twiml;
pub mod webhook;
