//! Somebody who was called into a group call joins it, or joins it again.

use entity::id::{CallId, UserId};
use entity::{CompanyScope, PartyState, PeerMedia, RoutingSubject, peer_call};
use serde_json::json;

use super::book::{Book, ended_by};
use super::callees::{MOST_CALLED, take_capacity};
use super::state::Event;
use super::{Device, Taken, name_of, tell};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, peer_calls as store};

/// Somebody who is in the call already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub user: UserId,
    pub name: String,
}

/// Joins, and answers who is there: the newcomer makes them his offers, each with `to`.
///
/// # Errors
/// `CALL_NOT_FOUND` for who was not called into it; `CALL_IS_OVER`; `BUSY` when he has another call; `CALL_NOT_RINGING` for a
/// call of two; `GROUP_FULL` for who has left and whose place somebody else has.
pub async fn join(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: CallId,
    device: Device,
) -> Result<(Taken, Vec<Member>)> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut book = Book::open(&unit, id).await?;
    let at = book.place_of(user)?;
    if !book.call.is_group {
        return Err(Error::conflict(Code::CallNotRinging, "This is a call of two. Answer it."));
    }
    let was_live = book.parties[at].state.is_live();
    let was_joined = book.parties[at].state == PartyState::Joined;
    book.apply(&unit, Event::Joined(at))?;
    if !was_live {
        has_room(app, &book.call, book.live())?;
        if store::live_party(scope, unit.tx(), user).await?.is_some() {
            return Err(Error::conflict(Code::Busy, "You have another call."));
        }
        let colleague = store::colleague(scope, unit.tx(), user).await?;
        if let Some(agent) = colleague.and_then(|one| one.agent) {
            if !take_capacity(&mut unit, &agent, id, &book.parties[at]).await? {
                return Err(Error::conflict(Code::Busy, "You have another call."));
            }
            unit.reroute(RoutingSubject::Agent, agent.id);
        }
    }
    let row = &mut book.parties[at];
    (row.socket, row.lost_at) = (device.socket.clone(), None);
    row.device = device.info.or(row.device.take());
    let mut members = Vec::new();
    for row in book.parties.iter().filter(|row| row.state == PartyState::Joined && row.user_id != user) {
        members.push(Member { user: row.user_id, name: name_of(&unit, row.user_id).await? });
    }
    if !was_joined {
        let name = name_of(&unit, user).await?;
        let told = json!({"callId": id, "userId": user, "name": name});
        tell::others(&mut unit, &book, Some(at), "call:participant-joined", &told);
        let elsewhere = json!({"callId": id, "reason": "answered_elsewhere"});
        tell::other_devices(&mut unit, user, device.socket.as_deref(), "call:ended", elsewhere);
    }
    let media: PeerMedia = book.call.media;
    let taken = Taken { call: id, status: book.call.status, media };
    let by = ended_by(book.parties[at].role);
    book.save(&mut unit, by).await?;
    unit.commit().await?;
    Ok((taken, members))
}

/// Whether so many may be in this call: a mesh up to the number of the settings, as many as a call may call in a channel of
/// Agora's.
///
/// # Errors
/// `GROUP_FULL`.
pub fn has_room(app: &App, call: &peer_call::Model, people: usize) -> Result<()> {
    let rtc = &app.settings.rtc;
    let (most, advice) = match (&rtc.agora, call.media) {
        (Some(_), PeerMedia::Agora) => (MOST_CALLED + 1, "Wait until somebody has left it."),
        (Some(_), PeerMedia::Webrtc) => (
            rtc.mesh_limit,
            "Wait until somebody has left it, or call all of them anew: a larger call is made in a channel of Agora's.",
        ),
        (None, _) => (rtc.mesh_limit, "Wait until somebody has left it."),
    };
    if people > most { Err(full(most, advice)) } else { Ok(()) }
}

/// `advice`: what to do.
pub fn full(most: usize, advice: &str) -> Error {
    Error::conflict(Code::GroupFull, format!("A group call has at most {most} people here. {advice}"))
}
