//! The sockets of this node: who holds each, which rooms it is in, and up to which event it has been told. It is the
//! one place that sends, so it keeps the order: a socket sees every event that its rooms are meant for, by ascending
//! seq and once, also while it is given a snapshot or a gap. It never waits and never reads the database.
//!
//! Sockets are kept by company and events are looked for within one company only, so nothing can cross.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, SessionId};
use serde_json::Value;
use socketioxide::socket::Sid;

use super::dialects::{self, Dialect, InChat};
use crate::error::Code;
use crate::identity::Caller;
use crate::store::Audience;

/// The way to one client.
pub trait Line: Clone + Send {
    /// Puts an event into the socket's buffer; does not wait for the client.
    fn send(&self, event: &str, payload: &Value) -> Sent;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Yes,
    /// The client reads too slowly, and its buffer is full.
    Full,
    /// The socket is closed; its leaving is noted elsewhere.
    Closed,
}

/// Who holds a socket, and until when without a new token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    pub caller: Caller,
    /// When the access token runs out.
    pub until: DateTime<Utc>,
}

/// Why a socket loses its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dismissal {
    pub code: Code,
    pub message: &'static str,
}

impl Dismissal {
    pub const TOKEN_EXPIRED: Self =
        Self { code: Code::TokenExpired, message: "The access token has run out. Refresh it." };
    pub const SESSION_ENDED: Self =
        Self { code: Code::SessionEnded, message: "This session has ended. Sign in again." };
    pub const NOT_AUTHENTICATED: Self =
        Self { code: Code::NotAuthenticated, message: "This socket has not said in time who it is." };
}

/// An event of a company's outbox.
#[derive(Debug)]
pub struct Event {
    pub seq: i64,
    /// Names of rooms; one that begins with [`Audience::BUT`] is of sockets that are not told.
    pub audience: Vec<String>,
    pub name: String,
    /// With the seq in it.
    pub payload: Value,
}

