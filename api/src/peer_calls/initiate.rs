//! Somebody calls colleagues. Everything is written in one unit: the call, the parties, the capacity of those who are agents,
//! what devices are told, and the job that ends the ringing. Who is in another call is busy; two who call each other at
//! once have one call.

use entity::id::{CallId, UserId};
use entity::{
    CallKind, CallStatus, CallType, CompanyScope, ConnectionType, EndedBy, Inserted, JobKind, PartyState,
    PeerMedia, PeerRole, PeerStatus, call, peer_call, peer_call_participant as party,
};
use serde_json::{Value, json};

use super::book::Book;
use super::callees::{self, Fate, Invited, seconds, take_capacity};
use super::state::Event;
use super::{Device, answer, group, tell};
use crate::app::App;
use crate::calls::CallFile;
use crate::calls::story::EventKind;
use crate::error::{Code, Error, Result, Subject};
use crate::phone::e164;
use crate::presence;
use crate::store::peer_calls::{self as store, Colleague};
use crate::store::{Audience, Unit};

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

/// Tries of writing a call before it is given up, beside one for each who turns out to be busy; each follows somebody else's
/// commit.
const TRIES: usize = 5;

/// Calls.
///
/// # Errors
/// `USER_NOT_FOUND` for who is no colleague; `BUSY` when the caller or the only callee has another call; `USER_OFFLINE`,
/// `CALL_BLOCKED`, `VIDEO_NOT_ALLOWED`; `GROUP_FULL`; 422 for oneself.
pub async fn initiate(app: &App, scope: CompanyScope, caller: UserId, wish: Wish) -> Result<Made> {
    let db = app.db.reader();
    let me = store::colleague(scope, db, caller).await?.ok_or(Error::NotFound(Subject::User))?;
    let (users, to_number) = find(app, scope, &wish.to).await?;
    let colleagues = callees::colleagues(app, scope, me.user, users, "/receiverId").await?;
    let media = media_of(app, &wish, colleagues.len())?;
    let mut invited = Vec::new();
    for colleague in colleagues {
        let one = callees::judge(app, scope, &me, colleague).await?;
        if !one.takes(wish.call_type) {
            let message = format!("{} takes no video calls.", one.colleague.name);
            return Err(Error::conflict(Code::VideoNotAllowed, message));
        }
        invited.push(one);
    }
    let mut new = New { me, invited, wish, media, to_number };
    for _ in 0..TRIES + new.invited.len() {
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

/// The users who are meant, and the number by which one was named.
async fn find(app: &App, scope: CompanyScope, to: &[Callee]) -> Result<(Vec<UserId>, Option<String>)> {
    let (mut found, mut number) = (Vec::new(), None);
    for one in to {
        match one {
            Callee::User(user) => found.push(*user),
            Callee::Number(written) => {
                let e164 = e164(written).ok_or_else(|| {
                    Error::invalid("/toPhoneNumber", "is no number in E.164, as +12025550123")
                })?;
                let user = store::user_at_number(scope, app.db.reader(), &e164).await?;
                number = Some(e164);
                found.push(user.ok_or(Error::NotFound(Subject::User))?);
            }
        }
    }
    Ok((found, number))
}

/// A mesh up to the number of the settings, above it a channel of Agora's.
fn media_of(app: &App, wish: &Wish, callees: usize) -> Result<PeerMedia> {
    let rtc = &app.settings.rtc;
    if callees + 1 > rtc.mesh_limit {
        return match rtc.agora {
            Some(_) => Ok(PeerMedia::Agora),
            None => Err(group::full(rtc.mesh_limit, "Call fewer people.")),
        };
    }
    Ok(if wish.offer.is_some() || callees > 1 { PeerMedia::Webrtc } else { PeerMedia::Agora })
}

/// A call that is about to be written.
struct New {
    me: Colleague,
    /// In the order of their ids.
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
        let mut parties = vec![(self.own_party(&unit, id, rings), self.me.agent.as_ref(), None)];
        for (at, one) in self.invited.iter().enumerate() {
            parties.push((one.party(&unit, id), one.colleague.agent.as_ref(), Some(at)));
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
            unit.job(JobKind::PeerDeadline, id, json!({}), now + seconds(app.settings.rtc.ring));
            Ok(Made { status: book.call.status, ..made })
        } else {
            Err(self.came_to_nothing(&mut unit, &mut book))
        };
        for one in &self.invited {
            callees::wake_phones(&mut unit, id, &self.me, one).await?;
        }
        let agents: Vec<_> =
            book.parties.iter().filter(|row| row.state.is_live()).filter_map(|row| row.agent_id).collect();
        book.save(&mut unit, EndedBy::System).await?;
        callees::have_less_capacity(&mut unit, agents).await?;
        if rings {
            presence::has_changed(&mut unit, self.me.user).await?;
        }
        unit.commit().await?;
        Ok(Written::Yes(outcome))
    }

    /// Devices are told, and the caller that they are.
    fn ring(&self, unit: &mut Unit, book: &mut Book) -> Result<()> {
        for one in self.invited.iter().filter(|one| one.fate.is_called()) {
            callees::ring(unit, book, &self.me, one);
        }
        if self.invited.iter().all(|one| one.fate != Fate::Rings) {
            return Ok(());
        }
        let caller = tell::address(&book.parties[0]);
        unit.tell(&[caller], "call:ringing", json!({"callId": book.id(), "callType": book.call.call_type}));
        book.apply(unit, Event::Rung(1)).map(drop)
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
            let mut told = tell::incoming(&book, callee.colleague.user, &callee.colleague.name, false);
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

    /// `rings`: whether there is anybody for whom he waits.
    fn own_party(&self, unit: &Unit, call: CallId, rings: bool) -> party::Model {
        let device = self.wish.device.clone();
        party::Model {
            state: if rings { PartyState::Joined } else { PartyState::Left },
            left_at: (!rings).then_some(unit.now()),
            socket: device.socket,
            device: device.info,
            network: device.network,
            ..callees::new_party(unit, call, &self.me, PeerRole::Caller)
        }
    }
}
