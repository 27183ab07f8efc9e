//! What we ask Twilio for: its REST API, version 2010-04-01.
//!
//! Owns paths, forms, replies and the meaning of failures. It must never repeat a request by itself, since a call that
//! is made twice rings twice: [`Error`] says what may be repeated, and the caller decides when.
//!
//! Base URL, credentials and time limits are given, so that the same client speaks to Twilio and to anything that
//! speaks its API. Source: Twilio's OpenAPI description (twilio-oai, `twilio_api_v2010`).

mod accounts;
mod calls;
mod conferences;
mod error;
mod form;
mod lenient;
mod messages;
mod numbers;
mod queues;
mod recordings;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

pub use accounts::{ACTIVE, Account};
pub use calls::{Call, CallFilter, CreateCall, UpdateCall};
pub use conferences::{
    Conference, ConferenceFilter, ConferenceStatus, CreateParticipant, Participant, ParticipantStatus,
    UpdateConference, UpdateParticipant,
};
pub use error::{Error, ErrorBody};
pub use messages::{CreateMessage, Message};
pub use numbers::{IncomingNumber, NumberSettings};
pub use queues::{FRONT, Queue, QueueMember};
pub use recordings::{
    CURRENT, CreateRecording, Recorded, Recording, RecordingChannels, RecordingFile, RecordingFormat,
    UpdateRecording,
};

use crate::webhook::Params;

/// Where Twilio is, outside of its regions.
pub const TWILIO: &str = "https://api.twilio.com";

/// A reply other than a file may have so many bytes; a page of a thousand calls has about one million.
const MAX_REPLY: u64 = 8 * 1024 * 1024;

/// The largest page that Twilio gives.
const MAX_PAGE: usize = 1000;

/// Who asks. Shows nothing secret when it is formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    account_sid: String,
    user: String,
    secret: String,
}

impl Credentials {
    /// The account itself, which may do everything.
    pub fn auth_token(account_sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        let account_sid = account_sid.into();
        Self { user: account_sid.clone(), account_sid, secret: auth_token.into() }
    }

    /// An API key (`SK…`) of the account.
    pub fn api_key(
        account_sid: impl Into<String>,
        key_sid: impl Into<String>,
        secret: impl Into<String>,
    ) -> Self {
        Self { account_sid: account_sid.into(), user: key_sid.into(), secret: secret.into() }
    }

    /// The account whose calls these are (`AC…`).
    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("account_sid", &self.account_sid)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How long to wait. `connect` should be the shorter one: only then is a connection that is not made
/// [`Error::Unreachable`] and not [`Error::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the whole reply, from the beginning; for a file, between two pieces of it.
    pub reply: Duration,
}

impl Default for Timeouts {
    /// 3 s and 10 s: inside the 15 s that Twilio itself waits for us.
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), reply: Duration::from_secs(10) }
    }
}

/// One account at one base URL. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client {
    /// Gives up when a whole reply takes too long.
    http: reqwest::Client,
    /// Gives up when nothing comes for too long; a file may take its time.
    files: reqwest::Client,
    base: Url,
    credentials: Credentials,
    timeouts: Timeouts,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .field("credentials", &self.credentials)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// What a request may do to Twilio's state: it decides what a lost answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Reads,
    Changes,
}

impl Effect {
    fn lost(self, error: reqwest::Error) -> Error {
        let connect = error.is_connect();
        // The URL has the account's id, and a log may go further than it should.
        let text = chain(&error.without_url());
        match self {
            Self::Reads | Self::Changes if connect => Error::Unreachable(text),
            Self::Reads => Error::Interrupted(text),
            Self::Changes => Error::Unknown(text),
        }
    }

    fn unreadable(self, text: String) -> Error {
        match self {
            Self::Reads => Error::Unreadable(text),
            Self::Changes => Error::Unknown(text),
        }
    }
}

