//! Somebody calls colleagues. Everything is written in one unit: the call, the parties, the capacity of those who are agents,
//! what devices are told, and the job that ends the ringing. Who is in another call is busy; two who call each other at
//! once have one call.

use chrono::TimeDelta;
use entity::id::{AgentId, CallId, UserId};
use entity::{
    CallKind, CallStatus, CallType, CompanyScope, ConnectionType, EndedBy, Inserted, JobKind, PartyState,
    PeerMedia, PeerRole, PeerStatus, RoutingSubject, SlotHolder, call, peer_call,
    peer_call_participant as party,
};
use serde_json::{Value, json};

use super::book::{Book, slot_key};
use super::ring::{Reach, reach};
use super::state::Event;
use super::{Device, answer, tell};
use crate::app::App;
use crate::calls::CallFile;
use crate::calls::offer::take_slot;
use crate::calls::story::EventKind;
use crate::error::{Code, Error, Result, Subject};
use crate::notices::{self, Notice};
use crate::phone::e164;
use crate::store::peer_calls::{self as store, Colleague};
use crate::store::{Audience, Unit, chats, queueing};
use crate::{agents, presence};

/// Whom somebody calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Callee {
    User(UserId),
    /// As it was written.
    Number(String),
}

/// What a call is to be.
#[derive(Clone, Debug)]
pub struct Wish {
    /// One, or several for a group call.
    pub to: Vec<Callee>,
    pub call_type: CallType,
    /// The caller's session description; without one the media go through Agora.
    pub offer: Option<Value>,
    pub device: Device,
    pub connection_type: ConnectionType,
    pub region: Option<String>,
    pub call_settings: Option<Value>,
}

/// What came of calling.
#[derive(Clone, Debug)]
pub struct Made {
    pub call: CallId,
    pub status: PeerStatus,
    pub media: PeerMedia,
    pub to_number: Option<String>,
    /// Who is called has called at the same time: this is his call, and it rings here.
    pub glare: bool,
}

/// Tries of writing a call before it is given up; each follows somebody else's commit.
const TRIES: usize = 5;

/// Calls.
///
/// # Errors
/// `USER_NOT_FOUND` for who is no colleague; `BUSY` when the caller or the only callee has another call; `USER_OFFLINE`,
/// `CALL_BLOCKED`, `VIDEO_NOT_ALLOWED`; `GROUP_FULL`; 422 for oneself.
pub async fn initiate(app: &App, scope: CompanyScope, caller: UserId, wish: Wish) -> Result<Made> {
    let db = app.db.reader();
    let me = store::colleague(scope, db, caller).await?.ok_or(Error::NotFound(Subject::User))?;
    let (callees, to_number) = find(app, scope, &me, &wish.to).await?;
    let media = media_of(app, &wish, callees.len())?;
    let mut invited = Vec::new();
    for callee in callees {
        invited.push(invite(app, scope, &me, callee, wish.call_type).await?);
    }
    let mut new = New { me, invited, wish, media, to_number };
    for _ in 0..TRIES {
        let busy = match new.write(app, scope).await? {
            Written::Yes(made) => return made,
            Written::CallerHasNoCapacity => return Err(own_call()),
            Written::CallerBusy => None,
            Written::CalleeBusy(at) => Some(at),
        };
        if let Some(made) = new.call_in_common(app, scope).await? {
            return new.answer_if_it_is_his(app, scope, made).await;
        }
        if store::live_party(scope, db, caller).await?.is_some() {
            return Err(own_call());
        }
        if let Some(at) = busy {
            new.invited[at].fate = Fate::Busy;
        }
    }
    Err(own_call())
}

fn own_call() -> Error {
    Error::conflict(Code::Busy, "You have another call.")
}

/// The colleagues who are meant, each once, in the order of their ids; and the number by which one was named.
async fn find(
    app: &App,
    scope: CompanyScope,
    me: &Colleague,
    to: &[Callee],
) -> Result<(Vec<Colleague>, Option<String>)> {
    let (mut found, mut number) = (Vec::<Colleague>::new(), None);
    for one in to {
        let user = match one {
            Callee::User(user) => *user,
            Callee::Number(written) => {
                let e164 = e164(written).ok_or_else(|| {
                    Error::invalid("/toPhoneNumber", "is no number in E.164, as +12025550123")
                })?;
                let user = store::user_at_number(scope, app.db.reader(), &e164).await?;
                number = Some(e164);
                user.ok_or(Error::NotFound(Subject::User))?
            }
        };
        if user == me.user {
            return Err(Error::invalid("/receiverId", "is yourself"));
        }
        if found.iter().all(|one| one.user != user) {
            let colleague = store::colleague(scope, app.db.reader(), user).await?;
            found.push(colleague.ok_or(Error::NotFound(Subject::User))?);
        }
    }
    if found.is_empty() {
        return Err(Error::invalid("/receiverId", "is required"));
    }
    found.sort_by_key(|one| one.user);
    Ok((found, number))
}

