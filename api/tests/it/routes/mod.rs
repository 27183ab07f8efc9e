//! What the addresses of the API promise, one file a resource.

mod agents;
mod auth;
mod companies;
mod envelope;
mod health;
mod ivr;
mod numbers;
mod prompts;
mod queues;
mod register;
mod users;
