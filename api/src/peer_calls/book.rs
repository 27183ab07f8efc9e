//! A call among colleagues, locked: the call, what only such a call has, and its parties. Whatever happens to it goes
//! through [`state`](super::state), and is written once, with all that follows: capacity, presence, the story.

use chrono::{DateTime, Utc};
use entity::id::{CallId, OfferId, UserId};
use entity::{
    CallKind, CallOutcome, CallStatus, EndedBy, Inserted, PartyState, PeerRole, PeerStatus, RoutingSubject,
    peer_call, peer_call_participant as party,
};
use serde_json::json;

use super::callees::Invited;
use super::name_of;
use super::state::{Came, Event, Party, Refusal, Standing};
use crate::calls::CallFile;
use crate::calls::story::EventKind;
use crate::error::{Code, Error, Result, Subject};
use crate::notices::{self, Notice};
use crate::store::{Unit, peer_calls as store, queueing};
use crate::{agents, presence};

pub struct Book {
    pub file: CallFile,
    pub call: peer_call::Model,
    /// The caller first.
    pub parties: Vec<party::Model>,
    /// As it stood when it was opened.
    pub before: Standing,
    stored: Vec<party::Model>,
}

impl Book {
    /// Locks the call until the unit ends.
    ///
    /// # Errors
    /// `CALL_NOT_FOUND`, also for a call that is none among colleagues.
    pub async fn open(unit: &Unit, id: CallId) -> Result<Self> {
        let file = CallFile::open(unit, id).await?;
        if file.row.kind != CallKind::Peer {
            return Err(Error::NotFound(Subject::Call));
        }
        let call = store::call(unit.scope(), unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Call))?;
        let parties = store::parties(unit.scope(), unit.tx(), id).await?;
        Ok(Self::new(file, call, parties))
    }

    pub fn new(file: CallFile, call: peer_call::Model, parties: Vec<party::Model>) -> Self {
        let before = standing(&call, &parties);
        Self { file, call, stored: parties.clone(), parties, before }
    }

    pub fn id(&self) -> CallId {
        self.call.call_id
    }

    /// The place of a party.
    ///
    /// # Errors
    /// `CALL_NOT_FOUND` for who is in no part of it.
    pub fn place_of(&self, user: UserId) -> Result<usize> {
        let place = self.parties.iter().position(|party| party.user_id == user);
        place.ok_or(Error::NotFound(Subject::Call))
    }

    /// Who has called this party: who has called him into it, else the caller.
    pub fn caller_of(&self, at: usize) -> UserId {
        self.parties[at].invited_by.unwrap_or(self.call.called_by)
    }

    /// How many are in it, or are called.
    pub fn live(&self) -> usize {
        self.parties.iter().filter(|row| row.state.is_live()).count()
    }

    /// Calls somebody into it who has no live part in it; `Conflicted` when he has another call: this unit must not be
    /// committed then.
    ///
    /// # Errors
    /// `CALL_IS_OVER`.
    pub async fn invite(&mut self, unit: &Unit, one: &Invited, by: UserId) -> Result<Inserted> {
        let new = one.party(unit, self.id());
        let place = self.parties.iter().position(|row| row.user_id == new.user_id);
        let at = place.unwrap_or(self.parties.len());
        if place.is_none() {
            self.parties.push(party::Model { state: PartyState::Left, ..new.clone() });
        }
        let row = &mut self.parties[at];
        // What he has missed before that, he has missed.
        let missed = !row.is_unwanted && matches!(row.state, PartyState::Missed | PartyState::Busy);
        row.is_unwanted = new.is_unwanted && !(place.is_some() && missed);
        (row.invited_by, row.invited_at, row.agent_id) = (Some(by), new.invited_at, new.agent_id);
        (row.socket, row.lost_at) = (None, None);
        self.apply(unit, Event::Invited(at, new.state))?;
        let row = self.parties[at].clone();
        let written = match place {
            Some(_) => store::renew_party(unit.scope(), unit.tx(), row.clone()).await?,
            None => store::insert_party(unit.scope(), unit.tx(), row.clone()).await?,
        };
        match place {
            Some(at) => self.stored[at] = row,
            None => self.stored.push(row),
        }
        Ok(written)
    }

    /// Lets it happen to the call and to its parties.
    ///
    /// # Errors
    /// `CALL_IS_OVER`, `CALL_NOT_RINGING`.
    pub fn apply(&mut self, unit: &Unit, event: Event) -> Result<Came> {
        let mut standing = standing(&self.call, &self.parties);
        let came = standing.apply(event).map_err(|refusal| match refusal {
            Refusal::Over => Error::conflict(Code::CallIsOver, "This call is over."),
            Refusal::NotRinging => {
                Error::conflict(Code::CallNotRinging, "This call does not ring for you, or no longer.")
            }
        })?;
        self.call.status = standing.status;
        for (row, now) in self.parties.iter_mut().zip(standing.parties) {
            let was = std::mem::replace(&mut row.state, now.state);
            match (was, now.state) {
                (was, now) if was == now => {}
                (_, PartyState::Joined) => {
                    row.joined_at.get_or_insert(unit.now());
                    row.left_at = None;
                }
                // When he left stays until he joins again.
                (was, _) if was != PartyState::Joined && row.joined_at.is_some() => {}
                (_, PartyState::Ringing) => row.left_at = None,
                _ => row.left_at = Some(unit.now()),
            }
        }
        Ok(came)
    }

    /// How long people have talked, in whole seconds.
    pub fn seconds(&self, now: DateTime<Utc>) -> i64 {
        self.file
            .row
            .answered_at
            .map_or(0, |since| (self.file.row.ended_at.unwrap_or(now) - since).num_seconds())
    }

    /// Writes what has changed. `by` is who has ended it, where it has ended.
    pub async fn save(mut self, unit: &mut Unit, by: EndedBy) -> Result<()> {
        let (scope, id) = (unit.scope(), self.id());
        if self.call.status != self.before.status {
            self.tell_story(unit, by);
        }
        let parties = std::mem::take(&mut self.parties);
        for (row, was) in parties.iter().zip(&self.stored) {
            if row != was {
                store::save_party(scope, unit.tx(), row.clone()).await?;
            }
        }
        store::save(scope, unit.tx(), self.call).await?;
        let caller = self.file.row.their_name().to_owned();
        self.file.save(unit).await?;
        for (row, was) in parties.iter().zip(&self.stored) {
            if was.state == PartyState::Ringing && row.state != was.state {
                let caller = match row.invited_by {
                    Some(by) => name_of(unit, by).await?,
                    None => caller.clone(),
                };
                rings_no_more(unit, row, &caller).await?;
            }
            if was.state.is_live() && !row.state.is_live() {
                let_go(unit, row).await?;
            }
            if (was.state == PartyState::Joined) != (row.state == PartyState::Joined) {
                presence::has_changed(unit, row.user_id).await?;
            }
        }
        tracing::debug!(%id, "a call among colleagues is written");
        Ok(())
    }

    fn tell_story(&mut self, unit: &Unit, by: EndedBy) {
        let (was, now) = (self.before.status, self.call.status);
        let joined: Vec<_> = self.parties.iter().filter(|row| row.joined_at.is_some()).collect();
        match now {
            PeerStatus::Initiated => {}
            PeerStatus::Ringing => self.file.note(unit, EventKind::PeerRinging, json!({})),
            PeerStatus::Active => {
                let users: Vec<_> = joined.iter().map(|row| row.user_id).collect();
                self.file.row.status = CallStatus::Connected;
                self.file.row.outcome = Some(CallOutcome::Answered);
                self.file.row.answered_at.get_or_insert(unit.now());
                self.call.offer = None;
                self.file.note(unit, EventKind::Connected, json!({"users": users}));
            }
            PeerStatus::Ended
            | PeerStatus::Missed
            | PeerStatus::Rejected
            | PeerStatus::Busy
            | PeerStatus::Failed => {
                self.call.offer = None;
                self.file.row.outcome.get_or_insert(match now {
                    PeerStatus::Busy => CallOutcome::Busy,
                    PeerStatus::Failed => CallOutcome::Error,
                    PeerStatus::Missed if by == EndedBy::Caller => CallOutcome::Abandoned,
                    PeerStatus::Ended
                    | PeerStatus::Missed
                    | PeerStatus::Rejected
                    | PeerStatus::Initiated
                    | PeerStatus::Ringing
                    | PeerStatus::Active => CallOutcome::NoAnswer,
                });
                let reason = self.call.end_reason.clone();
                self.file.note(
                    unit,
                    EventKind::CallerLeft,
                    json!({"reason": reason, "status": now, "before": was}),
                );
                self.file.end(unit, by);
            }
        }
    }
}

