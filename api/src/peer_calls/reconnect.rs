//! A device connects: it takes over the call that its user has lost, or rings with the call that comes in.

use entity::id::UserId;
use entity::{CompanyScope, EndedBy, PartyState};
use serde_json::Value;

use super::book::Book;
use super::state::{Came, Event};
use super::{describe, name_of, tell};
use crate::app::App;
use crate::error::Result;
use crate::store::{Unit, peer_calls as store};

/// Gives this socket the call that its user has lost within the grace time. In the unit that notes the socket.
pub async fn back(unit: &Unit, user: UserId, socket: &str) -> Result<()> {
    let Some(row) = store::live_party(unit.scope(), unit.tx(), user).await? else { return Ok(()) };
    if row.state == PartyState::Joined && row.lost_at.is_some() {
        store::move_to_socket(unit.scope(), unit.tx(), row.id, socket).await?;
    }
    Ok(())
}

/// The call that a user has, or that rings for him.
#[derive(Clone, Debug)]
pub struct Ringing {
    /// As it stands.
    pub call: Value,
    /// What his devices were told when it began to ring; `None` when he is in it.
    pub incoming: Option<Value>,
}

/// What a device that connects has to know of calls.
pub async fn ringing_for(app: &App, scope: CompanyScope, user: UserId) -> Result<Option<Ringing>> {
    let Some(row) = store::live_party(scope, app.db.reader(), user).await? else { return Ok(None) };
    let mut unit = Unit::begin(app, scope).await?;
    let mut book = Book::open(&unit, row.call_id).await?;
    let at = book.place_of(user)?;
    if !book.parties[at].state.is_live() {
        return Ok(None);
    }
    let mut incoming = None;
    if book.parties[at].state == PartyState::Ringing {
        let caller = book.caller_of(at);
        let name = name_of(&unit, caller).await?;
        let wanted = store::settings(scope, unit.tx(), user).await?;
        incoming = Some(tell::incoming(&book, caller, &name, wanted.auto_accept_calls));
    }
    let call = describe(&book.call, &book.parties);
    if incoming.is_some() && book.apply(&unit, Event::Rung(at))? == Came::Changed {
        let told = serde_json::json!({"callId": book.id(), "callType": book.call.call_type});
        unit.tell(&[tell::address(&book.parties[0])], "call:ringing", told);
        book.save(&mut unit, EndedBy::System).await?;
        unit.commit().await?;
    }
    Ok(Some(Ringing { call, incoming }))
}
