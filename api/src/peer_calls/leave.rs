//! A call, or somebody's part in it, ends: by hand, by time, or because a connection is gone.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, ParticipantId, UserId};
use entity::{
    CompanyScope, EndedBy, JobKind, PartyState, PeerRole, PeerStatus, peer_call_participant as party,
};
use serde_json::{Value, json};

use super::answer::Reason;
use super::book::{Book, ended_by};
use super::callees::seconds;
use super::state::{Came, Event};
use super::{Device, reject, tell};
use crate::app::App;
use crate::error::{Code, Result};
use crate::store::{Unit, peer_calls as store};

/// A call that nobody has ended for so long is one of which nobody knows any more.
const LONGEST: TimeDelta = TimeDelta::hours(24);

/// How a call stands after somebody has left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub status: PeerStatus,
    /// How long people have talked.
    pub seconds: i64,
}

/// Leaves the call; for one that still rings for this user it is the same as not taking it. Said twice it is done once.
///
/// # Errors
/// `CALL_NOT_FOUND`.
pub async fn hang_up(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: CallId,
    device: Device,
    quality: Option<i32>,
) -> Result<Left> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut book = Book::open(&unit, id).await?;
    let at = book.place_of(user)?;
    if book.parties[at].state == PartyState::Ringing {
        drop(unit);
        let status = reject(app, scope, user, id, Reason::Declined, device).await?;
        return Ok(Left { status, seconds: 0 });
    }
    if quality.is_some() {
        book.parties[at].quality_score = quality;
    }
    let came = book.apply(&unit, Event::HungUp(at))?;
    if came == Came::Changed {
        let reason = match (book.before.status, book.parties[at].role) {
            (PeerStatus::Initiated | PeerStatus::Ringing, PeerRole::Caller) => "cancelled",
            _ => "hung_up",
        };
        let elsewhere = json!({"callId": id, "reason": reason, "userId": user});
        let own_socket = book.parties[at].socket.clone();
        if own_socket.is_some() && own_socket != device.socket {
            tell::other_devices(&mut unit, user, device.socket.as_deref(), "call:ended", elsewhere);
        }
        tell_gone(&mut unit, &mut book, Some(at), reason);
    }
    let left = Left { status: book.call.status, seconds: book.seconds(unit.now()) };
    let by = ended_by(book.parties[at].role);
    book.save(&mut unit, by).await?;
    unit.commit().await?;
    Ok(left)
}

/// Somebody is gone: the others are told that the call is over, or that they go on without him.
fn tell_gone(unit: &mut Unit, book: &mut Book, at: Option<usize>, reason: &str) {
    let user = at.map(|at| book.parties[at].user_id);
    let mut told = json!({"callId": book.id(), "reason": reason, "userId": user});
    if book.call.status.is_over() {
        book.call.end_reason = Some(reason.to_owned());
        told["duration"] = book.seconds(unit.now()).into();
        tell::others(unit, book, at, "call:ended", &told);
    } else {
        tell::others(unit, book, at, "call:participant-left", &told);
    }
}

/// The call, to which [`Event::Failed`] has been applied, is written as failed, and everybody is told.
pub async fn failed(unit: &mut Unit, mut book: Book, code: Code) -> Result<()> {
    let message = code.meaning();
    book.call.end_reason = Some(code.as_str().to_lowercase());
    book.call.error_info = Some(json!({"errorCode": code, "errorMessage": message, "timestamp": unit.now()}));
    let told = json!({"callId": book.id(), "reason": code, "code": code});
    tell::others(unit, &book, None, "call:failed", &told);
    book.save(unit, EndedBy::System).await
}

/// From the answer on: the job that ends a call of which nobody knows any more.
pub fn limit(unit: &mut Unit, id: CallId) {
    let at = unit.now() + LONGEST;
    unit.job(JobKind::PeerDeadline, id, json!({"lasts": true}), at);
}

