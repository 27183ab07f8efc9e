//! Access tokens: one for all who send, got again before it is over, by one request at a time.
//!
//! Source: Google, "Using OAuth 2.0 for Server to Server Applications" (RFC 7523).

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::ServiceAccount;
use crate::Error;
use crate::http::{self, Effect, Http, Reply, reason};

/// What the token allows.
pub const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// For how long our request is good; Google takes no more than an hour.
const REQUEST_TTL: i64 = 3600;

/// A token is got again so long before its end, or at half of its life when that is later.
const MARGIN: TimeDelta = TimeDelta::minutes(5);

/// For how long a failure is told to those who ask next, without asking Google again.
const FAILURE_KEPT: TimeDelta = TimeDelta::seconds(5);

pub(super) struct Access {
    account: ServiceAccount,
    http: Http,
    clock: Clock,
    /// Held while Google is asked, so that all who send meanwhile wait for the one answer.
    state: Mutex<State>,
}

enum State {
    Nothing,
    Held { token: String, until: DateTime<Utc> },
    Failed { error: Error, until: DateTime<Utc> },
}

/// A token, and whether it was got for this very request.
pub(super) struct Held {
    pub token: String,
    pub is_new: bool,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    /// Seconds.
    expires_in: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: String,
    error_description: String,
}

impl Access {
    pub fn new(account: ServiceAccount, http: Http, clock: Clock) -> Self {
        Self { account, http, clock, state: Mutex::new(State::Nothing) }
    }

    pub async fn token(&self) -> Result<Held, Error> {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        match &*state {
            State::Held { token, until } if now < *until => {
                return Ok(Held { token: token.clone(), is_new: false });
            }
            State::Failed { error, until } if now < *until => return Err(error.clone()),
            State::Nothing | State::Held { .. } | State::Failed { .. } => {}
        }
        // Who is dropped while he asks leaves no half answer.
        *state = State::Nothing;
        match self.ask(now).await {
            Ok(granted) => {
                let life = TimeDelta::try_seconds(granted.expires_in).unwrap_or(TimeDelta::zero());
                let until = now + (life - MARGIN).max(life / 2);
                *state = State::Held { token: granted.access_token.clone(), until };
                Ok(Held { token: granted.access_token, is_new: true })
            }
            Err(error) => {
                *state = State::Failed { error: error.clone(), until: now + FAILURE_KEPT };
                Err(error)
            }
        }
    }

    /// The token is no longer taken; the next one who asks gets another. Another one that was got meanwhile stays.
    pub async fn forget(&self, refused: &Held) {
        let mut state = self.state.lock().await;
        if matches!(&*state, State::Held { token, .. } if *token == refused.token) {
            *state = State::Nothing;
        }
    }

    async fn ask(&self, now: DateTime<Utc>) -> Result<Granted, Error> {
        let url = self.http.url(&["token"]);
        let claims = Claims {
            iss: self.account.client_email(),
            scope: SCOPE,
            aud: url.as_str(),
            iat: now.timestamp(),
            exp: now.timestamp() + REQUEST_TTL,
        };
        let assertion =
            self.account.sign(&claims).map_err(|error| Error::misconfigured(error.to_string()))?;
        let form = [("grant_type", GRANT), ("assertion", assertion.as_str())];
        let reply = http::send(self.http.post(&["token"]).form(&form), Effect::Asks).await?;
        if !reply.status.is_success() {
            return Err(self.meaning(&reply));
        }
        let granted: Granted = serde_json::from_slice(&reply.body)
            .map_err(|error| Error::down(format!("no access token: {error}")))?;
        // It goes into a header.
        let usable = !granted.access_token.is_empty()
            && granted.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        if usable { Ok(granted) } else { Err(Error::down("no access token")) }
    }

    fn meaning(&self, reply: &Reply) -> Error {
        let refusal: Refusal = serde_json::from_slice(&reply.body).unwrap_or_default();
        let code = (!refusal.error.is_empty()).then_some(refusal.error.as_str());
        let reason = reason(reply.status, code, &refusal.error_description);
        match reply.retry_after(self.clock.now()) {
            Some(wait) => Error::RetryAfter { wait, reason },
            None if reply.status == StatusCode::TOO_MANY_REQUESTS => {
                Error::RetryAfter { wait: Duration::from_secs(60), reason }
            }
            None if reply.status.is_server_error() => Error::Down { reason },
            None => Error::Misconfigured { reason },
        }
    }
}
