//! Expo.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use clock::Clock;
use flate2::read::GzDecoder;
use hyper::Method;
use serde_json::{Value, json};

use super::checks::{Form, misfit};
use super::server::{Answer, Request, Server, Service};
use super::{Book, Checked, locked};
use crate::Endpoint;
use crate::expo::{Client, is_token};

// Expo's figures, not our client's constants.
const MAX_BATCH: usize = 100;
const MAX_RECEIPTS: usize = 1000;
/// Bytes of a message.
const LIMIT: usize = 4096;
/// Notifications a second for a project.
const RATE: usize = 600;

/// Expo for one project; other ones can be made up with [`Expo::of_project`].
pub struct Expo {
    server: Server,
    state: Arc<State>,
    clock: Clock,
}

struct State {
    book: Book,
    clock: Clock,
    rules: Mutex<Rules>,
    sent: Mutex<Vec<Value>>,
    receipts: Mutex<BTreeMap<String, Value>>,
    compressed: AtomicUsize,
    /// A second, and what came in it.
    rate: Mutex<(i64, usize)>,
}

#[derive(Debug, Default)]
struct Rules {
    access_token: Option<String>,
    projects: BTreeMap<String, String>,
    tickets: BTreeMap<String, &'static str>,
    receipts: BTreeMap<String, &'static str>,
    without_receipt: BTreeSet<String>,
}

impl Expo {
    pub async fn start(clock: Clock) -> Self {
        let state = Arc::new(State {
            book: Book::default(),
            clock: clock.clone(),
            rules: Mutex::default(),
            sent: Mutex::default(),
            receipts: Mutex::default(),
            compressed: AtomicUsize::new(0),
            rate: Mutex::default(),
        });
        Self { server: Server::start(state.clone(), None).await, state, clock }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.base())
    }

    /// Its base URL, as a setting has it.
    pub fn base(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// A client without an access token.
    pub fn client(&self) -> Client {
        Client::new(None, &self.endpoint(), self.clock.clone()).expect("a client")
    }

    /// The project has "enhanced push security".
    pub fn require(&self, access_token: &str) {
        locked(&self.state.rules).access_token = Some(access_token.to_owned());
    }

    /// The token is one of another project.
    pub fn of_project(&self, token: &str, project: &str) {
        locked(&self.state.rules).projects.insert(token.to_owned(), project.to_owned());
    }

    /// Its tickets are errors, such as `DeviceNotRegistered`.
    pub fn refuse(&self, token: &str, error: &'static str) {
        locked(&self.state.rules).tickets.insert(token.to_owned(), error);
    }

    /// Its tickets are good, its receipts errors, such as `DeviceNotRegistered`.
    pub fn refuse_later(&self, token: &str, error: &'static str) {
        locked(&self.state.rules).receipts.insert(token.to_owned(), error);
    }

    /// Its receipts are not there yet.
    pub fn keep_receipt(&self, token: &str) {
        locked(&self.state.rules).without_receipt.insert(token.to_owned());
    }

    /// How many requests came as gzip.
    pub fn compressed(&self) -> usize {
        self.state.compressed.load(Ordering::Relaxed)
    }

    /// Messages that have good tickets, in their order.
    pub fn sent(&self) -> Vec<Value> {
        locked(&self.state.sent).clone()
    }
}

impl Checked for Expo {
    fn book(&self) -> &Book {
        &self.state.book
    }
}

/// A refusal of a whole request.
struct Refusal {
    status: u16,
    code: &'static str,
    words: String,
}

impl Service for State {
    fn book(&self) -> &Book {
        &self.book
    }

    fn answer(&self, request: &Request) -> Answer {
        let answered = self.read(request).and_then(|body| match request.path.as_str() {
            "/--/api/v2/push/send" => self.send(&body),
            "/--/api/v2/push/getReceipts" => self.receipts(&body),
            path => Err(self.fault(404, "NOT_FOUND", format!("there is no {path}"))),
        });
        match answered {
            Ok(data) => Answer::json(200, &json!({ "data": data })),
            Err(refusal) => {
                let error = json!({ "code": refusal.code, "message": refusal.words, "isTransient": false });
                Answer::json(refusal.status, &json!({ "errors": [error] }))
            }
        }
    }
}

impl State {
    /// What our client must not do.
    fn fault(&self, status: u16, code: &'static str, words: impl Into<String>) -> Refusal {
        let words = words.into();
        self.book.fault(format!("Expo answers {status} {code}: {words}"));
        Refusal { status, code, words }
    }