/// What a socket is told apart from the running events.
#[derive(Debug)]
pub struct Message {
    pub event: String,
    pub payload: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Admitted {
    /// In the rooms, and held: events wait until the first [`Roster::release`].
    Yes,
    /// It was in already; the new token counts from now on.
    Again,
    /// Its holder is somebody else: a socket keeps its user and its company as long as it lives.
    SomebodyElse,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Hold {
    Held,
    /// Somebody else holds it and will release it.
    Already,
    /// There is no such socket.
    Gone,
}

pub struct Roster<L>(Mutex<Inner<L>>);

struct Inner<L> {
    /// Who has not said who he is, with the moment at which his time is up.
    strangers: HashMap<Sid, (L, DateTime<Utc>)>,
    homes: HashMap<Sid, Option<CompanyId>>,
    /// `None`: users without a company, whom no event concerns.
    groups: HashMap<Option<CompanyId>, Group<L>>,
}

struct Group<L> {
    /// The last event that was handed to the members; `None` until the first of them knows where to begin.
    cursor: Option<i64>,
    members: HashMap<Sid, Member<L>>,
}

struct Member<L> {
    line: L,
    holder: Holder,
    rooms: BTreeSet<String>,
    /// The room that no other socket is in.
    own_room: String,
    /// `None`: it is not known yet, and it is told everything in each.
    dialect: Option<Dialect>,
    /// The same of chat.
    in_chat: Option<InChat>,
    gate: Gate,
}

enum Gate {
    /// A snapshot or a gap is being read: events wait.
    Held(Vec<Arc<Event>>),
    /// Events after this one go through.
    Open(i64),
    /// Something could not be sent: it needs a snapshot before anything else.
    Behind,
}

impl<L> Default for Roster<L> {
    fn default() -> Self {
        Self(Mutex::new(Inner { strangers: HashMap::new(), homes: HashMap::new(), groups: HashMap::new() }))
    }
}

impl<L: Line> Roster<L> {
    fn lock(&self) -> MutexGuard<'_, Inner<L>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    // ---- coming and going

    /// A socket that has not said who it is; it may take until `deadline`.
    pub fn greet(&self, sid: Sid, line: L, deadline: DateTime<Utc>) {
        self.lock().strangers.insert(sid, (line, deadline));
    }

    /// Takes out those who have not said in time who they are.
    pub fn overdue(&self, now: DateTime<Utc>) -> Vec<L> {
        let late = self.lock().strangers.extract_if(|_, (_, deadline)| *deadline <= now).collect::<Vec<_>>();
        late.into_iter().map(|(_, (line, _))| line).collect()
    }

    pub fn admit(&self, sid: Sid, line: L, holder: Holder, rooms: BTreeSet<String>) -> Admitted {
        let mut inner = self.lock();
        inner.strangers.remove(&sid);
        if let Some(member) = inner.member(sid) {
            let (old, new) = (member.holder.caller, holder.caller);
            if (old.user, old.company()) != (new.user, new.company()) {
                return Admitted::SomebodyElse;
            }
            (member.holder, member.rooms) = (holder, rooms);
            return Admitted::Again;
        }
        let home = holder.caller.company();
        inner.homes.insert(sid, home);
        let group =
            inner.groups.entry(home).or_insert_with(|| Group { cursor: None, members: HashMap::new() });
        let own_room = Audience::Socket(sid.as_str()).room();
        let gate = Gate::Held(Vec::new());
        group
            .members
            .insert(sid, Member { line, holder, rooms, own_room, dialect: None, in_chat: None, gate });
        Admitted::Yes
    }

    /// In which dialect the socket is told of calls and of chats from now on, unless that is known.
    pub fn speaks(&self, sid: Sid, dialect: Dialect) {
        if let Some(member) = self.lock().member(sid) {
            member.dialect.get_or_insert(dialect);
            member.in_chat.get_or_insert(dialect.into());
        }
    }

    /// The same of chats alone.
    pub fn speaks_in_chat(&self, sid: Sid, dialect: InChat) {
        if let Some(member) = self.lock().member(sid) {
            member.in_chat.get_or_insert(dialect);
        }
    }

    /// How many are admitted.
    pub fn count(&self) -> usize {
        self.lock().groups.values().map(|group| group.members.len()).sum()
    }

    pub fn leave(&self, sid: Sid) {
        let mut inner = self.lock();
        inner.strangers.remove(&sid);
        inner.remove(sid);
    }

    pub fn holder(&self, sid: Sid) -> Option<Holder> {
        self.lock().member(sid).map(|member| member.holder)
    }

    /// Whether a member is in a room that this event is meant for.
    pub fn sees(&self, sid: Sid, event: &Event) -> bool {
        self.lock().member(sid).is_some_and(|member| event.concerns(member))
    }

    // ---- who they still are

    /// The sessions of all members, each once.
    pub fn sessions(&self) -> Vec<SessionId> {
        let inner = self.lock();
        let members = inner.groups.values().flat_map(|group| group.members.values());
        let sessions: HashSet<_> = members.map(|member| member.holder.caller.session).collect();
        sessions.into_iter().collect()
    }

    /// Takes over what the sessions say now. Takes out the members whose token has run out or whose session is no
    /// longer good, with the reason. A session without a verdict was not asked for, and stays.
    pub fn refresh(
        &self,
        now: DateTime<Utc>,
        verdicts: &HashMap<SessionId, Result<(Caller, BTreeSet<String>), Dismissal>>,
    ) -> Vec<(L, Dismissal)> {
        let mut inner = self.lock();
        let mut dismissed = Vec::new();
        for (home, group) in &mut inner.groups {
            for (sid, member) in &mut group.members {
                if let Some(why) = member.judge(*home, now, verdicts.get(&member.holder.caller.session)) {
                    dismissed.push((*sid, why));
                }
            }
        }
        dismissed.into_iter().filter_map(|(sid, why)| Some((inner.remove(sid)?.line, why))).collect()
    }

    // ---- events

    /// Companies with members who know where to begin, and the last event handed to them.
    pub fn cursors(&self) -> HashMap<CompanyId, i64> {
        let inner = self.lock();
        inner.groups.iter().filter_map(|(home, group)| Some(((*home)?, group.cursor?))).collect()
    }

    pub fn cursor(&self, company: CompanyId) -> Option<i64> {
        self.lock().groups.get(&Some(company))?.cursor
    }

    /// Events after `seq` are handed to the members from now on, unless that has begun already.
    pub fn begin_at(&self, company: CompanyId, seq: i64) {
        if let Some(group) = self.lock().groups.get_mut(&Some(company)) {
            group.cursor.get_or_insert(seq);
        }
    }

    /// Hands on events that follow each other and the cursor.
    pub fn deliver(&self, company: CompanyId, events: &[Arc<Event>]) {
        let mut inner = self.lock();
        let Some(group) = inner.groups.get_mut(&Some(company)) else { return };
        for event in events {
            if group.cursor.is_none_or(|cursor| cursor + 1 != event.seq) {
                continue;
            }
            group.cursor = Some(event.seq);
            for member in group.members.values_mut() {
                if event.concerns(member) {
                    member.hear(event);
                }
            }
        }
    }

    /// The events up to `seq` are lost: every member needs a snapshot.
    pub fn skip_to(&self, company: CompanyId, seq: i64) {
        if let Some(group) = self.lock().groups.get_mut(&Some(company)) {
            group.cursor = Some(seq);
            for member in group.members.values_mut() {
                member.gate = Gate::Behind;
            }
        }
    }

    /// Events wait from now on, so that a snapshot or a gap can be read and told first.
    pub fn hold(&self, sid: Sid) -> Hold {
        match self.lock().member(sid) {
            None => Hold::Gone,
            Some(Member { gate: Gate::Held(_), .. }) => Hold::Already,
            Some(member) => {
                member.gate = Gate::Held(Vec::new());
                Hold::Held
            }
        }
    }

    /// Tells what was read, which holds everything up to `seq`, and lets the events after it through.
    pub fn release(&self, sid: Sid, messages: &[Message], seq: i64) {
        let mut inner = self.lock();
        let Some(member) = inner.member(sid) else { return };
        let Gate::Held(waiting) = std::mem::replace(&mut member.gate, Gate::Open(seq)) else {
            member.gate = Gate::Behind;
            return;
        };
        for message in messages {
            member.say(&message.event, &message.payload);
        }
        for event in waiting {
            member.hear(&event);
        }
    }

    /// It could not be read: tried again with the others that are behind.
    pub fn give_up(&self, sid: Sid) {
        if let Some(member) = self.lock().member(sid) {
            member.gate = Gate::Behind;
        }
    }

    /// Those who need a snapshot.
    pub fn behind(&self) -> Vec<Sid> {
        let inner = self.lock();
        let members = inner.groups.values().flat_map(|group| &group.members);
        members.filter(|(_, member)| matches!(member.gate, Gate::Behind)).map(|(sid, _)| *sid).collect()
    }

    /// Something fleeting, for the members in one of these rooms. Who is not up to date learns it from his snapshot.
    pub fn tell(&self, company: CompanyId, rooms: &[String], event: &str, payload: &Value) {
        let mut inner = self.lock();
        let Some(group) = inner.groups.get_mut(&Some(company)) else { return };
        for member in group.members.values_mut() {
            match member.gate {
                Gate::Open(_) if rooms.iter().any(|room| member.rooms.contains(room)) => {
                    member.say(event, payload);
                }
                Gate::Open(_) | Gate::Held(_) | Gate::Behind => {}
            }
        }
    }
}

impl<L> Inner<L> {
    fn member(&mut self, sid: Sid) -> Option<&mut Member<L>> {
        let home = self.homes.get(&sid)?;
        self.groups.get_mut(home)?.members.get_mut(&sid)
    }

    fn remove(&mut self, sid: Sid) -> Option<Member<L>> {
        let home = self.homes.remove(&sid)?;
        let group = self.groups.get_mut(&home)?;
        let member = group.members.remove(&sid);
        if group.members.is_empty() {
            self.groups.remove(&home);
        }
        member
    }
}

impl<L: Line> Member<L> {
    /// Why the member must go; `None` when he may stay, as what the verdict says.
    fn judge(
        &mut self,
        home: Option<CompanyId>,
        now: DateTime<Utc>,
        verdict: Option<&Result<(Caller, BTreeSet<String>), Dismissal>>,
    ) -> Option<Dismissal> {
        if self.holder.until <= now {
            return Some(Dismissal::TOKEN_EXPIRED);
        }
        match verdict {
            None => None,
            Some(Err(why)) => Some(*why),
            Some(Ok((caller, _))) if caller.company() != home => Some(Dismissal::SESSION_ENDED),
            Some(Ok((caller, rooms))) => {
                self.holder.caller = *caller;
                self.rooms.clone_from(rooms);
                None
            }
        }
    }

    fn hear(&mut self, event: &Arc<Event>) {
        match &mut self.gate {
            Gate::Held(waiting) => waiting.push(event.clone()),
            Gate::Open(after) if event.seq > *after => self.say(&event.name, &event.payload),
            Gate::Open(_) | Gate::Behind => {}
        }
    }

    /// In the words of its dialect.
    fn say(&mut self, event: &str, payload: &Value) {
        if let Some((name, told)) = dialects::in_capitals(event, payload) {
            if self.in_chat != Some(InChat::Small) {
                self.send(name, &told);
            }
            if self.in_chat != Some(InChat::Capital) {
                self.send(event, payload);
            }
            return;
        }
        let Some(said) = dialects::told(event, payload) else { return self.send(event, payload) };
        for said in said {
            if self.dialect.is_none_or(|own| own == said.dialect) {
                self.send(said.event, &said.payload);
            }
        }
    }

    fn send(&mut self, event: &str, payload: &Value) {
        if matches!(self.gate, Gate::Behind) {
            return;
        }
        match self.line.send(event, payload) {
            Sent::Yes | Sent::Closed => {}
            Sent::Full => self.gate = Gate::Behind,
        }
    }
}

impl Event {
    fn concerns<L>(&self, member: &Member<L>) -> bool {
        let is_in = |room: &str| member.rooms.contains(room) || member.own_room == room;
        let (mut told, mut left_out) = (false, false);
        for room in &self.audience {
            match room.strip_prefix(Audience::BUT) {
                Some(room) => left_out |= is_in(room),
                None => told |= is_in(room),
            }
        }
        told && !left_out
    }
}

#[cfg(test)]
mod tests;