/// It has rung for long enough; or it has lasted for a day.
pub async fn time_is_up(unit: &mut Unit, id: CallId, about: &Value) -> Result<()> {
    let mut book = Book::open(unit, id).await?;
    if about["lasts"] == true {
        if book.call.status == PeerStatus::Active {
            for at in 0..book.parties.len() {
                book.apply(unit, Event::Lost(at))?;
            }
            tell_gone(unit, &mut book, None, "too_long");
            return book.save(unit, EndedBy::System).await;
        }
        return Ok(());
    }
    let mut came = Came::Nothing;
    for at in 0..book.parties.len() {
        if has_rung_out(&book.parties[at], about) && book.apply(unit, Event::RungOut(at))? == Came::Changed {
            came = Came::Changed;
        }
    }
    if came == Came::Nothing {
        return Ok(());
    }
    let told = json!({"callId": id, "reason": "no_answer"});
    if book.call.status.is_over() {
        book.call.end_reason = Some("no_answer".to_owned());
        tell::others(unit, &book, None, "call:timeout", &told);
    } else {
        // Those for whom it has rung in vain; the others talk on.
        let late: Vec<_> = book
            .parties
            .iter()
            .zip(&book.before.parties)
            .filter(|(row, was)| was.state == PartyState::Ringing && row.state == PartyState::Missed)
            .map(|(row, _)| row.user_id)
            .collect();
        for user in late {
            tell::other_devices(unit, user, None, "call:timeout", told.clone());
            let left = json!({"callId": id, "reason": "no_answer", "userId": user});
            for row in book.parties.iter().filter(|row| row.state == PartyState::Joined) {
                unit.tell(&[tell::address(row)], "call:participant-left", left.clone());
            }
        }
    }
    book.save(unit, EndedBy::System).await
}

/// Whether this is the job by which it ceases to ring for him: that of the call for who was called when it was made, one of
/// his own for who was called into it later.
fn has_rung_out(row: &party::Model, about: &Value) -> bool {
    let own = row.invited_by.map(|_| ring_of(row));
    row.state == PartyState::Ringing && own.unwrap_or_else(|| json!({})) == *about
}

/// The job that ends the ringing of who was called into a call that goes on.
pub fn ends_by_itself(unit: &mut Unit, row: &party::Model) {
    let at = unit.now() + seconds(unit.app().settings.rtc.ring);
    unit.job(JobKind::PeerDeadline, row.call_id, ring_of(row), at);
}

fn ring_of(row: &party::Model) -> Value {
    json!({"participant": row.id, "since": row.invited_at})
}

// ---- a connection is gone, and may come back

/// The socket that has somebody's call is gone: he has the grace time to come back, unless he has done so before the old one's
/// going was noticed. In the unit that notes it.
pub async fn socket_gone(unit: &mut Unit, user: UserId, socket: &str) -> Result<()> {
    let found = store::parties_of_socket(unit.scope(), unit.tx(), user, socket).await?;
    let Some(row) = found.filter(|row| row.state == PartyState::Joined) else { return Ok(()) };
    let now = unit.now();
    let grace = seconds(unit.app().settings.rtc.reconnect);
    let since = row.joined_at.unwrap_or(row.invited_at).max(now - grace);
    if let Some(newer) = store::newest_socket(unit.scope(), unit.tx(), user, since).await? {
        return Ok(store::move_to_socket(unit.scope(), unit.tx(), row.id, &newer).await?);
    }
    let back_by = now + grace;
    unit.job(JobKind::PeerLost, row.id, json!({ "lostAt": now }), back_by);
    Ok(store::note_lost(unit.scope(), unit.tx(), row.id, socket, now).await?)
}

/// None of somebody's devices is connected any more, and none has come back: a call that he has taken over REST ends, too.
pub async fn user_gone(unit: &mut Unit, user: UserId) -> Result<()> {
    let Some(row) = store::live_party(unit.scope(), unit.tx(), user).await? else { return Ok(()) };
    if row.state != PartyState::Joined || row.socket.is_some() {
        return Ok(());
    }
    lose(unit, row.call_id, row.user_id, None).await
}

/// Who had lost his connection has not come back in time.
pub async fn not_back(unit: &mut Unit, id: ParticipantId, about: &Value) -> Result<()> {
    let Some(row) = store::party(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let lost_at: Option<DateTime<Utc>> = serde_json::from_value(about["lostAt"].clone()).unwrap_or_default();
    if lost_at.is_none() || row.lost_at != lost_at {
        return Ok(());
    }
    lose(unit, row.call_id, row.user_id, lost_at).await
}

/// `since`: when his socket went, of a part that has one.
async fn lose(unit: &mut Unit, id: CallId, user: UserId, since: Option<DateTime<Utc>>) -> Result<()> {
    let mut book = Book::open(unit, id).await?;
    let at = book.place_of(user)?;
    if book.parties[at].lost_at != since || book.apply(unit, Event::Lost(at))? == Came::Nothing {
        return Ok(());
    }
    tell_gone(unit, &mut book, Some(at), "connection_lost");
    let by = ended_by(book.parties[at].role);
    book.save(unit, by).await
}

/// A supervisor, or the end of somebody's membership, takes him out of whatever call he is in. Tells which.
pub async fn take_out(app: &App, scope: CompanyScope, user: UserId) -> Result<Option<CallId>> {
    let Some(row) = store::live_party(scope, app.db.reader(), user).await? else { return Ok(None) };
    hang_up(app, scope, user, row.call_id, Device::default(), None).await?;
    Ok(Some(row.call_id))
}
