//! Those whom somebody calls, into a new call or into one that goes on: whether each can be called, the capacity of who is an
//! agent, and what his devices and phones are told.

use chrono::TimeDelta;
use entity::id::{AgentId, CallId, UserId};
use entity::{
    CallType, CompanyScope, Inserted, PartyState, PeerRole, RoutingSubject, SlotHolder,
    peer_call_participant as party,
};

use super::book::{Book, slot_key};
use super::ring::{Reach, reach};
use super::tell;
use crate::agents;
use crate::app::App;
use crate::calls::offer::take_slot;
use crate::error::{Error, Result, Subject};
use crate::notices::{self, Notice};
use crate::store::peer_calls::{self as store, Colleague};
use crate::store::{Audience, Unit, chats, queueing};

/// People whom one call may call at once.
pub const MOST_CALLED: usize = 50;

/// What becomes of one who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Rings,
    /// He is called as soon as a device of his connects.
    Awaited,
    Offline,
    /// By who has blocked the caller: as if he were not there. He is not told, and neither is who calls.
    Unwanted,
    Busy,
    Blocked,
}

impl Fate {
    pub fn is_called(self) -> bool {
        self.state().is_live()
    }

    /// How his part in the call begins.
    pub fn state(self) -> PartyState {
        match self {
            Self::Rings | Self::Awaited => PartyState::Ringing,
            Self::Offline | Self::Unwanted => PartyState::Missed,
            Self::Busy => PartyState::Busy,
            Self::Blocked => PartyState::Rejected,
        }
    }
}

pub struct Invited {
    pub colleague: Colleague,
    pub auto_accept: bool,
    pub takes_video: bool,
    pub fate: Fate,
}

impl Invited {
    /// Whether he takes calls of this kind at all.
    pub fn takes(&self, call_type: CallType) -> bool {
        match call_type {
            CallType::Voice => true,
            CallType::Video => self.takes_video,
        }
    }

    /// A part of his that is not written yet.
    pub fn party(&self, unit: &Unit, call: CallId) -> party::Model {
        let state = self.fate.state();
        party::Model {
            state,
            left_at: (!state.is_live()).then_some(unit.now()),
            is_unwanted: self.fate == Fate::Unwanted,
            ..new_party(unit, call, &self.colleague, PeerRole::Callee)
        }
    }
}

/// A part of somebody's who is in the call.
pub fn new_party(unit: &Unit, call: CallId, who: &Colleague, role: PeerRole) -> party::Model {
    party::Model {
        id: unit.id(),
        company_id: unit.company(),
        call_id: call,
        user_id: who.user,
        agent_id: who.agent.as_ref().map(|agent| agent.id),
        role,
        state: PartyState::Joined,
        invited_at: unit.now(),
        invited_by: None,
        is_unwanted: false,
        joined_at: None,
        left_at: None,
        socket: None,
        lost_at: None,
        device: None,
        network: None,
        quality_score: None,
        feedback: None,
    }
}

/// The colleagues who are meant, each once, in the order of their ids: who writes parties of the same two at once waits for
/// the same row.
///
/// # Errors
/// `USER_NOT_FOUND` for who is none; 422 of this field for oneself, and for nobody.
pub async fn colleagues(
    app: &App,
    scope: CompanyScope,
    me: UserId,
    mut users: Vec<UserId>,
    field: &str,
) -> Result<Vec<Colleague>> {
    users.sort();
    users.dedup();
    if users.is_empty() {
        return Err(Error::invalid(field, "is required"));
    }
    if users.contains(&me) {
        return Err(Error::invalid(field, "is yourself"));
    }
    let mut found = Vec::new();
    for user in users {
        let colleague = store::colleague(scope, app.db.reader(), user).await?;
        found.push(colleague.ok_or(Error::NotFound(Subject::User))?);
    }
    Ok(found)
}

/// Whether his settings and his devices let him be called. That he has another call is seen when it is written.
pub async fn judge(app: &App, scope: CompanyScope, me: &Colleague, colleague: Colleague) -> Result<Invited> {
    let db = app.db.reader();
    let settings = store::settings(scope, db, colleague.user).await?;
    let blocked =
        settings.block_unknown_callers && !store::know_each_other(scope, db, colleague.user, me.user).await?;
    let is_unwanted = !chats::who_block(scope, db, me.user, &[colleague.user]).await?.is_empty();
    let fate = if is_unwanted {
        Fate::Unwanted
    } else if blocked {
        Fate::Blocked
    } else {
        match reach(scope, db, colleague.user, app.clock.now()).await? {
            Reach::Device => Fate::Rings,
            Reach::Returning | Reach::Phone => Fate::Awaited,
            Reach::Nothing => Fate::Offline,
        }
    };
    Ok(Invited {
        colleague,
        auto_accept: settings.auto_accept_calls,
        takes_video: settings.allow_video_calls,
        fate,
    })
}

/// A unit of the agent's capacity, unless he talks with a customer or has none left.
pub async fn take_capacity(
    unit: &mut Unit,
    agent: &entity::agent::Model,
    call: CallId,
    row: &party::Model,
) -> Result<bool> {
    let held = queueing::slots_of(unit.scope(), unit.tx(), &[agent.id]).await?;
    if held.iter().any(|slot| slot.holder == SlotHolder::Segment) {
        return Ok(false);
    }
    Ok(take_slot(unit, agent, call, slot_key(row), SlotHolder::PeerCall).await? == Inserted::Yes)
}

/// The devices of one who is called are told who calls.
pub fn ring(unit: &mut Unit, book: &Book, me: &Colleague, one: &Invited) {
    let told = tell::incoming(book, me.user, &me.name, one.auto_accept);
    unit.tell(&[Audience::User(one.colleague.user)], "call:incoming", told);
}

/// Who is called and has no screen open is told on his phone; who was called in vain, that he was.
pub async fn wake_phones(unit: &mut Unit, call: CallId, me: &Colleague, one: &Invited) -> Result<()> {
    let now = unit.now();
    let until = now + seconds(unit.app().settings.rtc.ring);
    let notice = match one.fate {
        Fate::Rings | Fate::Awaited => Notice::call(call, &me.name, now, until),
        Fate::Offline | Fate::Busy => Notice::missed_call(call, &me.name, now),
        Fate::Unwanted | Fate::Blocked => return Ok(()),
    };
    notices::to(unit, one.colleague.user, notice).await
}

/// Agents have less capacity for customers from now on.
pub async fn have_less_capacity(unit: &mut Unit, agents: Vec<AgentId>) -> Result<()> {
    for agent in agents {
        unit.reroute(RoutingSubject::Agent, agent);
        agents::tell_status(unit, agent).await?;
    }
    Ok(())
}

pub fn seconds(span: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}