/// An error and its causes; a transport's own words are mostly in the last one.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Client {
    /// A client of the API at `base_url`, such as [`TWILIO`]. Connects when the first request is sent.
    pub fn new(credentials: Credentials, base_url: &str, timeouts: Timeouts) -> Result<Self, Error> {
        let base = Url::parse(base_url).map_err(|error| Error::Setup(format!("{base_url}: {error}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(Error::Setup(format!("{base_url} is no HTTP URL")));
        }
        let local = base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("twilio-rust/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(timeouts.connect)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never());
            // A proxy of the environment has another machine's loopback.
            if local { builder.no_proxy() } else { builder }
        };
        let setup = |error: reqwest::Error| Error::Setup(chain(&error));
        let http = builder().timeout(timeouts.reply).build().map_err(setup)?;
        let files = builder().read_timeout(timeouts.reply).build().map_err(setup)?;
        Ok(Self { http, files, base, credentials, timeouts })
    }

    /// The account whose calls these are (`AC…`).
    pub fn account_sid(&self) -> &str {
        self.credentials.account_sid()
    }

    /// `/2010-04-01/Accounts/{AccountSid}/…`; each part is one segment, whatever characters it has.
    fn url(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["2010-04-01", "Accounts", self.account_sid()]).extend(parts);
        }
        url
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> Result<T, Error> {
        let bytes = self.send(self.http.get(url), Effect::Reads).await?;
        read(&bytes, Effect::Reads)
    }

    async fn post<T: DeserializeOwned>(&self, url: Url, form: &Params) -> Result<T, Error> {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.to_form());
        let bytes = self.send(request, Effect::Changes).await?;
        read(&bytes, Effect::Changes)
    }

    async fn delete(&self, url: Url) -> Result<(), Error> {
        self.send(self.http.delete(url), Effect::Changes).await.map(|_nothing| ())
    }

    /// At most `limit` entries of a list, following its pages. `key` is where a page has them.
    async fn list<T: DeserializeOwned>(
        &self,
        mut url: Url,
        key: &str,
        filter: &Params,
        limit: usize,
    ) -> Result<Vec<T>, Error> {
        let page_size = limit.clamp(1, MAX_PAGE).to_string();
        url.query_pairs_mut().extend_pairs(filter.pairs()).append_pair("PageSize", &page_size);
        let mut entries = Vec::new();
        let mut next = Some(url);
        while let Some(url) = next.take()
            && entries.len() < limit
        {
            let mut page: Value = self.get(url).await?;
            let found = page.get_mut(key).map(Value::take).unwrap_or_default();
            let found: Vec<T> = serde_json::from_value(found)
                .map_err(|error| Error::Unreadable(format!("{key}: {error}")))?;
            // A page with nothing on it is the last one, whatever it points to.
            next = if found.is_empty() { None } else { self.next_page(&page) };
            entries.extend(found);
        }
        entries.truncate(limit);
        Ok(entries)
    }

    /// The next page is a path, so that it cannot lead to another host, where our credentials would follow.
    fn next_page(&self, page: &Value) -> Option<Url> {
        let path = page.get("next_page_uri")?.as_str()?;
        let mut url = self.base.clone();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let prefix = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{prefix}{path}"));
        url.set_query((!query.is_empty()).then_some(query));
        path.starts_with('/').then_some(url)
    }

    /// Sends a request once, and gives the body of a successful reply.
    async fn send(&self, request: reqwest::RequestBuilder, effect: Effect) -> Result<Bytes, Error> {
        let request = request.basic_auth(&self.credentials.user, Some(&self.credentials.secret));
        let (client, request) = request.build_split();
        let request = request.map_err(|error| effect.lost(error))?;
        let (method, host) = (request.method().as_str(), request.url().host_str());
        let span = tracing::info_span!("outgoing", method, host, status = tracing::field::Empty);
        let sent = client.execute(request).instrument(span.clone()).await;
        let mut response = sent.map_err(|error| effect.lost(error))?;
        span.record("status", response.status().as_u16());
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        let mut body = BytesMut::new();
        while let Some(piece) = response.chunk().await.map_err(|error| effect.lost(error))? {
            body.extend_from_slice(&piece);
            if body.len() as u64 > MAX_REPLY {
                return Err(effect.unreadable(format!("the reply has more than {MAX_REPLY} bytes")));
            }
        }
        Ok(body.freeze())
    }
}

fn read<T: DeserializeOwned>(body: &[u8], effect: Effect) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| effect.unreadable(error.to_string()))
}

/// The meaning of a reply that is no success. The status alone decides; the body adds a code and words if it can.
async fn refusal(mut response: Response) -> Error {
    let status = response.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        return Error::RateLimited { retry_after: seconds.map(Duration::from_secs) };
    }
    if status.is_server_error() {
        return Error::Server { status: status.as_u16() };
    }
    let mut body = BytesMut::new();
    while let Ok(Some(piece)) = response.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() as u64 > MAX_REPLY {
            break;
        }
    }
    let body: Option<ErrorBody> = serde_json::from_slice(&body).ok();
    let (code, message) = body.map(|body| (body.code, body.message)).unwrap_or_default();
    let message = if message.is_empty() { status.to_string() } else { message };
    Error::Refused { status: status.as_u16(), code, message }
}
