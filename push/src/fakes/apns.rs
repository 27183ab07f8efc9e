//! APNs: HTTP/2 over TLS.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use clock::Clock;
use hyper::{Method, Version};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::server::{Answer, Request, Server, Service};
use super::{Book, Checked, authority, checks, locked};
use crate::Endpoint;
use crate::apns::{Client, Key};

const KEY_ID: &str = "KEY1234567";
const TEAM_ID: &str = "TEAM123456";
const BUNDLE_ID: &str = "test.calldocker.app";

/// Bytes of a payload, and of one for VoIP. Apple's figures, not our client's constants.
const LIMIT: usize = 4096;
const VOIP_LIMIT: usize = 5120;

/// Seconds for which a provider token is taken, and before which no newer one is.
const TOKEN_LIFE: i64 = 60 * 60;
const TOKEN_PAUSE: i64 = 20 * 60;

/// APNs for one app, with an authority of its own.
pub struct Apns {
    server: Server,
    state: Arc<State>,
    authority: String,
    p8: String,
    clock: Clock,
}

/// A notification that was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    pub token: String,
    /// `apns-…` headers by name.
    pub headers: BTreeMap<String, String>,
    pub payload: Value,
}

struct State {
    book: Book,
    clock: Clock,
    key: Vec<u8>,
    devices: Mutex<BTreeMap<String, (u16, Value)>>,
    pushed: Mutex<Vec<Pushed>>,
    /// The newest provider token: when it was issued, when it was first seen, how many there were.
    provider: Mutex<(i64, i64, usize)>,
}

impl Apns {
    pub async fn start(clock: Clock) -> Self {
        let (tls, authority) = authority::tls("h2");
        let key = authority::ec_key();
        let state = Arc::new(State {
            book: Book::default(),
            clock: clock.clone(),
            key: key.public_key_raw().to_vec(),
            devices: Mutex::default(),
            pushed: Mutex::default(),
            provider: Mutex::default(),
        });
        let server = Server::start(state.clone(), Some(tls)).await;
        Self { server, state, authority, p8: key.serialize_pem(), clock }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.base()).trusting(self.authority.clone())
    }

    /// The authentication key as a `.p8` file's text, its id, the team's id and the app's.
    pub fn credentials(&self) -> (&str, &'static str, &'static str, &'static str) {
        (&self.p8, KEY_ID, TEAM_ID, BUNDLE_ID)
    }

    /// A client of the app.
    pub fn client(&self) -> Client {
        let key = Key::new(&self.p8, KEY_ID, TEAM_ID).expect("a key");
        Client::new(key, BUNDLE_ID, &self.endpoint(), self.clock.clone()).expect("a client")
    }

    /// The app was removed from the device at `since`: 410.
    pub fn unregister(&self, token: &str, since: DateTime<Utc>) {
        let body = json!({ "reason": "Unregistered", "timestamp": since.timestamp_millis() });
        locked(&self.state.devices).insert(token.to_owned(), (410, body));
    }

    /// Notifications for the device are refused.
    pub fn refuse(&self, token: &str, status: u16, reason: &str) {
        locked(&self.state.devices).insert(token.to_owned(), (status, json!({ "reason": reason })));
    }

    /// What was taken, in its order.
    pub fn pushed(&self) -> Vec<Pushed> {
        locked(&self.state.pushed).clone()
    }

    /// How many provider tokens were seen.
    pub fn provider_tokens(&self) -> usize {
        locked(&self.state.provider).2
    }

    /// Its base URL, as a setting has it; [`Apns::authority`] has to be trusted there.
    pub fn base(&self) -> String {
        format!("https://localhost:{}", self.server.address.port())
    }

    /// The authority that its certificate is signed with, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl Checked for Apns {
    fn book(&self) -> &Book {
        &self.state.book
    }
}