/// Phones that ring for him are told so: of a call that he has missed, or that it is settled.
async fn rings_no_more(unit: &mut Unit, row: &party::Model, caller: &str) -> Result<()> {
    let now = unit.now();
    let notice = match row.state {
        PartyState::Missed => Notice::missed_call(row.call_id, caller, now),
        PartyState::Joined
        | PartyState::Left
        | PartyState::Rejected
        | PartyState::Busy
        | PartyState::Ringing => Notice::over(row.call_id, row.invited_at, now),
    };
    notices::to(unit, row.user_id, notice).await
}

/// His capacity is free again.
async fn let_go(unit: &mut Unit, row: &party::Model) -> Result<()> {
    let Some(agent) = row.agent_id else { return Ok(()) };
    queueing::release_slot(unit.scope(), unit.tx(), slot_key(row)).await?;
    unit.reroute(RoutingSubject::Agent, agent);
    agents::work_ended(unit, agent).await
}

/// What stands in the slot of who is in a call with a colleague.
pub fn slot_key(row: &party::Model) -> OfferId {
    OfferId(row.id.0)
}

fn standing(call: &peer_call::Model, parties: &[party::Model]) -> Standing {
    let parties = parties.iter().map(|row| Party { role: row.role, state: row.state }).collect();
    Standing { status: call.status, parties }
}

/// By whose doing a call has ended.
pub fn ended_by(role: PeerRole) -> EndedBy {
    match role {
        PeerRole::Caller => EndedBy::Caller,
        PeerRole::Callee => EndedBy::Agent,
    }
}
