//! What became of a request that did not succeed, told by what may be done next.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Errors tell apart what is known about Twilio's state, since a call that is made twice rings twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection was made, so nothing was asked for. May be repeated.
    #[error("Twilio cannot be reached: {0}")]
    Unreachable(String),
    /// A request that changes something was sent, and no answer that can be understood came. It may or may not have
    /// been carried out: it must not be repeated blindly. A callback or a fetch tells.
    #[error("it is not known whether Twilio did it: {0}")]
    Unknown(String),
    /// A request that only reads was sent, and no whole answer came. May be repeated.
    #[error("Twilio's answer did not arrive: {0}")]
    Interrupted(String),
    /// Too many requests (429): it was not carried out. May be repeated, after a while.
    #[error("Twilio wants fewer requests")]
    RateLimited {
        /// As long as Twilio asks for, if it says so in seconds.
        retry_after: Option<Duration>,
    },
    /// It was not carried out, and will not be if it is repeated as it is.
    #[error("Twilio refuses with {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Twilio's error code, such as 21220.
        code: Option<u32>,
        message: String,
    },
    /// Twilio failed (5xx). Whether it was carried out is not known.
    #[error("Twilio fails with {status}")]
    Server { status: u16 },
    /// The answer to a request that only reads is not what it should be.
    #[error("Twilio's answer cannot be understood: {0}")]
    Unreadable(String),
    /// A file is longer than the caller allowed.
    #[error("the file has more than {limit} bytes")]
    TooLarge { limit: u64 },
    /// The client cannot be used as it is set up.
    #[error("the client is set up wrongly: {0}")]
    Setup(String),
}

/// An operation on a call that is not in progress.
const NOT_IN_PROGRESS: u32 = 21220;
/// There is no such thing (any more).
const NOT_FOUND: u32 = 20404;

impl Error {
    /// Whether what was to be changed or read is not there any more: the call is over, the participant has left.
    pub fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::Refused { status: 404, .. } | Self::Refused { code: Some(NOT_IN_PROGRESS | NOT_FOUND), .. }
        )
    }

    /// Whether the same request may be sent again without the danger that it is carried out twice.
    pub fn may_be_repeated(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Interrupted(_) | Self::RateLimited { .. } => true,
            Self::Unknown(_)
            | Self::Refused { .. }
            | Self::Server { .. }
            | Self::Unreadable(_)
            | Self::TooLarge { .. }
            | Self::Setup(_) => false,
        }
    }
}

/// The body of Twilio's answer when it refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    #[serde(default)]
    pub code: Option<u32>,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub more_info: String,
    #[serde(default)]
    pub status: u16,
}
