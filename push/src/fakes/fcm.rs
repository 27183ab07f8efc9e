//! FCM, and the part of Google that gives access to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use clock::Clock;
use hyper::Method;
use jsonwebtoken::{Algorithm, DecodingKey};
use rcgen::KeyPair;
use serde_json::{Value, json};

use super::checks::{self, Form, misfit};
use super::server::{Answer, Request, Server, Service};
use super::{Book, Checked, authority, locked};
use crate::Endpoint;
use crate::fcm::{Client, ServiceAccount};

const PROJECT: &str = "calldocker-test";
const EMAIL: &str = "push@calldocker-test.iam.gserviceaccount.com";
const KEY_ID: &str = "0123456789abcdef";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Bytes of a message. Google's figure, not our client's constant.
const LIMIT: usize = 4096;

/// Seconds for which access is given.
const ACCESS_LIFE: i64 = 3599;

/// FCM for one project, with the accounts of Google at the same address.
pub struct Fcm {
    server: Server,
    state: Arc<State>,
    key_file: String,
    clock: Clock,
}

struct State {
    book: Book,
    clock: Clock,
    key: Vec<u8>,
    /// What `aud` has to be, and when each access token ends.
    access: Mutex<Access>,
    devices: Mutex<BTreeMap<String, (u16, Value)>>,
    sent: Mutex<Vec<Value>>,
}

#[derive(Debug, Default)]
struct Access {
    audience: String,
    granted: Vec<(String, i64)>,
}

impl Fcm {
    pub async fn start(clock: Clock) -> Self {
        let key = authority::rsa_key();
        let state = Arc::new(State {
            book: Book::default(),
            clock: clock.clone(),
            key: key.public_key_raw().to_vec(),
            access: Mutex::default(),
            devices: Mutex::default(),
            sent: Mutex::default(),
        });
        let server = Server::start(state.clone(), None).await;
        locked(&state.access).audience = format!("http://{}/token", server.address);
        let key_file = key_file(&key);
        Self { server, state, key_file, clock }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.base())
    }

    /// Its base URL, as a setting has it.
    pub fn base(&self) -> String {
        format!("http://{}", self.server.address)
    }

    /// The service account's key file: JSON, as Google gives it.
    pub fn key_file(&self) -> &str {
        &self.key_file
    }

    /// A client of the project.
    pub fn client(&self) -> Client {
        let account = ServiceAccount::from_json(&self.key_file).expect("a key file");
        Client::new(account, &self.endpoint(), &self.endpoint(), self.clock.clone()).expect("a client")
    }

    /// The app was removed from the device: 404 `UNREGISTERED`.
    pub fn unregister(&self, token: &str) {
        self.refuse(token, 404, "NOT_FOUND", "UNREGISTERED");
    }

    /// Messages for the device are refused with a status, Google's word for it and FCM's own code.
    pub fn refuse(&self, token: &str, status: u16, word: &str, code: &str) {
        let body = failure(status, word, "refused by the test", Some(code));
        locked(&self.state.devices).insert(token.to_owned(), (status, body));
    }

    /// All access that was given is over before its time.
    pub fn revoke_access(&self) {
        for (_, end) in &mut locked(&self.state.access).granted {
            *end = 0;
        }
    }

    /// How often access was given.
    pub fn granted(&self) -> usize {
        locked(&self.state.access).granted.len()
    }

    /// Messages that were taken, in their order.
    pub fn sent(&self) -> Vec<Value> {
        locked(&self.state.sent).clone()
    }
}

fn key_file(key: &KeyPair) -> String {
    json!({
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": KEY_ID,
        "private_key": key.serialize_pem(),
        "client_email": EMAIL,
        "client_id": "100000000000000000001",
        "token_uri": "https://192.0.2.1/never-asked",
    })
    .to_string()
}

impl Checked for Fcm {
    fn book(&self) -> &Book {
        &self.state.book
    }
}

fn failure(status: u16, word: &str, message: &str, code: Option<&str>) -> Value {
    let detail =
        |code| json!({ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code });
    let details: Vec<Value> = code.into_iter().map(detail).collect();
    json!({ "error": { "code": status, "message": message, "status": word, "details": details } })
}

impl Service for State {
    fn book(&self) -> &Book {
        &self.book
    }

    fn answer(&self, request: &Request) -> Answer {
        if request.method != Method::POST {
            self.book.fault(format!("{} is no POST", request.method));
            return Answer::json(404, &failure(404, "NOT_FOUND", "not found", None));
        }
        match request.path.as_str() {
            "/token" => self.grant(request),
            path if path == format!("/v1/projects/{PROJECT}/messages:send") => self.send(request),
            path => {
                self.book.fault(format!("there is no {path}"));
                Answer::json(404, &failure(404, "NOT_FOUND", "not found", None))
            }
        }
    }
}

impl State {
    fn grant(&self, request: &Request) -> Answer {
        match self.check_grant(request) {
            Ok(()) => {
                let mut access = locked(&self.access);
                let token = format!("ya29.access-{}", access.granted.len());
                access.granted.push((token.clone(), self.clock.now().timestamp() + ACCESS_LIFE));
                let body =
                    json!({ "access_token": token, "expires_in": ACCESS_LIFE, "token_type": "Bearer" });
                Answer::json(200, &body)
            }
            Err((error, words)) => Answer::json(400, &json!({ "error": error, "error_description": words })),
        }
    }

