//! What the parties of a call say to each other through us: candidates, new descriptions, what their cameras and microphones
//! do. Nothing of it is a change of the call. It goes by the outbox all the same, so that it reaches a socket on any node, in
//! order, with Redis or without; its content is forgotten within two hours.

use entity::id::{CallId, UserId};
use entity::{CompanyScope, PartyState};
use serde_json::{Value, json};

use super::tell;
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::{Audience, Unit, peer_calls as store};

/// What is said.
#[derive(Clone, Debug)]
pub enum Signal {
    Candidate(Value),
    /// A new session description, for example to share a screen.
    Description(Value),
    /// What is on now.
    Media {
        audio: Option<bool>,
        video: Option<bool>,
        screen: Option<bool>,
    },
}

/// Passes it on to one of the others, or to all of them.
///
/// # Errors
/// `CALL_NOT_FOUND` for who has no part in it, or names nobody in it; `CALL_IS_OVER` once he has left it.
pub async fn pass_on(
    app: &App,
    scope: CompanyScope,
    (user, socket): (UserId, &str),
    id: CallId,
    to: Option<UserId>,
    signal: Signal,
) -> Result<()> {
    let parties = store::parties(scope, app.db.reader(), id).await?;
    let me = parties.iter().find(|row| row.user_id == user).ok_or(Error::NotFound(Subject::Call))?;
    if !me.state.is_live() {
        return Err(Error::conflict(Code::CallIsOver, "You are not in this call any more."));
    }
    let others: Vec<_> = parties
        .iter()
        .filter(|row| row.user_id != user && row.state.is_live() && to.is_none_or(|to| to == row.user_id))
        .collect();
    if to.is_some() && others.is_empty() {
        return Err(Error::NotFound(Subject::Call));
    }
    let (event, mut payload) = match &signal {
        Signal::Candidate(candidate) => ("call:ice-candidate", json!({"candidate": candidate})),
        Signal::Description(description) => ("call:renegotiate", json!({"description": description})),
        Signal::Media { audio, video, screen } => {
            ("call:media", json!({"audio": audio, "video": video, "screen": screen}))
        }
    };
    payload["callId"] = json!(id);
    payload["from"] = json!(user);
    let audience: Vec<Audience<'_>> = others.iter().map(|row| tell::address(row)).collect();
    let mut unit = Unit::begin(app, scope).await?;
    unit.tell(&audience, event, payload);
    let negotiates = matches!(signal, Signal::Description(_));
    // Who negotiates anew from another socket has come back by it: the old one may not be known to be gone yet.
    if negotiates && me.state == PartyState::Joined && me.socket.as_deref() != Some(socket) {
        store::move_to_socket(scope, unit.tx(), me.id, socket).await?;
    }
    unit.commit().await
}
