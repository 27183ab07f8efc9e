//! Who somebody is: passwords, tokens, sessions, memberships, and the [`Caller`] that every request is made by. What a
//! caller may do is not decided here but in [`crate::authz`].

pub mod attempts;
pub mod audit;
mod caller;
mod email;
pub mod members;
pub mod passwords;
pub mod preferences;
pub mod profile;
pub mod register;
pub mod sessions;
pub mod tokens;

pub use caller::{Caller, Standing};
pub use email::Email;
