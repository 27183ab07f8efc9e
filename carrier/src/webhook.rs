//! Requests to the customer's application: signed, retried, redirected and limited in time as Twilio does it.
//!
//! Owns the wire. Knows nothing of calls; what a reply means is the interpreter's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clock::Busy;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::{StatusCode, Url};
use twilio::signature::{Channel, sign, url_as_signed};

use crate::faults::{Dice, WebhookEffect};
use crate::script::seconds;
use crate::twiml::{DOCUMENT_LIMIT, Failure, Link, Method};

/// Twilio follows so many redirects and then fails with 11215.
const REDIRECTS: usize = 10;

pub(crate) type Params = Vec<(String, String)>;

/// A reply with a 2xx status.
pub(crate) struct Reply {
    pub status: u16,
    /// Lower case, without parameters; empty when the header is absent.
    pub content_type: String,
    pub body: String,
    /// Where it came from in the end: relative addresses in it start there.
    pub url: String,
}

/// What came of a request for TwiML.
pub(crate) struct Fetched {
    pub result: Result<Reply, Failure>,
    /// How long a fault lets it take on the clock.
    pub delay: Duration,
}

/// One attempt at a request for TwiML or at a callback, as the carrier saw it.
#[derive(Clone, Copy, Debug)]
pub struct WebhookTiming<'a> {
    /// Without its fragment.
    pub url: &'a str,
    /// From before the request is sent until its reply is read, in the machine's time; redirects included.
    pub took: Duration,
    pub result: WebhookResult,
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookResult {
    /// 2xx.
    Answered,
    /// Another status, or no reply at all.
    Failed,
}

/// Hears of every attempt. It is called by the task that made the attempt, so it should be quick.
pub type WebhookWatch = Arc<dyn Fn(WebhookTiming<'_>) + Send + Sync>;

/// Tells the watch when it is dropped.
struct Stopwatch<'a> {
    watch: &'a WebhookWatch,
    url: &'a str,
    began: Instant,
    result: WebhookResult,
}

impl Drop for Stopwatch<'_> {
    fn drop(&mut self) {
        let Self { watch, url, began, result } = self;
        watch(WebhookTiming { url, took: began.elapsed(), result: *result });
    }
}

/// The one HTTP client, and what it signs with.
pub(crate) struct Client {
    http: reqwest::Client,
    token: String,
    /// The hard limit of a request with all its retries.
    limit: Duration,
    watch: Option<WebhookWatch>,
}

/// Retry policy of a URL's fragment, `#rc=2&rp=5xx,ct&rt=3000&tt=9000`.
#[derive(Debug, PartialEq, Eq)]
struct Policy {
    retries: u32,
    on: Vec<String>,
    read: Option<Duration>,
    total: Option<Duration>,
}

impl Policy {
    fn of(url: &str) -> Result<Self, Failure> {
        let mut policy = Self { retries: 1, on: vec!["ct".into()], read: None, total: None };
        let Some((_, fragment)) = url.split_once('#') else { return Ok(policy) };
        let invalid = |what: &str| Failure::new(11243, format!("invalid connection override {what}"));
        for (name, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            let number = || value.parse::<u64>().map_err(|_| invalid(&format!("{name}={value}")));
            match name {
                "rc" => policy.retries = u32::try_from(number()?.min(5)).unwrap_or(5),
                "rp" => {
                    policy.on = value.split(',').map(str::to_owned).collect();
                    if !policy.on.iter().all(|p| matches!(p.as_str(), "4xx" | "5xx" | "ct" | "rt" | "all")) {
                        return Err(invalid(&format!("rp={value}")));
                    }
                }
                "rt" => policy.read = Some(Duration::from_millis(number()?.clamp(100, 15_000))),
                "tt" => policy.total = Some(Duration::from_millis(number()?.clamp(100, 15_000))),
                // ct is the machine's connect timeout here, since all is on loopback; sni and e mean nothing on it.
                _ => {}
            }
        }
        Ok(policy)
    }

    fn retries(&self, class: &str) -> bool {
        self.on.iter().any(|p| p == class || p == "all")
    }
}

/// A request with what all its attempts have in common.
struct Errand<'a> {
    link: &'a Link,
    params: &'a Params,
    channel: Channel,
    /// Tells the receiver which attempts are the same request.
    token: String,
    /// For one reply.
    patience: Duration,
}

/// A failed attempt, and the class by which a policy retries it.
struct Attempt {
    class: &'static str,
    failure: Failure,
}

