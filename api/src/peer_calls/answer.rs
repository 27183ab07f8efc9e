//! Somebody takes a call, or does not.

use entity::id::{CallId, UserId};
use entity::{CompanyScope, PartyState, PeerMedia, PeerRole, PeerStatus};
use sea_orm::ActiveEnum;
use serde_json::{Value, json};

use super::book::{Book, ended_by};
use super::state::{Came, Event};
use super::{Device, leave, tell};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::store::Unit;

/// A call that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    pub call: CallId,
    pub status: PeerStatus,
    pub media: PeerMedia,
}

/// Takes a call that rings for this user, on one of his devices; the others are told. Said twice by the same device it is
/// done once.
///
/// # Errors
/// `CALL_NOT_FOUND`, `CALL_IS_OVER`, `CALL_NOT_RINGING` (another device has it), `MEDIA_INCOMPATIBLE`.
pub async fn answer(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: CallId,
    answer: Option<Value>,
    device: Device,
) -> Result<Taken> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut book = Book::open(&unit, id).await?;
    let at = book.place_of(user)?;
    let party = &book.parties[at];
    let took_it =
        party.state == PartyState::Joined && (party.role == PeerRole::Callee || party.invited_by.is_some());
    if took_it && party.socket == device.socket {
        return Ok(Taken { call: id, status: book.call.status, media: book.call.media });
    }
    // Whoever cannot take it, since it does not ring for him, spoils nothing.
    let rings = party.state == PartyState::Ringing;
    let media = match (book.call.media, answer.is_some()) {
        _ if book.call.is_group || !rings => Some(book.call.media),
        (PeerMedia::Webrtc, true) | (PeerMedia::Agora, false) => Some(book.call.media),
        // The one exchanges descriptions and the other does not.
        (PeerMedia::Webrtc, false) | (PeerMedia::Agora, true) => {
            app.settings.rtc.agora.as_ref().map(|_| PeerMedia::Agora)
        }
    };
    let Some(media) = media else {
        book.apply(&unit, Event::Failed)?;
        leave::failed(&mut unit, book, Code::MediaIncompatible).await?;
        unit.commit().await?;
        let message = "The caller's app and yours have no media in common.";
        return Err(Error::conflict(Code::MediaIncompatible, message));
    };
    book.apply(&unit, Event::Answered(at))?;
    book.call.media = media;
    let socket = device.socket.clone();
    {
        let row = &mut book.parties[at];
        (row.socket, row.lost_at) = (device.socket, None);
        row.device = device.info.or(row.device.take());
        row.network = device.network.or(row.network.take());
    }
    let mut told = json!({"callId": id, "userId": user, "answer": answer});
    if media == PeerMedia::Agora {
        told["agora"] = json!({"callId": id});
    }
    if book.call.is_group {
        let name = super::name_of(&unit, user).await?;
        let joined = json!({"callId": id, "userId": user, "name": name});
        tell::others(&mut unit, &book, Some(at), "call:participant-joined", &joined);
    }
    let joined: Vec<usize> = (0..book.parties.len())
        .filter(|one| *one != at && book.before.parties[*one].state == PartyState::Joined)
        .collect();
    for one in joined {
        if media == PeerMedia::Agora {
            told["agora"]["userId"] = json!(book.parties[one].user_id);
        }
        unit.tell(&[tell::address(&book.parties[one])], "call:answered", told.clone());
    }
    let elsewhere = json!({"callId": id, "reason": "answered_elsewhere"});
    tell::other_devices(&mut unit, user, socket.as_deref(), "call:ended", elsewhere);
    let taken = Taken { call: id, status: book.call.status, media };
    if book.before.status != PeerStatus::Active {
        leave::limit(&mut unit, id);
    }
    let by = ended_by(book.parties[at].role);
    book.save(&mut unit, by).await?;
    unit.commit().await?;
    Ok(taken)
}

/// Why somebody does not take a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Busy,
    Declined,
    Unavailable,
    Blocked,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unavailable => "unavailable",
            Self::Blocked => "blocked",
        }
    }

    /// As a client says it; what is not known is that he does not want to.
    pub fn of(word: Option<&str>) -> Self {
        match word {
            Some("busy") => Self::Busy,
            Some("unavailable") => Self::Unavailable,
            Some("blocked") => Self::Blocked,
            Some(_) | None => Self::Declined,
        }
    }
}

/// Does not take a call that rings for this user, on none of his devices.
///
/// # Errors
/// `CALL_NOT_FOUND`; `CALL_NOT_RINGING` for the caller, or who has taken it.
pub async fn reject(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: CallId,
    reason: Reason,
    device: Device,
) -> Result<PeerStatus> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut book = Book::open(&unit, id).await?;
    let at = book.place_of(user)?;
    if book.parties[at].state == PartyState::Joined {
        return Err(Error::conflict(Code::CallNotRinging, "You are in this call. End it."));
    }
    let event = match reason {
        Reason::Busy => Event::DeclinedBusy(at),
        Reason::Declined | Reason::Unavailable | Reason::Blocked => Event::Declined(at),
    };
    if book.apply(&unit, event)? == Came::Nothing {
        return Ok(book.call.status);
    }
    let over = book.call.status.is_over();
    if over {
        book.call.end_reason = Some(reason.as_str().to_owned());
    }
    let told = json!({"callId": id, "reason": reason.as_str(), "userId": user});
    match (book.call.is_group && !over, reason) {
        (true, _) => tell::others(&mut unit, &book, Some(at), "call:participant-left", &told),
        (false, Reason::Busy) => tell::others(&mut unit, &book, Some(at), "call:busy", &told),
        (false, Reason::Declined | Reason::Unavailable | Reason::Blocked) => {
            tell::others(&mut unit, &book, Some(at), "call:rejected", &told);
        }
    }
    let elsewhere = json!({"callId": id, "reason": "declined_elsewhere"});
    tell::other_devices(&mut unit, user, device.socket.as_deref(), "call:ended", elsewhere);
    let (status, by) = (book.call.status, ended_by(book.parties[at].role));
    book.save(&mut unit, by).await?;
    unit.commit().await?;
    tracing::debug!(call = %id, status = status.to_value(), "a call was not taken");
    Ok(status)
}
