//! Keys that may be nobody else's business, and the requests that they are for.
//!
//! What a caller keys in at a `secureDigits` node never enters a [`Session`](crate::Session): a step hands it out beside
//! the session, and keeps of the input only whether its length was right. A request names the secrets that it needs; its
//! [`RequestCall`] can be stored, and is completed by [`RequestCall::fill`] at the moment at which it is sent. None of
//! [`Keys`], [`Secret`], [`Secrets`] and [`Outgoing`] can be serialised, and their `Debug` shows nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{Values, limits};

/// Keys that a caller pressed. Wiped from memory when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys(Zeroizing<String>);

impl Keys {
    pub fn new(keys: impl Into<String>) -> Self {
        Self(Zeroizing::new(keys.into()))
    }

    /// The keys themselves: for a store that encrypts them, and for nothing that is kept in the clear.
    pub fn dangerous_reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(…)")
    }
}

/// What a `secureDigits` node has just taken: for the next request of the same call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// `NAME` of `{{ secret.NAME }}`.
    pub name: String,
    pub keys: Keys,
}

/// The secrets of one call that wait for its next request. The server keeps them in memory, or encrypted; they end with
/// the request or with the call, whichever comes first.
#[derive(Default)]
pub struct Secrets(BTreeMap<String, Keys>);

impl Secrets {
    /// A later secret of the same name takes the place of the earlier one.
    pub fn keep(&mut self, secret: Secret) {
        if self.0.len() < limits::SECRETS || self.0.contains_key(&secret.name) {
            self.0.insert(secret.name, secret.keys);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each by its name: for a store that encrypts them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Keys)> {
        self.0.iter().map(|(name, keys)| (name.as_str(), keys))
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The methods of HTTP that a request may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    pub(crate) const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request to be made for a call, with gaps where secrets belong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestCall {
    pub method: Method,
    /// `http` or `https`.
    pub url: Gapped,
    pub headers: BTreeMap<String, Gapped>,
    pub body: Option<Gapped>,
    pub content_type: String,
    /// For one attempt.
    pub timeout_seconds: u32,
    /// Attempts after the first.
    pub retries: u32,
    /// JSON pointers into the answer whose values are wanted: for [`RequestOutcome::read`].
    pub wanted: Vec<String>,
}

/// A text with gaps for secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gapped(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Piece {
    Text(String),
    Secret(String),
}

/// Stands on both sides of a secret's name in a text that has just been completed. No text from outside has it: it is no
/// character, and [`without_marks`] takes it away.
pub(crate) const MARK: char = '\u{fdd0}';

/// A text from outside, which must not be able to name a secret.
pub(crate) fn without_marks(text: &str) -> String {
    text.chars().filter(|c| *c != MARK).collect()
}

impl Gapped {
    pub(crate) fn of(marked: &str) -> Self {
        let pieces = marked.split(MARK).enumerate().filter(|(_, piece)| !piece.is_empty());
        Self(
            pieces
                .map(|(index, piece)| {
                    if index % 2 == 0 {
                        Piece::Text(piece.to_owned())
                    } else {
                        Piece::Secret(piece.to_owned())
                    }
                })
                .collect(),
        )
    }

    /// With `{{ secret.NAME }}` in the gaps, for people.
    pub fn shown(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Secret(name) => format!("{{{{ secret.{name} }}}}"),
            })
            .collect()
    }

    fn filled(
        &self,
        secrets: &Secrets,
        written: fn(&str) -> String,
    ) -> Result<Zeroizing<String>, SecretMissing> {
        let mut filled = Zeroizing::new(String::new());
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Secret(name) => {
                    let keys = secrets.0.get(name).ok_or_else(|| SecretMissing(name.clone()))?;
                    filled.push_str(&Zeroizing::new(written(keys.dangerous_reveal())));
                }
            }
        }
        Ok(filled)
    }
}

/// A request as it goes out.
pub struct Outgoing {
    pub method: Method,
    pub url: Zeroizing<String>,
    pub headers: BTreeMap<String, Zeroizing<String>>,
    pub body: Option<Zeroizing<String>>,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} …)", self.method.as_str())
    }
}

/// A secret that the request needs is not there (any more): the server was started again, or the caller came another way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretMissing(pub String);

impl RequestCall {
    /// Completes the request. The secrets are gone after it, used or not: they are for one request.
    ///
    /// # Errors
    /// When one is not there. The flow is then given [`RequestOutcome::Failed`].
    pub fn fill(&self, secrets: Secrets) -> Result<Outgoing, SecretMissing> {
        let plain = |keys: &str| keys.to_owned();
        let headers = self
            .headers
            .iter()
            .map(|(name, value)| Ok((name.clone(), value.filled(&secrets, plain)?)))
            .collect::<Result<_, _>>()?;
        Ok(Outgoing {
            method: self.method,
            // Keys are `0-9*#`, of which an address cannot hold the hash as it is.
            url: self.url.filled(&secrets, |keys| keys.replace('#', "%23"))?,
            headers,
            body: self.body.as_ref().map(|body| body.filled(&secrets, plain)).transpose()?,
        })
    }
}

/// What a request was answered, as far as the flow wants to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RequestOutcome {
    /// There was an answer. Values by JSON pointer; none where the pointer leads nowhere in it.
    Answered { status: u16, values: Values },
    /// None came in time, at any attempt.
    TimedOut,
    /// It could not be made: no such host, an address that may not be reached, a secret that was not there.
    Failed,
}

impl RequestOutcome {
    /// Takes out of an answer what the flow [wanted](RequestCall::wanted). Texts as they are, other values as JSON,
    /// `null` and what is not there as nothing; each at most 1,024 bytes. A body that is no JSON has no values.
    pub fn read(status: u16, body: &[u8], wanted: &[String]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let values = wanted.iter().take(limits::VARIABLES).map(|pointer| {
            let value = match body.pointer(pointer) {
                None | Some(Value::Null) => None,
                Some(Value::String(text)) => Some(limits::cut(text, limits::VALUE_BYTES).to_owned()),
                Some(value) => Some(limits::cut(&value.to_string(), limits::VALUE_BYTES).to_owned()),
            };
            (pointer.clone(), value)
        });
        Self::Answered { status, values: values.collect() }
    }
}