impl Client {
    pub(crate) fn new(token: String, limit: Duration, watch: Option<WebhookWatch>) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5).min(limit))
            .user_agent("TwilioProxy/1.1")
            .build()?;
        Ok(Self { http, token, limit, watch })
    }

    /// Sends a request of a voice call. The caller holds a [`Busy`] guard meanwhile, and then waits for the delay.
    pub(crate) async fn fetch(&self, dice: &Dice, link: &Link, params: &Params) -> Fetched {
        let policy = match Policy::of(&link.url) {
            Ok(policy) => policy,
            Err(failure) => return Fetched { result: Err(failure), delay: Duration::ZERO },
        };
        let mut delay = Duration::ZERO;
        let result = match dice.webhook(&link.url) {
            None => self.attempts(&policy, link, params, Channel::Voice).await,
            Some(WebhookEffect::Double) => {
                // The first of the two has its effect at the customer's; nobody reads its answer.
                drop(self.attempts(&policy, link, params, Channel::Voice).await);
                self.attempts(&policy, link, params, Channel::Voice).await
            }
            Some(WebhookEffect::Unreachable) => {
                Err(Failure::new(11205, "HTTP connection failure (injected)"))
            }
            Some(WebhookEffect::Slow(by)) => {
                let result = self.attempts(&policy, link, params, Channel::Voice).await;
                let limit = policy.total.unwrap_or(self.limit).min(self.limit);
                delay = seconds(by).min(limit);
                if delay < limit {
                    result
                } else {
                    Err(Failure::new(11200, "HTTP retrieval failure: timeout (injected)"))
                }
            }
        };
        Fetched { result, delay }
    }

    /// Sends a status callback; no faults of webhooks, since those of callbacks are decided before.
    pub(crate) async fn deliver(
        &self,
        link: &Link,
        params: &Params,
        channel: Channel,
    ) -> Result<Reply, Failure> {
        self.attempts(&Policy::of(&link.url)?, link, params, channel).await
    }

    async fn attempts(
        &self,
        policy: &Policy,
        link: &Link,
        params: &Params,
        channel: Channel,
    ) -> Result<Reply, Failure> {
        let limit = policy.total.unwrap_or(self.limit).min(self.limit);
        let token = format!("{:032x}", rand::random::<u128>());
        let errand = Errand { link, params, channel, token, patience: policy.read.unwrap_or(limit) };
        // The machine's time, not the clock's: the guard is held, so the simulated clock stands still meanwhile.
        let all = async {
            let mut left = policy.retries;
            loop {
                match self.watched(&errand).await {
                    Ok(reply) => return Ok(reply),
                    Err(attempt) if left > 0 && policy.retries(attempt.class) => left -= 1,
                    Err(attempt) => return Err(attempt.failure),
                }
            }
        };
        tokio::time::timeout(limit, all).await.unwrap_or_else(|_| {
            Err(Failure::new(11200, format!("HTTP retrieval failure: no reply within {limit:?}")))
        })
    }

    /// One attempt, of which the watch is told also when the limit of all attempts cuts it off.
    async fn watched(&self, errand: &Errand<'_>) -> Result<Reply, Attempt> {
        let Some(watch) = &self.watch else { return self.follow(errand).await };
        let url = errand.link.url.split('#').next().unwrap_or_default();
        let mut stopwatch = Stopwatch { watch, url, began: Instant::now(), result: WebhookResult::Failed };
        let attempt = self.follow(errand).await;
        if attempt.is_ok() {
            stopwatch.result = WebhookResult::Answered;
        }
        attempt
    }

    /// One attempt with its redirects.
    async fn follow(&self, errand: &Errand<'_>) -> Result<Reply, Attempt> {
        let mut url = errand.link.url.clone();
        let mut method = errand.link.method;
        for _ in 0..=REDIRECTS {
            let response = self.send(errand, &url, method).await?;
            let status = response.status();
            if !status.is_redirection() {
                return finish(url, response).await;
            }
            let location = header(response.headers(), LOCATION.as_str());
            url = resolve(Some(&url), &location).map_err(|failure| Attempt { class: "4xx", failure })?;
            // As browsers do it: only 307 and 308 keep the method.
            if !matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                method = Method::Get;
            }
        }
        Err(Attempt { class: "4xx", failure: Failure::new(11215, "HTTP too many redirects") })
    }

    async fn send(
        &self,
        errand: &Errand<'_>,
        url: &str,
        method: Method,
    ) -> Result<reqwest::Response, Attempt> {
        let target = match method {
            Method::Post => url.split('#').next().unwrap_or_default().to_owned(),
            Method::Get => with_query(url, errand.params),
        };
        let parsed = Url::parse(&target).map_err(|e| Attempt {
            class: "4xx",
            failure: Failure::new(11100, format!("Invalid URL format {url}: {e}")),
        })?;
        let (request, signed) = match method {
            Method::Post => (self.http.post(parsed).form(errand.params), errand.params.as_slice()),
            Method::Get => (self.http.get(parsed), &[][..]),
        };
        let signature = sign(&self.token, &url_as_signed(&target, errand.channel), signed);
        request
            .timeout(errand.patience)
            .header("X-Twilio-Signature", signature)
            .header("I-Twilio-Idempotency-Token", &errand.token)
            .header("Accept", "*/*")
            .send()
            .await
            .map_err(|e| {
                let (class, code) =
                    if e.is_timeout() && !e.is_connect() { ("rt", 11200) } else { ("ct", 11205) };
                Attempt { class, failure: Failure::new(code, format!("{url}: {e}")) }
            })
    }

    /// A file from loopback; `None` for all other addresses, which are never asked.
    pub(crate) async fn loopback_file(&self, url: &str) -> Option<Vec<u8>> {
        let parsed = Url::parse(url).ok()?;
        let near = match parsed.host()? {
            url_host if url_host.to_string() == "localhost" => true,
            url_host => {
                let host = url_host.to_string();
                host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        };
        if !near {
            return None;
        }
        let response = self.http.get(parsed).timeout(self.limit).send().await.ok()?;
        Some(response.error_for_status().ok()?.bytes().await.ok()?.to_vec())
    }
}

