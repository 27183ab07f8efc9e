//! What the addresses of the API promise, one file a resource.

mod agents;
mod analytics;
mod auth;
mod callbacks;
mod companies;
mod company_settings;
mod contacts;
mod envelope;
mod examples;
mod flow_exports;
mod flow_import_needs;
mod flow_imports;
mod flow_replays;
mod flow_tests;
mod flow_trials;
mod health;
mod ivr;
mod numbers;
mod outbound;
mod prompts;
mod queue_flows;
mod queues;
mod recordings;
mod register;
mod transcription_hook;
mod users;
