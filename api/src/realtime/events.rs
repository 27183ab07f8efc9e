//! What a client sends. Each event is answered by its acknowledgement, `{success: true, data}` or `{success: false,
//! code, message, errors?}`, whatever was sent; each goes to the use case that its REST operation calls, under the same
//! permission. A subject is a file: [`centre_events`] and its siblings.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use socketioxide::extract::SocketRef;

use super::roster::{Dismissal, Holder};
use super::{centre_events, chat_events, dialects, handshake, peer_events, snapshot};
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result};
use crate::http::envelope::Wording;

/// The largest payload of an event, in bytes of JSON.
pub const LARGEST_EVENT: usize = 100_000;

const AUTHENTICATE: &str = "authenticate";
const RESUME: &str = "resume";

/// The names of all events that are listened to. What is missing here is answered as unknown.
pub fn listened() -> impl Iterator<Item = &'static str> {
    let own = [AUTHENTICATE, RESUME].into_iter();
    own.chain(centre_events::EVENTS).chain(dialects::names())
}

/// Answers an event.
pub async fn answer(app: &App, socket: &SocketRef, name: &str, payload: &Value) -> Value {
    match perform(app, socket, name, payload).await {
        Ok(data) => json!({"success": true, "data": data}),
        Err(error) => {
            if let Error::Internal(cause) = &error {
                tracing::error!(event = name, ?cause, "a socket's event failed");
            }
            failure(Wording::of(&error))
        }
    }
}

/// The answer to an event too many.
pub fn too_many() -> Value {
    let message = "Too many events. Wait a little.".to_owned();
    failure(Wording { code: Code::RateLimited, message, fields: Vec::new() })
}

/// The answer to an event that is larger than [`LARGEST_EVENT`].
pub fn too_large() -> Value {
    let message = format!("The payload of an event may have {LARGEST_EVENT} bytes.");
    failure(Wording { code: Code::BodyTooLarge, message, fields: Vec::new() })
}

/// The answer to an event that could not be dealt with, by our fault.
pub fn failed() -> Value {
    failure(Wording::of(&Error::internal("answer an event", "it panicked")))
}

fn failure(wording: Wording) -> Value {
    let mut answer = json!({"success": false, "code": wording.code, "message": wording.message});
    if !wording.fields.is_empty() {
        let errors =
            wording.fields.into_iter().map(|wrong| json!({"field": wrong.field, "message": wrong.message}));
        answer["errors"] = errors.collect();
    }
    answer
}

async fn perform(app: &App, socket: &SocketRef, name: &str, payload: &Value) -> Result<Value> {
    if name == AUTHENTICATE {
        let fields = Fields(payload);
        let (token, dialect): (String, Option<String>) =
            (fields.required("token")?, fields.optional("dialect")?);
        return handshake::authenticate(app, socket, &token, dialect.as_deref()).await;
    }
    let fields = Fields(payload);
    let holder = app.sockets.0.holder(socket.id).ok_or(Dismissal::NOT_AUTHENTICATED)?;
    if holder.until <= app.clock.now() {
        return Err(Dismissal::TOKEN_EXPIRED.into());
    }
    if name == RESUME {
        let from: u32 = fields.required("from")?;
        return snapshot::resume(app, socket.id, &holder, from.into()).await;
    }
    let asked = Asked { socket, holder, name, fields };
    // A line a subject.
    if let Some(answer) = centre_events::perform(app, &asked).await? {
        return Ok(answer);
    }
    if let Some(answer) = peer_events::perform(app, &asked).await? {
        return Ok(answer);
    }
    if let Some(answer) = chat_events::perform(app, &asked).await? {
        return Ok(answer);
    }
    Err(Error::Invalid {
        code: Code::UnknownEvent,
        message: "This event is not known.".into(),
        fields: Vec::new(),
    })
}

/// What a member's socket asks for.
pub struct Asked<'a> {
    pub socket: &'a SocketRef,
    pub holder: Holder,
    pub name: &'a str,
    pub fields: Fields<'a>,
}

/// The fields of a payload, whatever the client sent as one. Unknown fields are left alone: clients add their own.
pub struct Fields<'a>(&'a Value);

impl Fields<'_> {
    pub fn required<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        self.optional(name)?.ok_or_else(|| wrong(name, "is required".to_owned()))
    }

    pub fn optional<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            // PostgreSQL keeps no text with it.
            Some(value) if has_nul(value) => {
                Err(wrong(name, "must not contain the character U+0000".to_owned()))
            }
            Some(value) => {
                let read = T::deserialize(value).map(Some);
                read.map_err(|_| wrong(name, "is not of the required form".to_owned()))
            }
        }
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

pub fn wrong(field: &str, message: String) -> Error {
    Error::Invalid {
        code: Code::ValidationFailed,
        message: "Some fields are not valid.".into(),
        fields: vec![FieldError { field: format!("/{field}"), message }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_sent_as_a_payload_is_answered_with_the_wrong_field() {
        for payload in
            [json!(null), json!("x"), json!(7), json!([]), json!([1]), json!({}), json!({"from": null})]
        {
            let error = Fields(&payload).required::<u32>("from").unwrap_err();
            let answer = failure(Wording::of(&error));
            let errors = json!([{"field": "/from", "message": "is required"}]);
            assert_eq!(
                (&answer["code"], &answer["errors"]),
                (&json!(Code::ValidationFailed), &errors),
                "{payload}"
            );
        }
        for payload in [json!({"from": -1}), json!({"from": "7"}), json!({"from": 1.5}), json!({"from": {}})]
        {
            assert!(Fields(&payload).required::<u32>("from").is_err(), "{payload}");
        }
        assert_eq!(Fields(&json!({"from": 7, "more": 1})).required::<u32>("from").unwrap(), 7);
    }

    #[test]
    fn a_text_that_postgresql_does_not_keep_is_refused_however_deep_it_lies() {
        for payload in [json!("a\0"), json!({"a": [{"b": "\0"}]}), json!({"a\0": 1})] {
            assert!(Fields(&json!({"offer": payload})).required::<Value>("offer").is_err(), "{payload}");
        }
        let fine = json!({"offer": {"sdp": "v=0\r\n"}, "more": "\0"});
        assert!(Fields(&fine).required::<Value>("offer").is_ok());
    }
}