/// A mesh up to the number of the settings, above it a channel of Agora's.
fn media_of(app: &App, wish: &Wish, callees: usize) -> Result<PeerMedia> {
    let rtc = &app.settings.rtc;
    if callees + 1 > rtc.mesh_limit {
        return match rtc.agora {
            Some(_) => Ok(PeerMedia::Agora),
            None => {
                let message = format!("A group call has at most {} people here.", rtc.mesh_limit);
                Err(Error::conflict(Code::GroupFull, message))
            }
        };
    }
    Ok(if wish.offer.is_some() || callees > 1 { PeerMedia::Webrtc } else { PeerMedia::Agora })
}

/// What becomes of one who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
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
    fn is_called(self) -> bool {
        match self {
            Self::Rings | Self::Awaited => true,
            Self::Offline | Self::Unwanted | Self::Busy | Self::Blocked => false,
        }
    }
}

struct Invited {
    colleague: Colleague,
    auto_accept: bool,
    fate: Fate,
}

/// Whether his settings and his devices let him be called.
async fn invite(
    app: &App,
    scope: CompanyScope,
    me: &Colleague,
    colleague: Colleague,
    call_type: CallType,
) -> Result<Invited> {
    let db = app.db.reader();
    let settings = store::settings(scope, db, colleague.user).await?;
    if call_type == CallType::Video && !settings.allow_video_calls {
        let message = format!("{} takes no video calls.", colleague.name);
        return Err(Error::conflict(Code::VideoNotAllowed, message));
    }
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
    Ok(Invited { colleague, auto_accept: settings.auto_accept_calls, fate })
}

/// A call that is about to be written.
struct New {
    me: Colleague,
    /// In the order of their ids: who writes parties of the same two at once waits for the same row.
    invited: Vec<Invited>,
    wish: Wish,
    media: PeerMedia,
    to_number: Option<String>,
}

enum Written {
    /// The call, or why it came to nothing; either is written.
    Yes(Result<Made>),
    CallerBusy,
    CallerHasNoCapacity,
    /// Which of the invited.
    CalleeBusy(usize),
}

