//! A customer's application of a few lines, a carrier, and the simulated clock that both live by.
#![allow(dead_code, reason = "each test file uses its part")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use carrier::{CallHandle, Carrier, Faults, Line, LineKind, NewCall, NewNumber, Script, Settings, Step};
use clock::Clock;
use hmac::{Hmac, KeyInit, Mac};
use poem::listener::{Acceptor, Listener};
use poem::{Endpoint, Request, Response};
use serde_json::Value;
use sha1::Sha1;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// The customer's number.
pub const OFFICE: &str = "+15550100000";
/// Somebody who calls it.
pub const ANN: &str = "+15550199001";

/// A request that the customer's application got.
#[derive(Clone, Debug)]
pub struct Hook {
    pub method: String,
    pub path: String,
    pub query: String,
    pub params: HashMap<String, String>,
    pub token: String,
    pub signed: bool,
    pub at: chrono::DateTime<chrono::Utc>,
}

impl Hook {
    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
}

/// What it answers.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    pub content_type: &'static str,
    pub body: Vec<u8>,
    pub location: Option<String>,
}

pub fn twiml(verbs: &str) -> Answer {
    Answer {
        status: 200,
        content_type: "text/xml",
        body: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>").into(),
        location: None,
    }
}

pub fn failing(status: u16) -> Answer {
    Answer { status, content_type: "text/plain", body: "broken".into(), location: None }
}

pub fn plain(content_type: &'static str, body: &str) -> Answer {
    Answer { status: 200, content_type, body: body.into(), location: None }
}

pub fn sound(bytes: Vec<u8>) -> Answer {
    Answer { status: 200, content_type: "audio/x-wav", body: bytes, location: None }
}

pub fn moved(status: u16, to: &str) -> Answer {
    Answer { status, content_type: "text/plain", body: Vec::new(), location: Some(to.into()) }
}

type Responder = Arc<dyn Fn(&Hook) -> Answer + Send + Sync>;

#[derive(Default)]
struct AppState {
    routes: HashMap<String, Responder>,
    hooks: Vec<Hook>,
}

#[derive(Clone)]
pub struct App {
    state: Arc<Mutex<AppState>>,
    clock: Clock,
    base: String,
}

impl Endpoint for App {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let body = request.take_body().into_bytes().await?;
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let mut url = format!("{}{path}", self.base);
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let form: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let header = |name: &str| {
            request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
        };
        let mut params: HashMap<_, _> = form.iter().cloned().collect();
        params.extend(form_urlencoded::parse(query.as_bytes()).into_owned());
        let hook = Hook {
            method: request.method().to_string(),
            path: path.clone(),
            query,
            params,
            token: header("I-Twilio-Idempotency-Token"),
            signed: header("X-Twilio-Signature") == signature(&url, form),
            at: self.clock.now(),
        };
        let responder = {
            let mut state = self.state.lock().unwrap();
            state.hooks.push(hook.clone());
            state.routes.get(&path).cloned()
        };
        let answer = match responder {
            Some(responder) => responder(&hook),
            None => Answer { status: 204, content_type: "text/plain", body: Vec::new(), location: None },
        };
        let mut response = Response::builder()
            .status(http::StatusCode::from_u16(answer.status).unwrap())
            .content_type(answer.content_type);
        if let Some(location) = &answer.location {
            response = response.header("Location", location);
        }
        Ok(response.body(answer.body))
    }
}