    fn read(&self, request: &Request) -> Result<Value, Refusal> {
        if request.method != Method::POST {
            return Err(self.fault(405, "METHOD_NOT_ALLOWED", request.method.to_string()));
        }
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let wanted = locked(&self.rules).access_token.clone();
        if wanted.is_some() && wanted.as_deref() != bearer {
            let words = "Insufficient permissions to send the notification.".to_owned();
            return Err(Refusal { status: 401, code: "UNAUTHORIZED", words });
        }
        if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(self.fault(400, "VALIDATION_ERROR", "not JSON"));
        }
        let body = match request.header("content-encoding") {
            None => request.body.to_vec(),
            Some("gzip") => {
                self.compressed.fetch_add(1, Ordering::Relaxed);
                let mut body = Vec::new();
                let whole = GzDecoder::new(request.body.as_ref()).read_to_end(&mut body);
                whole.map_err(|error| self.fault(400, "VALIDATION_ERROR", error.to_string()))?;
                body
            }
            Some(other) => return Err(self.fault(415, "VALIDATION_ERROR", format!("encoded as {other}"))),
        };
        serde_json::from_slice(&body).map_err(|error| self.fault(400, "VALIDATION_ERROR", error.to_string()))
    }

    fn send(&self, body: &Value) -> Result<Value, Refusal> {
        let messages =
            body.as_array().ok_or_else(|| self.fault(400, "VALIDATION_ERROR", "not a list of messages"))?;
        if messages.is_empty() {
            return Err(self.fault(400, "VALIDATION_ERROR", "no messages"));
        }
        if messages.len() > MAX_BATCH {
            return Err(self.fault(
                400,
                "PUSH_TOO_MANY_NOTIFICATIONS",
                format!("{} messages", messages.len()),
            ));
        }
        for message in messages {
            if let Some(problem) = problem(message) {
                return Err(self.fault(400, "VALIDATION_ERROR", problem));
            }
        }
        self.check_projects(messages)?;
        self.check_rate(messages.len())?;
        Ok(messages.iter().map(|message| self.ticket(message)).collect())
    }

    fn check_projects(&self, messages: &[Value]) -> Result<(), Refusal> {
        let rules = locked(&self.rules);
        let project = |message: &Value| {
            let token = message["to"].as_str().unwrap_or_default();
            rules.projects.get(token).map_or("@calldocker/test", String::as_str).to_owned()
        };
        let projects: BTreeSet<String> = messages.iter().map(project).collect();
        if projects.len() > 1 {
            let words =
                "All push notification messages in the same request must be for the same project.".to_owned();
            return Err(Refusal { status: 400, code: "PUSH_TOO_MANY_EXPERIENCE_IDS", words });
        }
        Ok(())
    }

    fn check_rate(&self, count: usize) -> Result<(), Refusal> {
        let second = self.clock.now().timestamp();
        let mut rate = locked(&self.rate);
        let before = if rate.0 == second { rate.1 } else { 0 };
        if before + count > RATE {
            let words = format!("more than {RATE} notifications a second");
            return Err(Refusal { status: 429, code: "TOO_MANY_REQUESTS", words });
        }
        *rate = (second, before + count);
        Ok(())
    }

    fn ticket(&self, message: &Value) -> Value {
        let token = message["to"].as_str().unwrap_or_default();
        let rules = locked(&self.rules);
        let mut without = message.clone();
        if let Some(object) = without.as_object_mut() {
            object.remove("to");
        }
        if without.to_string().len() > LIMIT {
            self.book.fault("a message is too big");
            return error(token, "MessageTooBig");
        }
        if let Some(code) = rules.tickets.get(token) {
            return error(token, code);
        }
        let mut sent = locked(&self.sent);
        let id = format!("ticket-{}", sent.len());
        sent.push(message.clone());
        if !rules.without_receipt.contains(token) {
            let receipt =
                rules.receipts.get(token).map_or(json!({ "status": "ok" }), |code| error(token, code));
            locked(&self.receipts).insert(id.clone(), receipt);
        }
        json!({ "status": "ok", "id": id })
    }

    fn receipts(&self, body: &Value) -> Result<Value, Refusal> {
        let ids = body["ids"].as_array().ok_or_else(|| self.fault(400, "VALIDATION_ERROR", "no ids"))?;
        if ids.len() > MAX_RECEIPTS {
            return Err(self.fault(400, "PUSH_TOO_MANY_RECEIPTS", format!("{} ids", ids.len())));
        }
        let all = locked(&self.receipts);
        let known =
            ids.iter().filter_map(Value::as_str).filter_map(|id| Some((id.to_owned(), all.get(id)?.clone())));
        Ok(Value::Object(known.collect()))
    }
}

/// As Expo words it, with the token.
fn error(token: &str, code: &str) -> Value {
    let message = format!("\"{token}\" is refused");
    json!({ "status": "error", "message": message, "details": { "error": code } })
}

fn problem(message: &Value) -> Option<String> {
    let Some(object) = message.as_object() else { return Some("a message is no object".into()) };
    let form = [
        ("to", Form::Text),
        ("title", Form::Text),
        ("body", Form::Text),
        ("data", Form::Object),
        ("ttl", Form::Number),
        ("priority", Form::OneOf(&["default", "normal", "high"])),
        ("sound", Form::Text),
        ("badge", Form::Number),
        ("channelId", Form::Text),
        ("_contentAvailable", Form::True),
    ];
    let token = message["to"].as_str().unwrap_or_default();
    misfit(object, &form).or_else(|| (!is_token(token)).then(|| format!("{token} is no token")))
}
