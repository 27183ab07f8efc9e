//! Somebody who is in a call adds colleagues to it. A call of two becomes a group by that, and stays one. The call is locked: of
//! two who add at once the second sees what the first has done, so nobody rings twice and the limit holds.

use entity::id::{CallId, UserId};
use entity::{
    CompanyScope, EndedBy, Inserted, PartyState, PeerStatus, peer_call, peer_call_participant as party,
};
use serde::Serialize;
use serde_json::json;

use super::book::Book;
use super::callees::{self, Fate, Invited, take_capacity};
use super::{group, leave, tell};
use crate::app::App;
use crate::calls::story::EventKind;
use crate::error::{Code, Error, Result, Subject};
use crate::store::Unit;
use crate::store::peer_calls::{self as store, Colleague};

/// What became of one who was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    pub user: UserId,
    pub name: String,
    pub came: Invitation,
}

/// What it came to, in the words of a call that is made: no more is told of him than who calls him is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Invitation {
    /// His devices ring, now or already.
    Ringing,
    /// He is called as soon as a device of his connects.
    Initiated,
    /// He is in the call.
    Joined,
    Busy,
    Offline,
    Blocked,
    VideoNotAllowed,
}

impl From<Fate> for Invitation {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Rings => Self::Ringing,
            Fate::Awaited => Self::Initiated,
            Fate::Offline | Fate::Unwanted => Self::Offline,
            Fate::Busy => Self::Busy,
            Fate::Blocked => Self::Blocked,
        }
    }
}

/// Adds colleagues to a call that `by` is in, each once; in the order of their ids.
///
/// # Errors
/// `CALL_NOT_FOUND` for who has no part in it, `CALL_IS_OVER` once it is over or he has left it, `CALL_NOT_CONNECTED` before he has
/// answered it, or while a call of two rings; `USER_NOT_FOUND` for who is no colleague; `GROUP_FULL`, and then nobody is called; 422
/// for oneself.
pub async fn invite(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: CallId,
    users: Vec<UserId>,
) -> Result<Vec<Added>> {
    let db = app.db.reader();
    let call = store::call(scope, db, id).await?.ok_or(Error::NotFound(Subject::Call))?;
    may_add(&call, &store::parties(scope, db, id).await?, by)?;
    let me = store::colleague(scope, db, by).await?.ok_or(Error::NotFound(Subject::User))?;
    let mut new = New { me, id, invited: Vec::new() };
    for colleague in callees::colleagues(app, scope, by, users, "/userIds").await? {
        new.invited.push(callees::judge(app, scope, &new.me, colleague).await?);
    }
    // Each time one of them turns out to be busy, so it comes to an end.
    loop {
        match new.write(app, scope).await? {
            Written::Yes(outcomes) => return Ok(outcomes),
            Written::Busy(at) => new.invited[at].fate = Fate::Busy,
        }
    }
}

fn may_add(call: &peer_call::Model, parties: &[party::Model], by: UserId) -> Result<()> {
    let mine = parties.iter().find(|row| row.user_id == by).ok_or(Error::NotFound(Subject::Call))?;
    if call.status.is_over() || !mine.state.is_live() {
        return Err(Error::conflict(Code::CallIsOver, "You are not in this call any more."));
    }
    if mine.state == PartyState::Ringing {
        return Err(Error::conflict(Code::CallNotConnected, "Answer this call first."));
    }
    // What the caller has offered is meant for the one whom he has called.
    if !call.is_group && call.status != PeerStatus::Active {
        return Err(Error::conflict(Code::CallNotConnected, "Wait until this call is answered."));
    }
    Ok(())
}

/// Additions that are about to be written.
struct New {
    me: Colleague,
    id: CallId,
    /// In the order of their ids.
    invited: Vec<Invited>,
}

enum Written {
    Yes(Vec<Added>),
    /// Nothing is written: this one of the invited has another call.
    Busy(usize),
}

impl New {
    async fn write(&self, app: &App, scope: CompanyScope) -> Result<Written> {
        let mut unit = Unit::begin(app, scope).await?;
        let mut book = Book::open(&unit, self.id).await?;
        may_add(&book.call, &book.parties, self.me.user)?;
        let call_type = book.call.call_type;
        let (mut outcomes, mut added) = (Vec::new(), Vec::new());
        for (at, one) in self.invited.iter().enumerate() {
            let user = one.colleague.user;
            let standing = book.parties.iter().find(|row| row.user_id == user).map(|row| row.state);
            let came = match standing {
                Some(PartyState::Joined) => Invitation::Joined,
                Some(PartyState::Ringing) => Invitation::Ringing,
                Some(PartyState::Left | PartyState::Missed | PartyState::Rejected | PartyState::Busy)
                | None => {
                    if one.takes(call_type) {
                        added.push(at);
                        one.fate.into()
                    } else {
                        Invitation::VideoNotAllowed
                    }
                }
            };
            outcomes.push(Added { user, name: one.colleague.name.clone(), came });
        }
        if added.is_empty() {
            return Ok(Written::Yes(outcomes));
        }
        let added: Vec<_> = added.into_iter().map(|at| (at, &self.invited[at])).collect();
        let called: Vec<_> = added.iter().copied().filter(|(_, one)| one.fate.is_called()).collect();
        if !called.is_empty() {
            group::has_room(app, &book.call, book.live() + called.len())?;
        }
        for (at, one) in &added {
            if book.invite(&unit, one, self.me.user).await? == Inserted::Conflicted {
                return Ok(Written::Busy(*at));
            }
        }
        let mut agents: Vec<_> =
            called.iter().filter_map(|(at, one)| Some((one.colleague.agent.as_ref()?, *at))).collect();
        agents.sort_by_key(|(agent, _)| agent.id);
        for (agent, at) in &agents {
            let place = book.place_of(self.invited[*at].colleague.user)?;
            if !take_capacity(&mut unit, agent, self.id, &book.parties[place]).await? {
                return Ok(Written::Busy(*at));
            }
        }
        let called: Vec<_> = called.into_iter().map(|(_, one)| one).collect();
        self.call(&mut unit, &mut book, &called)?;
        for (_, one) in &added {
            callees::wake_phones(&mut unit, self.id, &self.me, one).await?;
        }
        let agents = agents.into_iter().map(|(agent, _)| agent.id).collect();
        book.save(&mut unit, EndedBy::System).await?;
        callees::have_less_capacity(&mut unit, agents).await?;
        unit.commit().await?;
        Ok(Written::Yes(outcomes))
    }

    /// Those who are called are told, and those who are in the call.
    fn call(&self, unit: &mut Unit, book: &mut Book, called: &[&Invited]) -> Result<()> {
        if called.is_empty() {
            return Ok(());
        }
        book.call.is_group = true;
        let users: Vec<_> = called.iter().map(|one| one.colleague.user).collect();
        book.file.note(unit, EventKind::PeerInvited, json!({"by": self.me.user, "users": users}));
        for one in called {
            let row = &book.parties[book.place_of(one.colleague.user)?];
            leave::ends_by_itself(unit, row);
            let told = json!({
                "callId": self.id,
                "userId": one.colleague.user,
                "name": one.colleague.name,
                "by": self.me.user,
            });
            tell::others(unit, book, None, "call:participant-invited", &told);
            callees::ring(unit, book, &self.me, one);
        }
        Ok(())
    }
}
