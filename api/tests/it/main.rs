//! One binary for all tests that need a whole server. `routes/` mirrors the addresses of the API, `calls/` tells whole
//! calls; `attack` takes every operation of openapi.yaml in turn; `schema` reads the migrated databases.
//!
//! Every scenario runs on SQLite, and on PostgreSQL when TEST_POSTGRES_URL names a server on which databases may be
//! made and dropped.

mod attack;
mod authz_matrix;
mod backup;
mod calls;
mod commands;
mod crash;
mod documents;
mod examples;
mod leases;
mod mail;
mod migrations;
mod node;
mod openapi;
mod peer_calls;
mod plans;
mod realtime;
mod routes;
mod samples;
mod schema;
mod storage;
mod support;
mod traces;