async fn finish(url: String, response: reqwest::Response) -> Result<Reply, Attempt> {
    let status = response.status();
    if !status.is_success() {
        let class = if status.is_client_error() { "4xx" } else { "5xx" };
        let failure =
            Failure::new(11200, format!("HTTP retrieval failure: {url} answered {}", status.as_u16()));
        return Err(Attempt { class, failure });
    }
    let content_type = header(response.headers(), CONTENT_TYPE.as_str());
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let broken =
        |e: reqwest::Error| Attempt { class: "rt", failure: Failure::new(11206, format!("{url}: {e}")) };
    // An audio file's address is all that is needed of it.
    let body = if content_type.starts_with("audio/") {
        String::new()
    } else {
        let bytes = response.bytes().await.map_err(broken)?;
        if bytes.len() > DOCUMENT_LIMIT * 4 {
            let failure = Failure::new(11750, format!("response body of {} bytes is too large", bytes.len()));
            return Err(Attempt { class: "4xx", failure });
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Reply { status: status.as_u16(), content_type, body, url })
}

/// Lets the guard go while the clock is waited for, but not before the waiting has begun.
pub(crate) async fn released(busy: &mut Option<Busy>, sleep: impl Future<Output = Busy>) -> Busy {
    tokio::select! {
        biased;
        guard = sleep => guard,
        () = async { *busy = None; std::future::pending::<()>().await } => unreachable!("pending for ever"),
    }
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// The URL with the parameters in its query and without its fragment.
fn with_query(url: &str, params: &Params) -> String {
    let url = url.split('#').next().unwrap_or_default();
    if params.is_empty() {
        return url.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let joint = if url.contains('?') { '&' } else { '?' };
    format!("{url}{joint}{query}")
}

/// An address in a document that came from `base`. An absolute one stays as it is written, byte for byte: it is what
/// gets signed.
pub(crate) fn resolve(base: Option<&str>, url: &str) -> Result<String, Failure> {
    let invalid = |why: &str| Failure::new(11100, format!("Invalid URL format \"{url}\": {why}"));
    if url.starts_with("http://") || url.starts_with("https://") {
        return match Url::parse(url) {
            Ok(_) => Ok(url.to_owned()),
            Err(e) => Err(invalid(&e.to_string())),
        };
    }
    let base = base.ok_or_else(|| invalid("a document without an address can only name absolute ones"))?;
    let base = Url::parse(base).map_err(|e| invalid(&e.to_string()))?;
    let joined = base.join(url).map_err(|e| invalid(&e.to_string()))?;
    match joined.scheme() {
        "http" | "https" => Ok(joined.into()),
        other => Err(invalid(&format!("{other} is not http"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_from_the_fragment() {
        let policy = Policy::of("http://a/v#rc=2&rp=5xx,rt&tt=9000").expect("a policy");
        assert_eq!((policy.retries, policy.total), (2, Some(Duration::from_secs(9))));
        assert!(policy.retries("5xx") && policy.retries("rt") && !policy.retries("ct"));
        assert_eq!(Policy::of("http://a/v").expect("the default").on, ["ct"]);
        assert_eq!(Policy::of("http://a/v#rp=sometimes").expect_err("invalid").code, 11243);
    }

    #[test]
    fn relative_addresses_start_at_their_document() {
        assert_eq!(resolve(Some("http://a/x/y?s=1"), "z?t=2").ok().as_deref(), Some("http://a/x/z?t=2"));
        assert_eq!(resolve(Some("http://a/x/y"), "/q#rc=2").ok().as_deref(), Some("http://a/q#rc=2"));
        assert_eq!(resolve(None, "http://b:1/%7Eq?a='").ok().as_deref(), Some("http://b:1/%7Eq?a='"));
        assert_eq!(resolve(None, "/q").expect_err("no base").code, 11100);
        assert_eq!(resolve(Some("http://a/"), "ftp://b/").expect_err("no http").code, 11100);
    }
}
