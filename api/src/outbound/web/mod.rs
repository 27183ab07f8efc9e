//! The one HTTP client for addresses that a tenant gave: requests of flows, and whatever else goes where a tenant says.
//!
//! It reaches the public internet and the hosts that OUTBOUND_ALLOW names, nothing else, whatever an address looks like
//! and whatever its name resolves to. It follows no redirects, reads bounded answers in bounded time, keeps no
//! connections, and tells nothing of an address in its errors: there may be a secret in it.

mod address;
mod lanes;
mod names;

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url, redirect};
use tracing::Instrument;
use url::Host;

use crate::error::{Error, Result};
use address::is_reachable;
use names::GuardedNames;

pub use lanes::{Lane, Lanes};
pub use names::NamesOf;

/// Largest answer that is read.
pub const MAX_ANSWER: usize = 64 * 1024;

/// The hosts to which the rule does not apply: `host` for each of its ports, or `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed(Vec<(String, Option<u16>)>);

impl Allowed {
    /// A list with commas: `localhost:8080, crm.internal, [::1]:9000`.
    ///
    /// # Errors
    /// The entry that is none.
    pub fn read(list: &str) -> Result<Self, String> {
        let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        let hosts = entries.map(|entry| -> Result<_, String> {
            let url = Url::parse(&format!("http://{entry}/")).map_err(|_| entry.to_owned())?;
            let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
            let host = url.host_str().filter(|_| plain).ok_or_else(|| entry.to_owned())?;
            // The address drops a port that is its scheme's own.
            let port = url.port().or_else(|| entry.ends_with(":80").then_some(80));
            Ok((host.to_owned(), port))
        });
        hosts.collect::<Result<_, _>>().map(Self)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, url: &Url) -> bool {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
        self.0.iter().any(|(allowed, at)| allowed == host && (at.is_none() || *at == port))
    }
}

/// What is to be sent. It may hold secrets, and so it shows nothing.
pub struct Sending {
    pub method: Method,
    pub url: String,
    pub headers: BTreeMap<String, String>,
    pub body: Option<Bytes>,
    /// From the first look at the name to the last byte of the answer.
    pub timeout: Duration,
}

/// An answer, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// When to ask again, as it was said ([`super::again`]).
    pub retry_after: Option<String>,
    /// At most [`MAX_ANSWER`] bytes.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no address of http or https, or one that may not be reached.
    AddressRefused,
    /// A header that cannot be sent.
    BadHeader,
    /// No such host, nobody there, or it broke off.
    NoAnswer,
    TimedOut,
    /// The answer is larger than [`MAX_ANSWER`].
    AnswerTooLarge,
}

impl Fault {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AddressRefused => "addressRefused",
            Self::BadHeader => "badHeader",
            Self::NoAnswer => "noAnswer",
            Self::TimedOut => "timedOut",
            Self::AnswerTooLarge => "answerTooLarge",
        }
    }
}

pub struct Web {
    guarded: Client,
    names: GuardedNames,
    /// For the allowed hosts only.
    open: Client,
    allowed: Allowed,
    /// Where this server is reached itself.
    own_host: Option<String>,
}

impl Web {
    pub fn new(public_url: &str, allowed: Allowed) -> Result<Self> {
        let names = GuardedNames { look_up: names::system(), may_be_reached: is_reachable };
        Self::with(names, public_url, allowed)
    }

