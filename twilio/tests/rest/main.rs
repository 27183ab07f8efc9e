//! The REST client against a real HTTP server on loopback.

mod description;
mod failures;
mod operations;
mod server;