    /// A wrong signature is a test's to make; the rest is ours to get right.
    fn check_grant(&self, request: &Request) -> Result<(), (&'static str, &'static str)> {
        let fault = |error: &'static str, words: &'static str| {
            self.book.fault(format!("access: {words}"));
            (error, words)
        };
        if request.header("content-type") != Some("application/x-www-form-urlencoded") {
            return Err(fault("invalid_request", "not a form"));
        }
        // Neither value has a character that a form would write in another way, but for the colons.
        let form = String::from_utf8_lossy(&request.body).replace("%3A", ":");
        let fields: BTreeMap<&str, &str> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
        if fields.get("grant_type") != Some(&GRANT) || fields.len() != 2 {
            return Err(fault("unsupported_grant_type", "not the grant of RFC 7523"));
        }
        let assertion = fields.get("assertion").copied().unwrap_or_default();
        let key = DecodingKey::from_rsa_der(&self.key);
        let verified = checks::verified(assertion, Algorithm::RS256, &key);
        let (key_id, claims) = verified.ok_or(("invalid_grant", "Invalid JWT Signature."))?;
        if key_id.as_deref() != Some(KEY_ID) || claims["iss"] != EMAIL {
            return Err(("invalid_grant", "Invalid grant: account not found"));
        }
        if claims["scope"] != SCOPE || claims["aud"] != locked(&self.access).audience.as_str() {
            return Err(fault("invalid_scope", "another scope or audience"));
        }
        let (Some(issued), Some(end)) = (claims["iat"].as_i64(), claims["exp"].as_i64()) else {
            return Err(fault("invalid_grant", "no iat or exp"));
        };
        let now = self.clock.now().timestamp();
        if issued > now || end <= now || end - issued > 3600 {
            return Err(fault("invalid_grant", "not short-lived (60 minutes) and in a reasonable timeframe"));
        }
        Ok(())
    }

    fn send(&self, request: &Request) -> Answer {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        let now = self.clock.now().timestamp();
        let good = |bearer: &str| {
            locked(&self.access).granted.iter().any(|(token, end)| token == bearer && now < *end)
        };
        if !bearer.is_some_and(good) {
            let words = "Request had invalid authentication credentials.";
            return Answer::json(401, &failure(401, "UNAUTHENTICATED", words, None));
        }
        let message = match check_message(request) {
            Ok(message) => message,
            Err(problem) => {
                self.book.fault(problem.clone());
                return Answer::json(
                    400,
                    &failure(400, "INVALID_ARGUMENT", &problem, Some("INVALID_ARGUMENT")),
                );
            }
        };
        let token = message["token"].as_str().unwrap_or_default();
        if let Some((status, body)) = locked(&self.devices).get(token) {
            return Answer::json(*status, body);
        }
        let mut sent = locked(&self.sent);
        sent.push(message.clone());
        Answer::json(200, &json!({ "name": format!("projects/{PROJECT}/messages/{}", sent.len()) }))
    }
}

fn check_message(request: &Request) -> Result<Value, String> {
    if !request.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
        return Err("not JSON".into());
    }
    let body: Value = serde_json::from_slice(&request.body).map_err(|error| error.to_string())?;
    let top = body.as_object().ok_or("no object")?;
    let known = |object: &Value, form: &[(&str, Form)]| match object.as_object() {
        Some(object) => misfit(object, form).map_or(Ok(()), Err),
        None => Ok(()),
    };
    misfit(top, &[("message", Form::Object)]).map_or(Ok(()), Err)?;
    let mut message = body["message"].clone();
    known(
        &message,
        &[
            ("token", Form::Text),
            ("notification", Form::Object),
            ("data", Form::Texts),
            ("android", Form::Object),
            ("apns", Form::Object),
        ],
    )?;
    if message["token"].as_str().is_none_or(str::is_empty) {
        return Err("Recipient of the message is not set.".into());
    }
    known(&message["notification"], &[("title", Form::Text), ("body", Form::Text)])?;
    let android = &message["android"];
    known(
        android,
        &[
            ("collapse_key", Form::Text),
            ("priority", Form::OneOf(&["NORMAL", "HIGH"])),
            ("ttl", Form::Text),
            ("notification", Form::Object),
        ],
    )?;
    known(
        &android["notification"],
        &[
            ("sound", Form::Text),
            ("channel_id", Form::Text),
            ("notification_count", Form::Number),
            ("tag", Form::Text),
        ],
    )?;
    let ttl = android["ttl"].as_str().and_then(|ttl| ttl.strip_suffix('s')?.parse::<u64>().ok());
    if ttl.is_none_or(|seconds| seconds > 2_419_200) {
        return Err("Invalid TTL".into());
    }
    known(&message["apns"], &[("headers", Form::Texts), ("payload", Form::Object)])?;
    for name in message["data"].as_object().into_iter().flatten().map(|(name, _)| name) {
        if ["from", "message_type"].contains(&name.as_str())
            || name.starts_with("google")
            || name.starts_with("gcm")
        {
            return Err(format!("Invalid data payload key: {name}"));
        }
    }
    let whole = message.clone();
    if let Some(object) = message.as_object_mut() {
        object.remove("token");
    }
    if message.to_string().len() > LIMIT { Err("Message too big".into()) } else { Ok(whole) }
}
