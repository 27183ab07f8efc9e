#![doc = include_str!("../README.md")]

pub mod apns;
mod error;
pub mod expo;
#[cfg(feature = "fakes")]
pub mod fakes;
pub mod fcm;
mod fit;
mod http;
mod notification;

pub use error::Error;
pub use http::{Endpoint, Timeouts};
pub use notification::{
    Kind, MAX_COLLAPSE_KEY, MAX_TIME_TO_LIVE, Notification, RESERVED_DATA, Sound, Urgency,
};

/// A notification that a service has taken. It says nothing about whether the phone will get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The service's name for it: Expo's ticket, FCM's `projects/…/messages/…`, the `apns-id`.
    pub id: String,
    pub text: SentText,
}

/// What became of the body on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentText {
    Whole,
    /// It ends in `…`, because the service takes no more.
    Shortened,
    /// Only the title fits.
    LeftOut,
}
