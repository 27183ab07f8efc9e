//! What the addresses of the API promise, one file a resource.

mod agents;
mod auth;
mod companies;
mod contacts;
mod envelope;
mod health;
mod ivr;
mod numbers;
mod prompts;
mod queues;
mod recordings;
mod register;
mod users;
