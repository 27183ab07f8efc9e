//! Expo's push service: apps that were made with Expo, on both kinds of phones.
//!
//! Expo answers a notification with a ticket at once, and with a receipt later, which says what Apple or Google said. Ask
//! for receipts after a quarter of an hour; they are kept for a day.
//!
//! Source: Expo docs, "Send notifications with Expo's Push API"; expo-server-sdk-node (MIT).

mod message;
mod tickets;

use std::collections::BTreeMap;
use std::io::Write as _;

use clock::Clock;
use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use serde_json::{Value, json};

use crate::http::{self, Effect, Http, Versions};
use crate::{Endpoint, Error, Notification, Sent, SentText};
pub use message::LIMIT;

/// Where Expo is.
pub const EXPO: &str = "https://exp.host";
/// Notifications in one request.
pub const MAX_BATCH: usize = 100;
/// Tickets whose receipts are asked for in one request.
pub const MAX_RECEIPTS: usize = 1000;

/// Bodies of more bytes are compressed, as Expo's own library does it.
const GZIP_FROM: usize = 1024;

/// A phone's token: `ExponentPushToken[…]`, `ExpoPushToken[…]` or a UUID. Not shown when it is formatted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// # Errors
    /// [`Error::DeadToken`] for a text that cannot be one.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        if is_token(&text) { Ok(Self(text)) } else { Err(Error::dead("not the form of an Expo token")) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expo::Token(…)")
    }
}

pub(crate) fn is_token(text: &str) -> bool {
    let inner = ["ExponentPushToken[", "ExpoPushToken["].iter().find_map(|prefix| text.strip_prefix(prefix));
    if let Some(inner) = inner.and_then(|inner| inner.strip_suffix(']')) {
        return (1..=200).contains(&inner.len())
            && inner.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'[' | b']'));
    }
    let parts: Vec<&str> = text.split('-').collect();
    let is_alphanumeric = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(is_alphanumeric)
}

/// One project at Expo: the tokens of two projects may not stand in one request.
pub struct Client {
    http: Http,
    access_token: Option<HeaderValue>,
    clock: Clock,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("http", &self.http).finish_non_exhaustive()
    }
}

impl Client {
    /// `access_token` is needed where the project has "enhanced push security". Connects when it is first used.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] for an address, or an access token, that is none.
    pub fn new(access_token: Option<&str>, endpoint: &Endpoint, clock: Clock) -> Result<Self, Error> {
        let bearer = |token: &str| {
            let good = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
            let value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| good);
            let mut value =
                value.ok_or_else(|| Error::misconfigured("the access token is not visible ASCII"))?;
            value.set_sensitive(true);
            Ok(value)
        };
        Ok(Self {
            http: Http::new(endpoint, Versions::Any)?,
            access_token: access_token.map(bearer).transpose()?,
            clock,
        })
    }

    /// Sends up to [`MAX_BATCH`] notifications in one request, and gives the outcome of each, in their order. One that
    /// cannot be sent does not hinder the others. `Sent::id` is the ticket that [`Client::receipts`] takes.
    ///
    /// Expo takes 600 a second for a project and asks for at most six requests at a time.
    ///
    /// # Errors
    /// What became of all of them alike; [`Error::Refused`] for too many.
    pub async fn send(&self, batch: &[(&Token, &Notification)]) -> Result<Vec<Result<Sent, Error>>, Error> {
        if batch.len() > MAX_BATCH {
            return Err(Error::refused(format!("Expo takes {MAX_BATCH} notifications at a time")));
        }
        let mut messages = Vec::with_capacity(batch.len());
        let mut outcomes: Vec<Result<SentText, Error>> = Vec::with_capacity(batch.len());
        for (to, notification) in batch {
            outcomes.push(message::build(notification).map(|mut fitted| {
                fitted.payload["to"] = json!(to.as_str());
                messages.push(fitted.payload);
                fitted.text
            }));
        }
        let sent = messages.len();
        let tickets = match sent {
            0 => Vec::new(),
            _ => self.ask("send", &Value::Array(messages), Effect::Sends).await.and_then(tickets::read)?,
        };
        if tickets.len() != sent {
            let count = tickets.len();
            return Err(Effect::Sends.unreadable(format!("{sent} notifications have {count} tickets")));
        }
        let mut tickets = tickets.into_iter();
        let outcome = |text: Result<SentText, Error>| {
            let text = text?;
            let ticket =
                tickets.next().ok_or_else(|| Effect::Sends.unreadable("a ticket is missing".into()))?;
            ticket.map(|id| Sent { id, text })
        };
        Ok(outcomes.into_iter().map(outcome).collect())
    }

    /// What Apple and Google said to up to [`MAX_RECEIPTS`] notifications, by ticket. What is not known yet is left out.
    ///
    /// # Errors
    /// Those of the request. Nothing was changed by it: [`Error::Unanswered`] does not occur.
    pub async fn receipts(&self, tickets: &[String]) -> Result<BTreeMap<String, Result<(), Error>>, Error> {
        if tickets.len() > MAX_RECEIPTS {
            return Err(Error::refused(format!("Expo gives {MAX_RECEIPTS} receipts at a time")));
        }
        if tickets.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.ask("getReceipts", &json!({ "ids": tickets }), Effect::Asks)
            .await
            .and_then(tickets::read_receipts)
    }

    /// The `data` of an answer.
    async fn ask(&self, what: &str, body: &Value, effect: Effect) -> Result<Value, Error> {
        let mut request = self
            .http
            .post(&["--", "api", "v2", "push", what])
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json");
        if let Some(bearer) = &self.access_token {
            request = request.header(reqwest::header::AUTHORIZATION, bearer.clone());
        }
        let text = body.to_string();
        request = if text.len() > GZIP_FROM {
            request.header(CONTENT_ENCODING, "gzip").body(compressed(&text))
        } else {
            request.body(text)
        };
        let reply = http::send(request, effect).await?;
        tickets::data(&reply, effect, self.clock.now())
    }
}

fn compressed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
