//! What APNs means by its status and reason.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;

use crate::Error;

/// For a phone that got too many; APNs does not say how long.
const DEVICE_PAUSE: Duration = Duration::from_secs(60);
/// Before the next provider token.
const TOKEN_PAUSE: Duration = Duration::from_secs(20 * 60);

pub(super) fn meaning(
    status: StatusCode,
    reason: &str,
    since: Option<DateTime<Utc>>,
    retry_after: Option<Duration>,
    limit: usize,
) -> Error {
    let text = crate::http::reason(status, (!reason.is_empty()).then_some(reason), "");
    match reason {
        "BadDeviceToken" | "Unregistered" | "ExpiredToken" => Error::DeadToken { reason: text, since },
        "PayloadTooLarge" => Error::TooBig { limit },
        "ExpiredProviderToken" => {
            Error::misconfigured("ExpiredProviderToken: is the clock of this machine wrong?")
        }
        // The key, the team, the app's id or the environment.
        "BadTopic"
        | "DeviceTokenNotForTopic"
        | "MissingTopic"
        | "TopicDisallowed"
        | "BadCertificate"
        | "BadCertificateEnvironment"
        | "BadEnvironmentKeyIdInToken"
        | "UnrelatedKeyIdInToken"
        | "Forbidden"
        | "InvalidProviderToken"
        | "MissingProviderToken" => Error::Misconfigured { reason: text },
        "TooManyProviderTokenUpdates" => {
            Error::RetryAfter { wait: retry_after.unwrap_or(TOKEN_PAUSE), reason: text }
        }
        "IdleTimeout" => Error::Down { reason: text },
        _ => match status.as_u16() {
            403 => Error::Misconfigured { reason: text },
            410 => Error::DeadToken { reason: text, since },
            413 => Error::TooBig { limit },
            429 => Error::RetryAfter { wait: retry_after.unwrap_or(DEVICE_PAUSE), reason: text },
            500..=599 => match retry_after {
                Some(wait) => Error::RetryAfter { wait, reason: text },
                None => Error::Down { reason: text },
            },
            _ => Error::Refused { reason: text },
        },
    }
}