fn signature(url: &str, mut form: Vec<(String, String)>) -> String {
    form.sort();
    let text: String = form.iter().map(|(n, v)| format!("{n}{v}")).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    mac.update(format!("{url}{text}").as_bytes());
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

pub struct Story {
    pub clock: Clock,
    pub app: App,
    pub carrier: Carrier,
    http: reqwest::Client,
}

/// An answer of the REST API.
#[derive(Debug)]
pub struct Rest {
    pub status: u16,
    pub body: Value,
    pub retry_after: Option<String>,
}

impl Rest {
    pub fn text(&self, name: &str) -> String {
        self.body[name].as_str().unwrap_or_else(|| panic!("no text {name} in {}", self.body)).to_owned()
    }
}

impl Story {
    /// A carrier whose number asks `/voice` of the application.
    pub async fn begin() -> Self {
        let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().unwrap());
        Self::with(Settings::new(ACCOUNT, TOKEN, clock.clone()), clock).await
    }

    pub async fn with(settings: Settings, clock: Clock) -> Self {
        let acceptor = poem::listener::TcpListener::bind("127.0.0.1:0").into_acceptor().await.unwrap();
        let port = acceptor.local_addr()[0].as_socket_addr().unwrap().port();
        let base = format!("http://127.0.0.1:{port}");
        let app = App { state: Arc::default(), clock: clock.clone(), base: base.clone() };
        tokio::spawn(poem::Server::new_with_acceptor(acceptor).run(app.clone()));
        let carrier = Carrier::start(settings).await.unwrap();
        let mut number = NewNumber::new(OFFICE, format!("{base}/voice"));
        number.status_callback = format!("{base}/number-status");
        carrier.add_number(number);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { clock, app, carrier, http }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.app.base)
    }

    /// What the application answers at a path.
    pub fn on(&self, path: &str, responder: impl Fn(&Hook) -> Answer + Send + Sync + 'static) {
        self.app.state.lock().unwrap().routes.insert(path.to_owned(), Arc::new(responder));
    }

    /// [`Story::on`] with always the same verbs; `{app}` is the application's address.
    pub fn twiml(&self, path: &str, verbs: &str) {
        let answer = twiml(&verbs.replace("{app}", &self.app.base));
        self.on(path, move |_| answer.clone());
    }

    /// Time passes.
    pub async fn pass(&self, seconds: f64) {
        self.clock.advance(Duration::from_secs_f64(seconds)).await;
    }

    pub fn calls(&self, steps: impl IntoIterator<Item = Step>) -> CallHandle {
        self.carrier.place_call(NewCall::new(ANN, OFFICE, Script::new(steps)))
    }

    pub fn faults(&self, faults: Faults) {
        self.carrier.set_faults(faults);
    }

    /// The requests to a path until now.
    pub fn hooks(&self, path: &str) -> Vec<Hook> {
        let state = self.app.state.lock().unwrap();
        state.hooks.iter().filter(|hook| hook.path == path).cloned().collect()
    }

    pub fn all_hooks(&self) -> Vec<Hook> {
        self.app.state.lock().unwrap().hooks.clone()
    }

    /// The one request to a path.
    pub fn hook(&self, path: &str) -> Hook {
        let mut hooks = self.hooks(path);
        assert_eq!(hooks.len(), 1, "one request to {path} was expected, these came: {hooks:#?}");
        hooks.remove(0)
    }

    /// The values of a parameter in the requests to a path, in their order.
    pub fn values(&self, path: &str, name: &str) -> Vec<String> {
        self.hooks(path).iter().map(|hook| hook.get(name).to_owned()).collect()
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Rest {
        let url = self.rest_url(path);
        self.send(self.http.post(url).form(form)).await.expect("the REST API answers")
    }

    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Result<Rest, reqwest::Error> {
        self.send(self.http.post(self.rest_url(path)).form(form)).await
    }

    pub async fn get(&self, path: &str) -> Rest {
        let url = self.rest_url(path);
        self.send(self.http.get(url)).await.expect("the REST API answers")
    }

    pub async fn delete(&self, path: &str) -> Rest {
        let url = self.rest_url(path);
        self.send(self.http.delete(url)).await.expect("the REST API answers")
    }

    pub fn rest_url(&self, path: &str) -> String {
        format!("{}/2010-04-01/Accounts/{ACCOUNT}{path}", self.carrier.api_url())
    }

    /// A request to the control API.
    pub async fn control(&self, method: reqwest::Method, path: &str, body: Value) -> Rest {
        let url = format!("{}/carrier{path}", self.carrier.api_url());
        let request = self.http.request(method, url).json(&body);
        self.send(request).await.expect("the control API answers")
    }

    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Rest, reqwest::Error> {
        let response = request.basic_auth(ACCOUNT, Some(TOKEN)).send().await?;
        let status = response.status().as_u16();
        let header = response.headers().get("Retry-After");
        let retry_after = header.and_then(|v| v.to_str().ok()).map(str::to_owned);
        let text = response.text().await?;
        let body =
            if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::Null) };
        Ok(Rest { status, body, retry_after })
    }
}

/// The texts of one kind of line.
pub fn texts(call: &CallHandle, kind: LineKind) -> Vec<String> {
    call.transcript().into_iter().filter(|l: &Line| l.kind == kind).map(|l| l.text).collect()
}

pub fn said(call: &CallHandle) -> Vec<String> {
    texts(call, LineKind::Said)
}

/// Whether any line holds this text.
pub fn tells(call: &CallHandle, text: &str) -> bool {
    call.transcript().iter().any(|line| line.text.contains(text))
}
