//! What a client sends. Each event is answered by its acknowledgement, `{success: true, data}` or `{success: false,
//! code, message, errors?}`, whatever was sent; each goes to the use case that its REST operation calls, under the same
//! permission.

use entity::id::{AgentId, OfferId};
use entity::{Availability, When};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use socketioxide::extract::SocketRef;

use super::roster::{Dismissal, Holder};
use super::{chat_events, handshake, snapshot};
use crate::agents::{self, Hand, Wanted};
use crate::app::App;
use crate::authz::{AnswerOffers, ControlCalls, Permission, SetAvailability, Whose};
use crate::calls::control::{self, Actor, Microphone};
use crate::calls::{accept, hold, transfer};
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::http::envelope::Wording;

/// The longest reason of an availability, in characters, as over REST.
const LONGEST_REASON: usize = 200;

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
    if name == "authenticate" {
        return handshake::authenticate(app, socket, &Fields(payload).required::<String>("token")?).await;
    }
    let fields = Fields(payload);
    let holder = app.sockets.0.holder(socket.id).ok_or(Dismissal::NOT_AUTHENTICATED)?;
    if holder.until <= app.clock.now() {
        return Err(Dismissal::TOKEN_EXPIRED.into());
    }
    if let Some(answer) = chat_events::perform(app, &holder, name, &fields).await? {
        return Ok(answer);
    }
    match name {
        "resume" => {
            let from: u32 = fields.required("from")?;
            snapshot::resume(app, socket.id, &holder, from.into()).await
        }
        "offer:accept" => {
            let offer: OfferId = fields.required("offerId")?;
            let agent = acting::<AnswerOffers>(app, &holder)?;
            let call = accept::accept(app, holder.caller.scope()?, offer, Some(agent)).await?;
            Ok(json!({"callId": call}))
        }
        "offer:decline" => {
            let offer: OfferId = fields.required("offerId")?;
            let agent = acting::<AnswerOffers>(app, &holder)?;
            accept::decline(app, holder.caller.scope()?, offer, Some(agent)).await?;
            Ok(json!({}))
        }
        "call:hold" => {
            let actor = controls(app, &holder)?;
            hold::hold(app, holder.caller.scope()?, actor, fields.required("callId")?).await?;
            Ok(json!({}))
        }
        "call:resume" => {
            let actor = controls(app, &holder)?;
            hold::resume(app, holder.caller.scope()?, actor, fields.required("callId")?).await?;
            Ok(json!({}))
        }
        "call:mute" => {
            let actor = controls(app, &holder)?;
            let muted: bool = fields.required("muted")?;
            let microphone = if muted { Microphone::Muted } else { Microphone::On };
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            control::mute(app, scope, actor, call, microphone).await?;
            Ok(json!({}))
        }
        "call:transfer:complete" => {
            let actor = controls(app, &holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::complete(app, scope, actor, call).await?))
        }
        "call:transfer:cancel" => {
            let actor = controls(app, &holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::cancel(app, scope, actor, call).await?))
        }
        "call:transfer:merge" => {
            let actor = controls(app, &holder)?;
            let (scope, call) = (holder.caller.scope()?, fields.required("callId")?);
            Ok(control::describe(&transfer::merge(app, scope, actor, call).await?))
        }
        "agent:status" => {
            let availability: Availability = fields.required("availability")?;
            let reason: Option<String> = fields.optional("reason")?;
            if reason.as_ref().is_some_and(|reason| reason.chars().count() > LONGEST_REASON) {
                return Err(wrong("reason", format!("must have at most {LONGEST_REASON} characters")));
            }
            let agent = acting::<SetAvailability>(app, &holder)?;
            let (scope, by) = (holder.caller.scope()?, holder.caller.user);
            let when = fields.optional("when")?.unwrap_or(When::Now);
            let (hand, wanted) = (Hand::Own(by), Wanted { availability, reason });
            let status = agents::set_availability(app, scope, agent, hand, wanted, when).await?;
            Ok(agents::describe(&status))
        }
        "agent:take-back" => {
            let agent = acting::<SetAvailability>(app, &holder)?;
            let (scope, hand) = (holder.caller.scope()?, Hand::Own(holder.caller.user));
            Ok(agents::describe(&agents::take_back_next(app, scope, agent, hand).await?))
        }
        "heartbeat" => {
            let agent = acting::<SetAvailability>(app, &holder)?;
            let ready_until = agents::heartbeat(app, holder.caller.scope()?, agent).await?;
            Ok(json!({"readyUntil": ready_until}))
        }
        _ => Err(Error::Invalid {
            code: Code::UnknownEvent,
            message: "This event is not known.".into(),
            fields: Vec::new(),
        }),
    }
}

/// The holder's own agent, when he may do this with it.
fn acting<P: Permission>(app: &App, holder: &Holder) -> Result<AgentId> {
    match app.authz.rows(holder.caller.seat(), P::NAME) {
        Some(_) => holder.caller.agent().ok_or(Error::NotFound(Subject::Agent)),
        None => Err(Error::Forbidden { permission: P::NAME }),
    }
}

/// The holder as one who controls calls, when he may.
fn controls(app: &App, holder: &Holder) -> Result<Actor> {
    let name = ControlCalls::NAME;
    let rows = app.authz.rows(holder.caller.seat(), name).ok_or(Error::Forbidden { permission: name })?;
    Ok(Actor { user: holder.caller.user, whose: Whose::of(rows, holder.caller.agent()) })
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
            Some(value) => {
                let read = T::deserialize(value).map(Some);
                read.map_err(|_| wrong(name, "is not of the required form".to_owned()))
            }
        }
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
}
