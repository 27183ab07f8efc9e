//! Who somebody is: passwords, tokens, sessions, memberships, and the [`Caller`] that every request is made by. What a
//! caller may do is not decided here but in [`crate::authz`].

pub mod api_keys;
pub mod audit;
pub mod avatars;
pub mod ban;
mod caller;
pub mod devices;
mod email;
pub mod firebase;
pub mod fold;
pub mod invitations;
pub mod members;
pub mod newcomers;
mod number;
pub mod password_links;
pub mod passwords;
pub mod phone;
pub mod preferences;
pub mod profile;
pub mod register;
pub mod second_factor;
pub mod sessions;
pub mod tokens;
pub mod trail;

pub use caller::{Caller, KeyOfCaller, Standing};
pub use email::Email;
pub use number::Number;
