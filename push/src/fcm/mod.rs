//! Firebase Cloud Messaging, HTTP v1: phones with Android, and others that registered with Firebase.
//!
//! Source: Firebase docs, "FCM REST API v1" (`projects.messages`) and "FCM Error Codes".

mod access;
mod account;
mod message;

use clock::Clock;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{self, Effect, Http, Reply, Versions, reason};
use crate::{Endpoint, Error, Notification, Sent};
use access::Access;
pub use access::SCOPE;
pub use account::ServiceAccount;
pub use message::LIMIT;

/// Where messages are sent to.
pub const FCM: &str = "https://fcm.googleapis.com";
/// Where an account gets its access tokens. The address that a key file names is not used: a company could name any.
pub const OAUTH: &str = "https://oauth2.googleapis.com";

/// For how long FCM wants a pause when it does not say: its quota is by the minute.
const QUOTA_PAUSE: std::time::Duration = std::time::Duration::from_secs(60);

/// A phone's registration token: 1 to 4096 visible ASCII characters. Not shown when it is formatted.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// # Errors
    /// [`Error::DeadToken`] for a text that cannot be one.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let fits = (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text)) } else { Err(Error::dead("not the form of an FCM token")) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("fcm::Token(…)")
    }
}

/// One Firebase project. Keeps one access token for all who ask; share the client.
pub struct Client {
    http: Http,
    access: Access,
    project_id: String,
    clock: Clock,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("project_id", &self.project_id).finish_non_exhaustive()
    }
}

impl Client {
    /// Sends to `fcm`, such as [`FCM`], and asks `oauth`, such as [`OAUTH`], for access. Connects when it is first used.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] for an address that is none.
    pub fn new(
        account: ServiceAccount,
        fcm: &Endpoint,
        oauth: &Endpoint,
        clock: Clock,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: Http::new(fcm, Versions::Any)?,
            project_id: account.project_id().to_owned(),
            access: Access::new(account, Http::new(oauth, Versions::Any)?, clock.clone()),
            clock,
        })
    }

    /// Sends to one phone, once.
    pub async fn send(&self, to: &Token, notification: &Notification) -> Result<Sent, Error> {
        let mut fitted = message::build(notification, self.clock.now())?;
        fitted.payload["token"] = json!(to.as_str());
        let access = self.access.token().await?;
        let request = self
            .http
            .post(&["v1", "projects", &self.project_id, "messages:send"])
            .bearer_auth(&access.token)
            .header(CONTENT_TYPE, "application/json")
            .body(json!({ "message": fitted.payload }).to_string());
        let reply = http::send(request, Effect::Sends).await?;
        if reply.status.is_success() {
            let sent: Accepted = serde_json::from_slice(&reply.body)
                .map_err(|error| Effect::Sends.unreadable(error.to_string()))?;
            return Ok(Sent { id: sent.name, text: fitted.text });
        }
        let failure = self.failure(&reply);
        if reply.status == StatusCode::UNAUTHORIZED && failure.code() != Some("THIRD_PARTY_AUTH_ERROR") {
            self.access.forget(&access).await;
            if !access.is_new {
                return Err(Error::RetryAfter {
                    wait: std::time::Duration::ZERO,
                    reason: "the access token is over".into(),
                });
            }
        }
        Err(self.meaning(&reply, &failure))
    }

    fn failure(&self, reply: &Reply) -> Failure {
        serde_json::from_slice::<Refusal>(&reply.body).map(|refusal| refusal.error).unwrap_or_default()
    }

    fn meaning(&self, reply: &Reply, failure: &Failure) -> Error {
        let (status, code) = (reply.status, failure.code());
        let reason = reason(status, code.or(failure.status.as_deref()), &failure.message);
        let retry_after = reply.retry_after(self.clock.now());
        match code {
            Some("UNREGISTERED") => return Error::dead("UNREGISTERED"),
            Some("SENDER_ID_MISMATCH" | "THIRD_PARTY_AUTH_ERROR") => return Error::Misconfigured { reason },
            _ => {}
        }
        match status.as_u16() {
            400 if failure.is_about_the_token() => Error::dead("INVALID_ARGUMENT: message.token"),
            401 | 403 => Error::Misconfigured { reason },
            // Without UNREGISTERED it is the project that is not found.
            404 => Error::Misconfigured { reason },
            413 => Error::TooBig { limit: LIMIT },
            429 => Error::RetryAfter { wait: retry_after.unwrap_or(QUOTA_PAUSE), reason },
            500..=599 => match retry_after {
                Some(wait) => Error::RetryAfter { wait, reason },
                None => Error::Down { reason },
            },
            _ => Error::Refused { reason },
        }
    }
}

#[derive(Deserialize)]
struct Accepted {
    name: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: Failure,
}

/// `google.rpc.Status` as JSON.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure {
    message: String,
    status: Option<String>,
    details: Vec<Value>,
}

impl Failure {
    /// FCM's own code, in the detail of the type `google.firebase.fcm.v1.FcmError`.
    fn code(&self) -> Option<&str> {
        self.details.iter().find_map(|detail| detail["errorCode"].as_str())
    }

    /// A wrong form of the token is told as a field, or in words alone.
    fn is_about_the_token(&self) -> bool {
        let fields = self.details.iter().filter_map(|detail| detail["fieldViolations"].as_array()).flatten();
        let mut named = fields.filter_map(|violation| violation["field"].as_str()).peekable();
        if named.peek().is_some() {
            return named.all(|field| field == "message.token");
        }
        self.message.to_ascii_lowercase().contains("registration token")
    }
}