impl New {
    async fn write(&self, app: &App, scope: CompanyScope) -> Result<Written> {
        let mut unit = Unit::begin(app, scope).await?;
        let (id, now): (CallId, _) = (unit.id(), unit.now());
        let rings = self.invited.iter().any(|one| one.fate.is_called());
        let row = self.call_row(id, &unit);
        scope.insert::<call::Entity, _>(unit.tx(), row.clone()).await?;
        let call = self.peer_row(id, &unit, rings);
        store::insert(scope, unit.tx(), call.clone()).await?;
        let mut parties = Vec::new();
        let mine = self.party(&unit, id, &self.me, PeerRole::Caller, rings.then_some(PartyState::Joined));
        parties.push((mine, self.me.agent.as_ref(), None));
        for (at, one) in self.invited.iter().enumerate() {
            let state = one.fate.is_called().then_some(PartyState::Ringing);
            let mut row = self.party(&unit, id, &one.colleague, PeerRole::Callee, state);
            row.state = match one.fate {
                Fate::Rings | Fate::Awaited => PartyState::Ringing,
                Fate::Offline | Fate::Unwanted => PartyState::Missed,
                Fate::Busy => PartyState::Busy,
                Fate::Blocked => PartyState::Rejected,
            };
            parties.push((row, one.colleague.agent.as_ref(), Some(at)));
        }
        // The index of live parties decides between two calls at once; in one order for all.
        parties.sort_by_key(|(row, ..)| row.user_id);
        for (row, _, who) in &parties {
            if store::insert_party(scope, unit.tx(), row.clone()).await? == Inserted::Conflicted {
                return Ok(who.map_or(Written::CallerBusy, Written::CalleeBusy));
            }
        }
        let mut agents: Vec<_> = parties.iter().filter(|(row, ..)| row.state.is_live()).collect();
        agents.sort_by_key(|(row, ..)| row.agent_id);
        for (row, agent, who) in agents {
            let Some(agent) = agent else { continue };
            if !take_capacity(&mut unit, agent, id, row).await? {
                return Ok(who.map_or(Written::CallerHasNoCapacity, Written::CalleeBusy));
            }
        }
        let mut file = CallFile::new(row);
        let to: Vec<_> = self.invited.iter().map(|one| one.colleague.user).collect();
        file.note(
            &unit,
            EventKind::Arrived,
            json!({"by": self.me.user, "to": to, "callType": call.call_type}),
        );
        let rows = store::parties(scope, unit.tx(), id).await?;
        let mut book = Book::new(file, call, rows);
        let made = Made {
            call: id,
            status: PeerStatus::Ringing,
            media: self.media,
            to_number: self.to_number.clone(),
            glare: false,
        };
        let outcome = if rings {
            self.ring(&mut unit, &mut book)?;
            self.wake_phones(&mut unit, id).await?;
            unit.job(JobKind::PeerDeadline, id, json!({}), now + seconds(app.settings.rtc.ring));
            Ok(Made { status: book.call.status, ..made })
        } else {
            self.wake_phones(&mut unit, id).await?;
            Err(self.came_to_nothing(&mut unit, &mut book))
        };
        let agents: Vec<AgentId> =
            book.parties.iter().filter(|row| row.state.is_live()).filter_map(|row| row.agent_id).collect();
        book.save(&mut unit, EndedBy::System).await?;
        for agent in agents {
            unit.reroute(RoutingSubject::Agent, agent);
            agents::tell_status(&mut unit, agent).await?;
        }
        if rings {
            presence::has_changed(&mut unit, self.me.user).await?;
        }
        unit.commit().await?;
        Ok(Written::Yes(outcome))
    }

    /// Devices are told, and the caller that they are.
    fn ring(&self, unit: &mut Unit, book: &mut Book) -> Result<()> {
        for one in self.invited.iter().filter(|one| one.fate.is_called()) {
            let told = tell::incoming(book, &self.me.name, one.auto_accept);
            unit.tell(&[Audience::User(one.colleague.user)], "call:incoming", told);
        }
        if self.invited.iter().all(|one| one.fate != Fate::Rings) {
            return Ok(());
        }
        let caller = tell::address(&book.parties[0]);
        unit.tell(&[caller], "call:ringing", json!({"callId": book.id(), "callType": book.call.call_type}));
        book.apply(unit, Event::Rung(1)).map(drop)
    }

    /// Who is called and has no screen open is told on his phone; who was called in vain, that he was.
    async fn wake_phones(&self, unit: &mut Unit, id: CallId) -> Result<()> {
        let now = unit.now();
        let until = now + seconds(unit.app().settings.rtc.ring);
        for one in &self.invited {
            let notice = match one.fate {
                Fate::Rings | Fate::Awaited => Notice::call(id, &self.me.name, now, until),
                Fate::Offline | Fate::Busy => Notice::missed_call(id, &self.me.name, now),
                Fate::Unwanted | Fate::Blocked => continue,
            };
            notices::to(unit, one.colleague.user, notice).await?;
        }
        Ok(())
    }

    /// Nobody can be rung: the call is written all the same, and over.
    fn came_to_nothing(&self, unit: &mut Unit, book: &mut Book) -> Error {
        let all = |fate| self.invited.iter().all(|one| one.fate == fate);
        let (status, reason, event, code, message) = if all(Fate::Busy) {
            (PeerStatus::Busy, "busy", "call:busy", Code::Busy, "has another call")
        } else if all(Fate::Blocked) {
            (PeerStatus::Rejected, "blocked", "call:rejected", Code::CallBlocked, "takes no calls from you")
        } else {
            (PeerStatus::Missed, "offline", "call:failed", Code::UserOffline, "is not there")
        };
        book.call.status = status;
        book.call.end_reason = Some(reason.to_owned());
        let caller = &book.parties[0];
        let told = json!({"callId": book.id(), "reason": reason, "code": code});
        let to = match &caller.socket {
            Some(socket) => Audience::Socket(socket),
            None => Audience::User(caller.user_id),
        };
        unit.tell(&[to], event, told);
        let who = match self.invited.as_slice() {
            [one] => one.colleague.name.clone(),
            _ => "Everybody whom you have called".to_owned(),
        };
        Error::conflict(code, format!("{who} {message}."))
    }

