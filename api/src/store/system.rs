//! The only queries that look across companies: sign-in, finding a company by what a provider sent, claiming jobs.

#![expect(clippy::disallowed_methods, reason = "this file is where unscoped queries live")]
