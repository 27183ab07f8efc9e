//! Requests of providers: raw request -> verified -> company -> use case -> reply.

pub mod twilio;

pub use twilio::settle_kept;