    /// The call that the caller has with the one whom he calls: his own, said twice, or one of the other's at this moment.
    async fn call_in_common(&self, app: &App, scope: CompanyScope) -> Result<Option<Made>> {
        let [callee] = self.invited.as_slice() else { return Ok(None) };
        let db = app.db.reader();
        let Some(mine) = store::live_party(scope, db, self.me.user).await? else { return Ok(None) };
        let Some(his) = store::live_party(scope, db, callee.colleague.user).await? else { return Ok(None) };
        let Some(call) = store::call(scope, db, mine.call_id).await? else { return Ok(None) };
        if mine.call_id != his.call_id || call.is_group {
            return Ok(None);
        }
        let glare = mine.role == PeerRole::Callee;
        if mine.state != PartyState::Ringing && glare {
            return Ok(None);
        }
        if glare && let Some(socket) = &self.wish.device.socket {
            // It rings on this device, too; what it has offered is of no use any more.
            let mut unit = Unit::begin(app, scope).await?;
            let book = Book::open(&unit, call.call_id).await?;
            let mut told = tell::incoming(&book, &callee.colleague.name, false);
            told["glare"] = true.into();
            unit.tell(&[Audience::Socket(socket)], "call:incoming", told);
            unit.commit().await?;
        }
        Ok(Some(Made {
            call: call.call_id,
            status: call.status,
            media: call.media,
            to_number: call.to_number,
            glare,
        }))
    }

    /// Two who have called each other over REST have nothing to exchange: they have one call, and are in it.
    async fn answer_if_it_is_his(&self, app: &App, scope: CompanyScope, made: Made) -> Result<Made> {
        if !made.glare || made.media != PeerMedia::Agora || self.wish.offer.is_some() {
            return Ok(made);
        }
        let taken = answer(app, scope, self.me.user, made.call, None, self.wish.device.clone()).await?;
        Ok(Made { status: taken.status, ..made })
    }

    fn call_row(&self, id: CallId, unit: &Unit) -> call::Model {
        let address = |user: UserId| format!("user:{user}");
        let to = match self.invited.as_slice() {
            [one] => address(one.colleague.user),
            several => format!("group:{}", several.len()),
        };
        call::Model {
            status: CallStatus::Dialing,
            caller_name: Some(self.me.name.clone()),
            ..call::Model::begun(id, unit.company(), CallKind::Peer, (address(self.me.user), to), unit.now())
        }
    }

    fn peer_row(&self, id: CallId, unit: &Unit, rings: bool) -> peer_call::Model {
        peer_call::Model {
            call_id: id,
            company_id: unit.company(),
            called_by: self.me.user,
            call_type: self.wish.call_type,
            status: PeerStatus::Initiated,
            media: self.media,
            is_group: self.invited.len() > 1,
            to_number: self.to_number.clone(),
            end_reason: None,
            offer: self.wish.offer.clone().filter(|_| rings),
            connection_type: self.wish.connection_type,
            region: self.wish.region.clone(),
            call_settings: self.wish.call_settings.clone(),
            error_info: None,
        }
    }

    /// `live`: how he takes part; without, he takes none any more.
    fn party(
        &self,
        unit: &Unit,
        call: CallId,
        who: &Colleague,
        role: PeerRole,
        live: Option<PartyState>,
    ) -> party::Model {
        let device = match role {
            PeerRole::Caller => self.wish.device.clone(),
            PeerRole::Callee => Device::default(),
        };
        party::Model {
            id: unit.id(),
            company_id: unit.company(),
            call_id: call,
            user_id: who.user,
            agent_id: who.agent.as_ref().map(|agent| agent.id),
            role,
            state: live.unwrap_or(PartyState::Left),
            invited_at: unit.now(),
            joined_at: None,
            left_at: live.is_none().then_some(unit.now()),
            socket: device.socket,
            lost_at: None,
            device: device.info,
            network: device.network,
            quality_score: None,
            feedback: None,
        }
    }
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

pub fn seconds(span: std::time::Duration) -> TimeDelta {
    TimeDelta::from_std(span).unwrap_or(TimeDelta::MAX)
}
