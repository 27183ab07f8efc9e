//! `POST /api/webhooks/slack/{companyId}`: slash commands, signed by Slack with the secret of the company's own app.

use chrono::{DateTime, TimeDelta, Utc};
use entity::CompanyScope;
use hmac::{Hmac, KeyInit, Mac};
use poem::http::Method;
use poem::{Endpoint, Request, Response};
use serde_json::json;
use sha2::Sha256;

use super::{bytes, company_of, mint};
use crate::app::App;
use crate::chat_apps::{self, commands};
use crate::error::{Error, Result};
use crate::http::Failure;
use crate::http::envelope::Wording;
use crate::secret::Secret;

/// What is older is not listened to.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
const VERSION: &str = "v0";

/// Mounted at `/api/webhooks/slack`, unstripped.
pub struct SlackWebhooks {
    app: App,
}

impl SlackWebhooks {
    pub const PREFIX: &str = "/api/webhooks/slack";

    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    async fn answer(&self, request: &Request, body: &[u8]) -> Result<Response> {
        let scope = self.verify(request, body).await?;
        let field = |name: &str| {
            let mut pairs = url::form_urlencoded::parse(body);
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
        };
        let who = format!("{}/{}", field("team_id"), field("user_id"));
        let text = match commands::run(&self.app, scope, &who, &field("text")).await {
            Ok(text) => text,
            Err(error) => apology(&error)?,
        };
        let answer = json!({"response_type": "ephemeral", "text": text}).to_string();
        Ok(Response::builder().content_type("application/json").body(answer))
    }

    async fn verify(&self, request: &Request, body: &[u8]) -> Result<CompanyScope> {
        let header = |name: &str| request.header(name).unwrap_or_default();
        let scope = mint(company_of(request, Self::PREFIX).ok_or(Error::BadSignature)?);
        let secret = chat_apps::signing_secret(&self.app, scope).await?.ok_or(Error::BadSignature)?;
        let stamp = header("x-slack-request-timestamp");
        let seconds: i64 = stamp.parse().map_err(|_| Error::BadSignature)?;
        let at = DateTime::<Utc>::from_timestamp(seconds, 0).ok_or(Error::BadSignature)?;
        let fresh = (self.app.clock.now() - at).abs() <= TOLERANCE;
        if fresh && is_genuine(&secret, stamp, body, header("x-slack-signature")) {
            Ok(scope)
        } else {
            Err(Error::BadSignature)
        }
    }
}

/// What cannot be done is an answer like others; what went wrong here is not told.
fn apology(error: &Error) -> Result<String> {
    if let Error::Internal(cause) = error {
        tracing::error!(?cause, "a command of Slack's could not be done");
        return Ok("Something went wrong here. It has been noted.".to_owned());
    }
    let wording = Wording::of(error);
    let fields = wording.fields.into_iter().map(|wrong| wrong.message).collect::<Vec<_>>().join("; ");
    Ok(if fields.is_empty() { wording.message } else { format!("{} It {fields}.", wording.message) })
}

/// Whether the app's secret has signed this (`v0=` and HMAC-SHA256 in hex, over version, time and body).
fn is_genuine(secret: &Secret, stamp: &str, body: &[u8], signature: &str) -> bool {
    let Some(given) = signature.strip_prefix("v0=").and_then(|digits| hex::decode(digits).ok()) else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) else { return false };
    for part in [VERSION.as_bytes(), b":", stamp.as_bytes(), b":", body] {
        mac.update(part);
    }
    mac.verify_slice(&given).is_ok()
}

impl Endpoint for SlackWebhooks {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let _busy = self.app.clock.busy();
        if request.method() != Method::POST {
            return Err(poem::error::MethodNotAllowedError.into());
        }
        let body = bytes(&mut request).await?;
        self.answer(&request, &body).await.map_err(|error| Failure::from(error).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_s_own_example_is_genuine_and_nothing_near_it() {
        let secret = Secret::new("8f742231b10e8888abcd99yyyzzz85a5");
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
            channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=\
            https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=\
            398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let good = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        assert!(is_genuine(&secret, "1531420618", body, good));
        assert!(!is_genuine(&secret, "1531420619", body, good));
        assert!(!is_genuine(&secret, "1531420618", &body[1..], good));
        assert!(!is_genuine(&Secret::new("another"), "1531420618", body, good));
        for bad in ["", "v0=", "v1=a2114d57", &good[..good.len() - 2], &good[3..], "v0=zz"] {
            assert!(!is_genuine(&secret, "1531420618", body, bad), "{bad}");
        }
    }
}
