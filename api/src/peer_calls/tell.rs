//! Who is told what of a call: written once, under the names of `call:*`; `realtime::dialects` says it in the others' words.

use entity::id::UserId;
use entity::{CallType, PartyState, peer_call_participant as party};
use serde_json::{Value, json};

use super::book::Book;
use crate::store::{Audience, Unit};

/// Where a party is told what concerns his part: on the device that has the call, else on all of them.
pub fn address(row: &party::Model) -> Audience<'_> {
    match (&row.socket, row.lost_at, row.state) {
        (Some(socket), None, PartyState::Joined) => Audience::Socket(socket),
        _ => Audience::User(row.user_id),
    }
}

/// What a device needs to ring. `name` is that of who calls this one.
pub fn incoming(book: &Book, caller: UserId, name: &str, auto_accept: bool) -> Value {
    let call_type: CallType = book.call.call_type;
    json!({
        "callId": book.id(),
        "from": {"id": caller, "name": name},
        "callType": call_type,
        "offer": book.call.offer,
        "group": book.call.is_group,
        "autoAccept": auto_accept,
    })
}

/// Tells everybody whom it concerns, but for who did it: the parties that were live before.
pub fn others(unit: &mut Unit, book: &Book, actor: Option<usize>, event: &'static str, payload: &Value) {
    let was_live = |at: usize| book.before.parties.get(at).is_some_and(|party| party.state.is_live());
    for (at, row) in book.parties.iter().enumerate() {
        if Some(at) != actor && was_live(at) {
            // Where he was reached before this.
            let before = party::Model { state: book.before.parties[at].state, ..row.clone() };
            unit.tell(&[address(&before)], event, payload.clone());
        }
    }
}

/// Tells a user's devices but for the one that did it.
pub fn other_devices(
    unit: &mut Unit,
    user: UserId,
    socket: Option<&str>,
    event: &'static str,
    payload: Value,
) {
    match socket {
        Some(socket) => unit.tell(&[Audience::User(user), Audience::ButSocket(socket)], event, payload),
        None => unit.tell(&[Audience::User(user)], event, payload),
    }
}
