//! The integration tests, in one binary.

mod calls;
mod support;