    fn with(names: GuardedNames, public_url: &str, allowed: Allowed) -> Result<Self> {
        let client = || {
            Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .referer(false)
                .pool_max_idle_per_host(0)
                .user_agent(concat!("CallDocker/", env!("CARGO_PKG_VERSION")))
        };
        let built = |client: reqwest::ClientBuilder| {
            client.build().map_err(|cause| Error::internal("make an HTTP client", cause))
        };
        let own_host = Url::parse(public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
        Ok(Self {
            guarded: built(client().dns_resolver(Arc::new(names.clone())))?,
            names,
            open: built(client())?,
            allowed,
            own_host,
        })
    }

    /// Sends a request once.
    pub async fn send(&self, sending: Sending) -> Result<Answer, Fault> {
        let url = Url::parse(&sending.url).map_err(|_| Fault::AddressRefused)?;
        let client = self.client_for(&url)?;
        // The host alone: there may be a secret in the rest.
        let (method, host) = (sending.method.to_string(), url.host_str().unwrap_or_default().to_owned());
        let mut request = client.request(sending.method, url).headers(headers(sending.headers)?);
        if let Some(body) = sending.body {
            request = request.body(body);
        }
        let span = tracing::info_span!("outgoing", method, host, status = tracing::field::Empty);
        let answered = async {
            let response = request.send().await.map_err(|error| fault(&error))?;
            let status = response.status().as_u16();
            tracing::Span::current().record("status", status);
            let retry_after = response.headers().get(RETRY_AFTER);
            let retry_after = retry_after.and_then(|header| header.to_str().ok()).map(str::to_owned);
            Ok::<_, Fault>(Answer { status, retry_after, body: read(response).await? })
        };
        let answered = tokio::time::timeout(sending.timeout, answered).instrument(span);
        answered.await.unwrap_or(Err(Fault::TimedOut))
    }

    /// Whether something private may be sent there: by https, or to an allowed host. What a name resolves to is not
    /// looked at before it is.
    pub fn is_private_enough(&self, url: &Url) -> bool {
        self.client_for(url).is_ok() && (url.scheme() == "https" || self.allowed.has(url))
    }

    /// Where a host of a tenant's is reached by a protocol of its own. Whoever connects does so to one of these, and looks the
    /// name up no more.
    ///
    /// # Errors
    /// A host that may not be reached, or whose name has no address.
    pub async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Fault> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let url = Url::parse(&format!("http://{host}:{port}/")).map_err(|_| Fault::AddressRefused)?;
        // What is read as something else than it looks like is no host.
        if !url.host_str().is_some_and(|read| read.eq_ignore_ascii_case(&host)) {
            return Err(Fault::AddressRefused);
        }
        self.client_for(&url)?;
        let found = match url.host() {
            Some(Host::Ipv4(v4)) => vec![v4.into()],
            Some(Host::Ipv6(v6)) => vec![v6.into()],
            Some(Host::Domain(name)) if self.allowed.has(&url) => {
                let found = (self.names.look_up)(name.to_owned()).await.map_err(|_| Fault::NoAnswer)?;
                found.iter().map(SocketAddr::ip).collect()
            }
            Some(Host::Domain(name)) => self.names.addresses(name.to_owned()).await?,
            None => return Err(Fault::AddressRefused),
        };
        Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
    }

    /// What looks names up for who connects by himself to `url`, a tenant's: only what may be reached is found, and the
    /// host of `url` whatever it is, where it is allowed.
    ///
    /// # Errors
    /// An address to which nothing private may be sent.
    pub fn names_for(&self, url: &Url) -> Result<NamesOf, Fault> {
        if !self.is_private_enough(url) {
            return Err(Fault::AddressRefused);
        }
        let allowed = url.host_str().filter(|_| self.allowed.has(url)).map(str::to_owned);
        Ok(NamesOf { names: self.names.clone(), allowed })
    }

    /// An address in numbers is checked here, whatever way it was written (a decimal, octal or hexadecimal one has become
    /// four parts by now); a name when it is resolved.
    fn client_for(&self, url: &Url) -> Result<&Client, Fault> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Fault::AddressRefused);
        }
        if self.allowed.has(url) {
            return Ok(&self.open);
        }
        let host = url.host_str().map(|host| host.trim_end_matches('.'));
        if host.is_some() && host == self.own_host.as_deref() {
            return Err(Fault::AddressRefused);
        }
        let may = match url.host() {
            Some(Host::Domain(_)) => true,
            Some(Host::Ipv4(v4)) => is_reachable(v4.into()),
            Some(Host::Ipv6(v6)) => is_reachable(v6.into()),
            None => false,
        };
        if may { Ok(&self.guarded) } else { Err(Fault::AddressRefused) }
    }
}

fn headers(texts: BTreeMap<String, String>) -> Result<HeaderMap, Fault> {
    let header = |(name, value): (String, String)| {
        let mut value = HeaderValue::from_str(&value).map_err(|_| Fault::BadHeader)?;
        value.set_sensitive(true);
        Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| Fault::BadHeader)?, value))
    };
    texts.into_iter().map(header).collect()
}

async fn read(mut response: Response) -> Result<Bytes, Fault> {
    let too_large = response.content_length().is_some_and(|length| length > MAX_ANSWER as u64);
    if too_large {
        return Err(Fault::AnswerTooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Fault::AnswerTooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

fn fault(error: &reqwest::Error) -> Fault {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<names::Refused>() {
            return Fault::AddressRefused;
        }
        cause = inner.source();
    }
    if error.is_timeout() { Fault::TimedOut } else { Fault::NoAnswer }
}

#[cfg(test)]
mod tests;
