//! The look-alike's control API as a caller's telephone. The carrier crate's README lists the requests.

use std::time::Duration;

use carrier::{CallStatus, Line, NewCall};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use twilio::rest::{Client, Credentials, Timeouts};

use crate::cli::look_alike;
use crate::config::{Settings, TwilioAccount};
use crate::error::{Error, Result};

/// How long one request for lines waits for some.
const LONG_POLL: Duration = Duration::from_secs(20);
/// More than the look-alike ever takes.
const PATIENCE: Duration = Duration::from_secs(40);
/// Numbers in service that are asked for.
const NUMBERS: usize = 200;
/// Parties of a conference that are asked for.
const PARTIES: usize = 20;

pub struct Phone {
    http: reqwest::Client,
    base: String,
    account: TwilioAccount,
    rest: Client,
}

/// What is new about a call.
#[derive(Deserialize)]
pub struct News {
    pub status: CallStatus,
    pub ended: bool,
    pub lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Placed {
    sid: String,
}

impl Phone {
    /// The look-alike that the settings lead to.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find(settings: &Settings) -> Result<Self> {
        let base = look_alike::address(settings);
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .map_err(|cause| Error::internal("prepare requests", cause))?;
        // Asked without credentials: whatever else listens there must not get them.
        let health = http.get(format!("{base}/carrier/health")).send().await;
        if !health.is_ok_and(|reply| reply.status() == StatusCode::OK) {
            return Err(Error::internal(
                "find the look-alike",
                format!(
                    "none answers at {base}; start `calldocker serve` without TWILIO_ACCOUNT_SID, or \
                     `calldocker carrier` (CARRIER_PORT and DATA_DIR have to be the same here)"
                ),
            ));
        }
        let account = look_alike::known_account(settings)?;
        let credentials = Credentials::auth_token(&account.account_sid, account.auth_token.expose());
        let rest = Client::new(credentials, &base, Timeouts::default())
            .map_err(|cause| Error::internal("TWILIO_API_URL", cause))?;
        Ok(Self { http, base, account, rest })
    }

    /// # Errors
    /// When nobody has the number; says which numbers somebody has.
    pub async fn must_be_in_service(&self, number: &str) -> Result<()> {
        let numbers = self.rest.list_incoming_numbers(None, NUMBERS).await;
        let numbers = numbers.map_err(|cause| match cause {
            twilio::rest::Error::Refused { status: 401, .. } => self.unauthorized(),
            cause => Error::internal("ask for the numbers in service", cause),
        })?;
        if numbers.iter().any(|known| known.phone_number == number) {
            return Ok(());
        }
        let mut known: Vec<_> = numbers.into_iter().map(|known| known.phone_number).collect();
        known.sort();
        let hint = if known.is_empty() {
            "no number is: does the server run, and does it have a company with a number?".to_owned()
        } else {
            format!("these are: {}", known.join(", "))
        };
        Err(Error::internal(format!("{number} is not in service"), hint))
    }

    /// Places a call; its id.
    pub async fn call(&self, call: &NewCall) -> Result<String> {
        let request = self.http.post(format!("{}/carrier/calls", self.base)).json(&json!(call));
        Ok(self.ask::<Placed>(request).await?.sid)
    }

    /// Sends a text message.
    pub async fn text(&self, from: &str, to: &str, body: &str) -> Result<()> {
        let message = json!({ "from": from, "to": to, "body": body });
        self.send(self.http.post(format!("{}/carrier/messages", self.base)).json(&message)).await.map(drop)
    }

    /// The lines after number `after`; waits for some, or for the end, for a while.
    pub async fn lines(&self, sid: &str, after: usize) -> Result<News> {
        let query = [("after", after.to_string()), ("wait", LONG_POLL.as_secs().to_string())];
        self.ask(self.http.get(format!("{}/carrier/calls/{sid}/transcript", self.base)).query(&query)).await
    }

    pub async fn hang_up(&self, sid: &str) -> Result<()> {
        self.send(self.http.post(format!("{}/carrier/calls/{sid}/hangup", self.base))).await.map(drop)
    }

    /// The addresses of those who are in a conference with this call.
    pub async fn others_in(&self, room: &str, sid: &str) -> Result<Vec<String>> {
        let failed = |cause| Error::internal("ask who is in the conference", cause);
        let parties = self.rest.list_participants(room, PARTIES).await.map_err(failed)?;
        let mut others = Vec::new();
        for party in parties.into_iter().filter(|party| party.call_sid != sid) {
            let call = self.rest.fetch_call(&party.call_sid).await.map_err(failed)?;
            others.push(call.to);
        }
        Ok(others)
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T> {
        let reply = self.send(request).await?;
        reply.json().await.map_err(|cause| Error::internal("read the look-alike's answer", cause))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let (user, password) = (&self.account.account_sid, self.account.auth_token.expose());
        let reply =
            request.basic_auth(user, Some(password)).send().await.map_err(|cause| {
                Error::internal(format!("the look-alike at {} has gone", self.base), cause)
            })?;
        match reply.status() {
            StatusCode::UNAUTHORIZED => Err(self.unauthorized()),
            status if status.is_success() => Ok(reply),
            status => {
                let said = reply.text().await.unwrap_or_default();
                Err(Error::internal(format!("the look-alike answered {status}"), said))
            }
        }
    }

    fn unauthorized(&self) -> Error {
        Error::internal(
            format!("the look-alike at {} does not accept the token", self.base),
            "DATA_DIR, or TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, have to be those that it was started with",
        )
    }
}
