//! The CallDocker server. `app` joins the parts; requests go http -> use cases (identity, calls, …) -> store.

pub mod agents;
pub mod app;
pub mod authz;
pub mod bus;
pub mod calls;
pub mod cli;
pub mod companies;
pub mod config;
pub mod error;
pub mod flows;
pub mod flows_cache;
pub mod http;
pub mod identity;
pub mod ids;
pub mod jobs;
pub mod keys;
pub mod numbers;
pub mod outbound;
pub mod providers;
pub mod queues;
pub mod realtime;
pub mod secret;
pub mod storage;
pub mod store;
pub mod webhooks;
pub mod words;
