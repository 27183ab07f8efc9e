//! The keys that sign tokens, from the address that the settings name. They are kept as long as their answer says
//! (`Cache-Control: max-age`, RFC 9111); for a key that is not among them they are asked for anew, once a minute at most,
//! so that made-up tokens make no requests.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use reqwest::header::CACHE_CONTROL;
use reqwest::{Client, redirect};
use tokio::sync::Mutex;

use crate::config::FirebaseSettings;
use crate::error::{Code, Error, Result};

/// From the first byte of a request to the last of its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest answer that is read: a few keys.
const MOST: usize = 64 * 1024;
/// How long keys are kept whose answer does not say it, and at most; at least until they may be asked for again.
const KEPT: TimeDelta = TimeDelta::hours(1);
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// They are asked for once in so long, whatever comes.
const PAUSE: TimeDelta = TimeDelta::minutes(1);

pub struct Keys {
    client: Client,
    url: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: Option<JwkSet>,
    good_until: Option<DateTime<Utc>>,
    asked_at: Option<DateTime<Utc>>,
}

impl Keys {
    pub fn new(settings: &FirebaseSettings) -> Result<Self> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("CallDocker/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|cause| Error::internal("make an HTTP client", cause))?;
        Ok(Self { client, url: settings.keys_url.clone(), state: Mutex::default() })
    }

    /// The key of this name, if there is one.
    ///
    /// # Errors
    /// `FIREBASE_UNAVAILABLE` when no keys are at hand that are good, and none can be had.
    pub async fn find(&self, name: &str, now: DateTime<Utc>) -> Result<Option<DecodingKey>> {
        // Who comes while they are asked for waits, and is given the same.
        let mut state = self.state.lock().await;
        let fresh = state.good_until.is_some_and(|until| now < until);
        let known = state.keys.as_ref().filter(|_| fresh).and_then(|keys| keys.find(name));
        let may_ask = state.asked_at.is_none_or(|at| at + PAUSE <= now);
        if known.is_none() && may_ask {
            state.asked_at = Some(now);
            match self.ask().await {
                Ok((keys, kept)) => {
                    state.keys = Some(keys);
                    state.good_until = Some(now + kept);
                }
                Err(cause) => tracing::warn!(cause, "the keys of Firebase cannot be had"),
            }
        }
        let fresh = state.good_until.is_some_and(|until| now < until);
        let Some(keys) = state.keys.as_ref().filter(|_| fresh) else {
            return Err(Error::Unavailable {
                code: Code::FirebaseUnavailable,
                message: "The keys of Firebase cannot be had at the moment. Try again.",
            });
        };
        Ok(keys.find(name).and_then(|key| DecodingKey::from_jwk(key).ok()))
    }

    async fn ask(&self) -> std::result::Result<(JwkSet, TimeDelta), String> {
        let mut answer = self.client.get(&self.url).send().await.map_err(|error| error.to_string())?;
        if !answer.status().is_success() {
            return Err(format!("the answer is {}", answer.status()));
        }
        let header = answer.headers().get(CACHE_CONTROL).and_then(|header| header.to_str().ok());
        let kept = kept(header.unwrap_or_default());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| error.to_string())? {
            if body.len() + chunk.len() > MOST {
                return Err("the answer is too large".to_owned());
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map(|keys| (keys, kept)).map_err(|error| error.to_string())
    }
}

/// How long an answer with this `Cache-Control` is kept.
fn kept(header: &str) -> TimeDelta {
    let mut directives = header.split(',').map(str::trim);
    let age = directives.find_map(|one| one.strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    age.and_then(TimeDelta::try_seconds).map_or(KEPT, |age| age.clamp(PAUSE, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_as_long_as_their_answer_says() {
        for (header, seconds) in [
            ("public, max-age=19302, must-revalidate, no-transform", 19_302),
            ("max-age=0", 60),
            ("max-age=31536000", 86_400),
            ("max-age=soon", 3_600),
            ("s-maxage=10", 3_600),
            ("", 3_600),
        ] {
            assert_eq!(kept(header).num_seconds(), seconds, "{header}");
        }
    }
}
