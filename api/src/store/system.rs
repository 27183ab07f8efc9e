//! The only queries that look across companies.

#![expect(clippy::disallowed_methods, reason = "this file and its folder are where unscoped queries live")]

mod work;

pub use work::*;
