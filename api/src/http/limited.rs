//! Follows each request from its first byte to its answer: from where it comes, how often, and what it has changed. What is
//! known of who sends it is [`crate::authz::Can`]'s to say.

use std::collections::HashSet;
use std::net::IpAddr;

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, Middleware, Request, Response};

use super::envelope::Failure;
use super::spec::Spec;
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::audit;
use crate::identity::trail::Trail;
use crate::limits::Count;
use crate::webhooks::twilio::TwilioWebhooks;

const FORWARDED_FOR: &str = "X-Forwarded-For";
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// The layer around the envelope: gives the request its trail, and when it is answered tells the client how it stands and the
/// audit what was changed.
pub struct Follow {
    pub app: App,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Follow {
    type Output = Followed<E>;

    fn transform(&self, inner: E) -> Followed<E> {
        Followed { inner, app: self.app.clone() }
    }
}

pub struct Followed<E> {
    inner: E,
    app: App,
}

impl<E: Endpoint<Output = Response>> Endpoint for Followed<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let _busy = self.app.clock.busy();
        let address = address(&request, self.app.settings.trusted_proxies);
        let trail = Trail::new(request.method().as_str(), request.uri().path(), address);
        trail
            .clone()
            .behind(async {
                let mut response = self.inner.call(request).await?;
                if response.status().is_success()
                    && let Err(error) = audit::note_request(&self.app, &trail).await
                {
                    tracing::error!(?error, path = trail.path, "a change is not in the audit");
                }
                if let Some(count) = trail.count() {
                    tell(&mut response, count);
                }
                Ok(response)
            })
            .await
    }
}

/// Whom the outermost proxy that we trust has spoken for; without one, who has connected.
fn address(request: &Request, trusted_proxies: usize) -> Option<IpAddr> {
    let connected = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
    if trusted_proxies == 0 {
        return connected;
    }
    let headers = request.headers().get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<_> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    let place = chain.len().checked_sub(trusted_proxies);
    place.and_then(|place| chain[place].parse().ok()).or(connected)
}

/// As draft 3 of RateLimit header fields for HTTP has them, which most clients know.
fn tell(response: &mut Response, count: Count) {
    let seconds = count.reset.as_millis().div_ceil(1000);
    let seconds = HeaderValue::from_str(&seconds.to_string());
    let headers = response.headers_mut();
    headers.insert(LIMIT, count.limit.into());
    headers.insert(REMAINING, count.remaining.into());
    if let Ok(seconds) = seconds {
        headers.insert(RESET, seconds);
    }
}

/// The layer that counts who has no credentials, or bad ones, by his address. Nobody whose credentials are good is refused by
/// it, whoever else shares his address.
pub struct Limit {
    app: App,
    /// Method and path of what anybody may call.
    public: HashSet<(String, String)>,
}

impl Limit {
    pub fn new(app: &App, spec: &Spec) -> Self {
        let public = spec.operations().into_iter().filter(|operation| operation.permission.is_none());
        let public = public.map(|operation| (operation.method.to_owned(), operation.path.to_owned()));
        Self { app: app.clone(), public: public.collect() }
    }
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Limit {
    type Output = Limited<E>;

    fn transform(&self, inner: E) -> Limited<E> {
        Limited { inner, app: self.app.clone(), public: self.public.clone() }
    }
}

pub struct Limited<E> {
    inner: E,
    app: App,
    public: HashSet<(String, String)>,
}

impl<E: Endpoint<Output = Response>> Endpoint for Limited<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let path = request.uri().path();
        if !path.starts_with("/api/") || path.starts_with(TwilioWebhooks::PREFIX) {
            return self.inner.call(request).await;
        }
        let public = self.public.contains(&(request.method().to_string(), path.to_owned()));
        if public || !request.headers().contains_key(header::AUTHORIZATION) {
            self.count().await.map_err(Failure)?;
            return self.inner.call(request).await;
        }
        let answer = self.inner.call(request).await;
        if let Err(error) = &answer
            && matches!(error.downcast_ref(), Some(Failure(Error::Unauthorized { .. })))
        {
            self.count().await.map_err(Failure)?;
        }
        answer
    }
}

impl<E> Limited<E> {
    async fn count(&self) -> Result<()> {
        let Some(trail) = Trail::current() else { return Ok(()) };
        let Some(from) = trail.from() else { return Ok(()) };
        let Some(count) = self.app.limiter.count(self.app.limits.address, &from, self.app.clock.now()).await
        else {
            return Ok(());
        };
        trail.counted(count);
        count.allows()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(forwarded: &[&str], trusted_proxies: usize) -> Option<String> {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header(FORWARDED_FOR, *value);
        }
        address(&request.finish(), trusted_proxies).map(|address| address.to_string())
    }

    #[test]
    fn only_what_our_own_proxies_say_is_believed() {
        let forged = ["6.6.6.6, 192.0.2.7", "10.0.0.2"];
        assert_eq!(from(&forged, 0), None, "nobody has connected");
        assert_eq!(from(&forged, 1).as_deref(), Some("10.0.0.2"));
        assert_eq!(from(&forged, 2).as_deref(), Some("192.0.2.7"));
        assert_eq!(from(&["nonsense"], 1), None);
        assert_eq!(from(&["192.0.2.7"], 2), None, "a proxy is missing");
    }
}
