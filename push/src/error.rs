//! What became of a notification that was not taken, told by what the caller has to do.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// One variant for each thing that a caller can do. Texts are the service's codes and words; they have no token, no key
/// and no part of the notification, and may stand in a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Remove the token; the phone brings a new one when its app starts.
    #[error("the device's token is dead: {reason}")]
    DeadToken {
        reason: String,
        /// Since when, as APNs tells it. A token that was registered again later stays.
        since: Option<DateTime<Utc>>,
    },
    /// It was not taken. Send it again after `wait`, or give it up when it is of no use by then. Add some jitter.
    #[error("the service wants a pause of {wait:?}: {reason}")]
    RetryAfter {
        /// What the service asks for; where it says nothing, what its documentation does.
        wait: Duration,
        reason: String,
    },
    /// Tell the company: its keys or its ids are wrong, and every notification will fail until they are set right.
    #[error("the push service is set up wrongly: {reason}")]
    Misconfigured { reason: String },
    /// Send less: without its body the notification still has more than `limit` bytes, or the service says so.
    #[error("the notification is too big for {limit} bytes")]
    TooBig {
        /// Bytes.
        limit: usize,
    },
    /// Drop it: it will not be taken as it is, for a reason that lies in the notification or in us.
    #[error("the notification is refused: {reason}")]
    Refused { reason: String },
    /// It was not taken, since the service cannot be reached or fails. Send it again, later each time.
    #[error("the push service is down: {reason}")]
    Down { reason: String },
    /// It was sent, and no answer came that can be understood. It may be shown; sent again it may be shown twice, unless
    /// it has a collapse key.
    #[error("it is not known whether the push service took it: {reason}")]
    Unanswered { reason: String },
}

impl Error {
    pub(crate) fn dead(reason: impl Into<String>) -> Self {
        Self::DeadToken { reason: reason.into(), since: None }
    }

    pub(crate) fn misconfigured(reason: impl Into<String>) -> Self {
        Self::Misconfigured { reason: reason.into() }
    }

    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into() }
    }

    pub(crate) fn down(reason: impl Into<String>) -> Self {
        Self::Down { reason: reason.into() }
    }
}
