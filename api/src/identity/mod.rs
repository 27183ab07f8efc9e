//! Who somebody is: passwords, tokens, sessions, memberships, and the [`Caller`] that every request is made by. What a
//! caller may do is not decided here but in [`crate::authz`].

mod caller;
pub mod passwords;
pub mod tokens;

pub use caller::{Caller, Standing};
