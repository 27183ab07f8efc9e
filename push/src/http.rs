//! Where the services are, and one request to them.
//!
//! Never repeats a request, and never sends a key in the clear to another machine.

use std::time::Duration;

use bytes::BytesMut;
use chrono::{DateTime, Utc};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, RequestBuilder, StatusCode, Url};

use crate::Error;

/// A reply may have so many bytes; a thousand receipts of Expo have about two hundred thousand.
const MAX_REPLY: usize = 4 * 1024 * 1024;

/// The longest pause that is believed.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For the whole reply, from the beginning.
    pub reply: Duration,
}

impl Default for Timeouts {
    /// 3 s and 10 s.
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), reply: Duration::from_secs(10) }
    }
}

/// Where a service is.
#[derive(Debug, Clone)]
pub struct Endpoint {
    base_url: String,
    timeouts: Timeouts,
    authority: Option<String>,
}

impl Endpoint {
    /// `base_url` such as [`crate::expo::EXPO`]: `https:`, or `http:` on this machine.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into(), timeouts: Timeouts::default(), authority: None }
    }

    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Trusts the certificate authority `pem`, and no other.
    #[must_use]
    pub fn trusting(mut self, pem: impl Into<String>) -> Self {
        self.authority = Some(pem.into());
        self
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Versions {
    /// What the server prefers.
    Any,
    /// HTTP/2 and nothing else, as TLS says beforehand (ALPN `h2`).
    Two,
}

/// What a lost answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nobody gets anything: it may be asked again.
    Asks,
    /// Somebody may have got it.
    Sends,
}

/// Connections to one service; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    base: Url,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    pub fn new(endpoint: &Endpoint, versions: Versions) -> Result<Self, Error> {
        let base_url = &endpoint.base_url;
        let base =
            Url::parse(base_url).map_err(|error| Error::misconfigured(format!("{base_url}: {error}")))?;
        let local = base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        if base.cannot_be_a_base() || !(base.scheme() == "https" || (base.scheme() == "http" && local)) {
            return Err(Error::misconfigured(format!("{base_url} is no HTTPS address")));
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("calldocker-push/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(endpoint.timeouts.connect)
            .timeout(endpoint.timeouts.reply)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if versions == Versions::Two {
            // Apple asks that a connection is kept. A ping finds out that it is dead before a notification does.
            builder = builder
                .http2_prior_knowledge()
                .http2_keep_alive_interval(Duration::from_secs(60))
                .http2_keep_alive_timeout(endpoint.timeouts.reply)
                .http2_keep_alive_while_idle(true)
                .pool_idle_timeout(Duration::from_secs(15 * 60));
        }
        if local {
            // A proxy of the environment has another machine's loopback.
            builder = builder.no_proxy();
        }
        if let Some(pem) = &endpoint.authority {
            let authority = Certificate::from_pem(pem.as_bytes()).map_err(|error| {
                Error::misconfigured(format!("the authority is no certificate: {}", chain(&error)))
            })?;
            builder = builder.tls_certs_only([authority]);
        }
        let client = builder.build().map_err(|error| Error::misconfigured(chain(&error)))?;
        Ok(Self { client, base })
    }

    /// A POST to the base URL and `segments`, each one segment whatever characters it has.
    pub fn post(&self, segments: &[&str]) -> RequestBuilder {
        self.client.post(self.url(segments))
    }

    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

/// Sends a request once, and gives the reply, whatever its status.
pub(crate) async fn send(request: RequestBuilder, effect: Effect) -> Result<Reply, Error> {
    let mut response = request.send().await.map_err(|error| effect.lost(error))?;
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    let mut body = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(|error| effect.lost(error))? {
        body.extend_from_slice(&piece);
        if body.len() > MAX_REPLY {
            return Err(effect.unreadable(format!("the reply has more than {MAX_REPLY} bytes")));
        }
    }
    Ok(Reply { status, headers, body: body.into() })
}

impl Effect {
    fn lost(self, error: reqwest::Error) -> Error {
        let not_sent = error.is_connect() || error.is_builder();
        // The URL may have the device's token.
        let reason = chain(&error.without_url());
        if not_sent { Error::Down { reason } } else { self.unreadable(reason) }
    }

    pub fn unreadable(self, reason: String) -> Error {
        match self {
            Self::Asks => Error::Down { reason },
            Self::Sends => Error::Unanswered { reason },
        }
    }
}

impl Reply {
    /// `Retry-After`, in seconds or as a date.
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let moment = DateTime::parse_from_rfc2822(text).ok()?;
                (moment.to_utc() - now).to_std().unwrap_or(Duration::ZERO)
            }
        };
        Some(wait.min(MAX_WAIT))
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

/// A service's code, or its status where it gives none, and its words cut to a line of a log.
pub(crate) fn reason(status: StatusCode, code: Option<&str>, message: &str) -> String {
    let status = status.as_u16().to_string();
    let code = code.unwrap_or(&status);
    let words: String =
        message.chars().map(|char| if char.is_control() { ' ' } else { char }).take(200).collect();
    if words.is_empty() { code.chars().take(100).collect() } else { format!("{code}: {words}") }
}