type Refusal = (u16, &'static str);

impl Service for State {
    fn book(&self) -> &Book {
        &self.book
    }

    fn answer(&self, request: &Request) -> Answer {
        match self.accept(request) {
            Ok(pushed) => {
                if let Some((status, body)) = locked(&self.devices).get(&pushed.token) {
                    return Answer::json(*status, body);
                }
                let mut all = locked(&self.pushed);
                let id = format!("00000000-0000-4000-8000-{:012}", all.len());
                all.push(pushed);
                Answer { status: 200, headers: vec![("apns-id", id)], body: String::new() }
            }
            Err((status, reason)) => Answer::json(status, &json!({ "reason": reason })),
        }
    }
}

impl State {
    /// A request that is ours to get right is a fault beside its refusal; credentials are a test's to get wrong.
    fn fault(&self, refusal: Refusal) -> Refusal {
        self.book.fault(format!("APNs answers {} {}", refusal.0, refusal.1));
        refusal
    }

    fn accept(&self, request: &Request) -> Result<Pushed, Refusal> {
        if request.version != Version::HTTP_2 {
            return Err(self.fault((400, "not HTTP/2")));
        }
        if request.method != Method::POST {
            return Err(self.fault((405, "MethodNotAllowed")));
        }
        let token = request.path.strip_prefix("/3/device/").ok_or_else(|| self.fault((404, "BadPath")))?;
        if token.is_empty() || token.bytes().any(|byte| !byte.is_ascii_hexdigit()) {
            return Err(self.fault((400, "BadDeviceToken")));
        }
        self.check_provider(request)?;
        let headers = self.check_headers(request)?;
        let payload = self.check_payload(request, &headers)?;
        Ok(Pushed { token: token.to_owned(), headers, payload })
    }

    fn check_provider(&self, request: &Request) -> Result<(), Refusal> {
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("bearer "));
        let token = bearer.ok_or_else(|| self.fault((403, "MissingProviderToken")))?;
        let key = DecodingKey::from_ec_der(&self.key);
        let (key_id, claims) =
            checks::verified(token, Algorithm::ES256, &key).ok_or((403, "InvalidProviderToken"))?;
        if key_id.as_deref() != Some(KEY_ID) || claims["iss"] != TEAM_ID {
            return Err((403, "InvalidProviderToken"));
        }
        let issued_at = claims["iat"].as_i64().ok_or_else(|| self.fault((403, "InvalidProviderToken")))?;
        let now = self.clock.now().timestamp();
        if (now - issued_at).abs() > TOKEN_LIFE {
            return Err(self.fault((403, "ExpiredProviderToken")));
        }
        let mut newest = locked(&self.provider);
        if newest.0 != issued_at || newest.2 == 0 {
            if newest.2 > 0 && now - newest.1 < TOKEN_PAUSE {
                return Err(self.fault((429, "TooManyProviderTokenUpdates")));
            }
            *newest = (issued_at, now, newest.2 + 1);
        }
        Ok(())
    }

    fn check_headers(&self, request: &Request) -> Result<BTreeMap<String, String>, Refusal> {
        let names = request.headers.keys().filter(|name| name.as_str().starts_with("apns-"));
        let mut headers = BTreeMap::new();
        for name in names {
            let value = request.header(name.as_str()).ok_or_else(|| self.fault((400, "DuplicateHeaders")))?;
            headers.insert(name.to_string(), value.to_owned());
        }
        let get = |name: &str| headers.get(name).map(String::as_str);
        let topic = get("apns-topic").ok_or_else(|| self.fault((400, "MissingTopic")))?;
        let voip = topic == format!("{BUNDLE_ID}.voip");
        if topic != BUNDLE_ID && !voip {
            return Err((400, "TopicDisallowed"));
        }
        match (get("apns-push-type"), get("apns-priority")) {
            (Some("alert"), Some("10" | "5" | "1")) | (Some("background"), Some("5")) if !voip => {}
            (Some("voip"), Some("10")) if voip => {}
            (Some("alert" | "background" | "voip"), Some("10" | "5" | "1")) => {
                return Err(self.fault((400, "InvalidPushType")));
            }
            (_, Some("10" | "5" | "1")) => return Err(self.fault((400, "InvalidPushType"))),
            (_, _) => return Err(self.fault((400, "BadPriority"))),
        }
        let expiration = get("apns-expiration").and_then(|text| text.parse::<u64>().ok());
        if expiration.is_none() {
            return Err(self.fault((400, "BadExpirationDate")));
        }
        if get("apns-collapse-id").is_some_and(|id| id.is_empty() || id.len() > 64) {
            return Err(self.fault((400, "BadCollapseId")));
        }
        Ok(headers)
    }

    fn check_payload(&self, request: &Request, headers: &BTreeMap<String, String>) -> Result<Value, Refusal> {
        let kind = headers.get("apns-push-type").map_or("", String::as_str);
        if request.body.is_empty() {
            return Err(self.fault((400, "PayloadEmpty")));
        }
        let limit = if kind == "voip" { VOIP_LIMIT } else { LIMIT };
        if request.body.len() > limit {
            return Err(self.fault((413, "PayloadTooLarge")));
        }
        let payload: Option<Value> = serde_json::from_slice(&request.body).ok();
        let payload = payload.filter(|payload| payload["aps"].is_object());
        let payload = payload.ok_or_else(|| self.fault((400, "the payload is no object with aps")))?;
        let aps = &payload["aps"];
        let shows = ["alert", "sound"].iter().any(|name| !aps[*name].is_null());
        let fits = match kind {
            "background" => aps["content-available"] == 1 && !shows,
            "alert" => shows || aps["badge"].is_u64(),
            _ => true,
        };
        if fits { Ok(payload) } else { Err(self.fault((400, "the payload does not fit apns-push-type"))) }
    }
}
