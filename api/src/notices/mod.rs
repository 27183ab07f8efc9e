//! What people are told on their phones when no screen of theirs is open, and by mail if they wish it: a call that is
//! offered or was missed, a voicemail or a callback that is theirs, a message in a chat.
//!
//! A notice is a job, written in the transaction of its cause and sealed, since it says who calls. When it is done it is
//! looked whether anybody still needs it: somebody with a socket on any node does not, nor does a call that is over. It
//! never decides anything, and never holds up what it tells of.

mod chats;
mod deliver;
mod receipts;
mod services;
mod words;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, CallbackId, OfferId, RecordingId, UserId};
use entity::user_preferences::Notifications;
use entity::{JobKind, chat, chat_message};
use sea_orm::QuerySelect;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::App;
use crate::error::{Error, Result};
use crate::sealed;
use crate::secret::Secret;
use crate::store::push_devices::{self, Whom};
use crate::store::{Unit, jobs, workforce};

pub use chats::{catch_up, has_listeners, notify as notify_chat};
pub use deliver::{notify, send};
pub use receipts::read as read_receipts;
pub use services::{Credentials, Sender, Services};

/// What is no call is of use for a day.
const LIFE: TimeDelta = TimeDelta::days(1);
/// That something rings no more is of use while a phone may ring yet.
const RINGS_ON: TimeDelta = TimeDelta::minutes(2);

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A call of the contact centre that an agent may take.
    Offer,
    /// A colleague calls.
    Call,
    /// What has rung need not ring any more. Nothing is shown.
    Over,
    MissedCall,
    Voicemail,
    Callback,
    Message,
}

impl Kind {
    /// As it stands in the data for the app, and in the keys of texts.
    fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Call => "call",
            Self::Over => "over",
            Self::MissedCall => "missed_call",
            Self::Voicemail => "voicemail",
            Self::Callback => "callback",
            Self::Message => "message",
        }
    }

    /// Whether somebody waits for an answer: it is of no use later, and comes also in quiet hours.
    fn rings(self) -> bool {
        match self {
            Self::Offer | Self::Call => true,
            Self::Over | Self::MissedCall | Self::Voicemail | Self::Callback | Self::Message => false,
        }
    }

    /// Whether somebody who has chosen so wants it. A colleague who calls, and who is to be called back, are told always.
    fn is_wanted(self, chosen: Notifications) -> bool {
        match self {
            Self::Offer => chosen.offers,
            Self::MissedCall => chosen.missed_calls,
            Self::Voicemail => chosen.voicemails,
            Self::Message => chosen.messages,
            Self::Call | Self::Over | Self::Callback => true,
        }
    }
}

/// What somebody is told. Made by the functions of its kinds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    kind: Kind,
    /// The row that it is about.
    about: Uuid,
    /// A later notice of the same thread takes the place of this one, here and on the phone.
    thread: String,
    /// For its text.
    values: BTreeMap<String, String>,
    /// For the app.
    data: BTreeMap<String, String>,
    /// When it has happened, and until when it is of use.
    at: DateTime<Utc>,
    until: DateTime<Utc>,
    /// It is for those phones alone that were told something since then.
    since: Option<DateTime<Utc>>,
}

impl Notice {
    fn new(kind: Kind, about: Uuid, thread: String, at: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self { kind, about, thread, values: BTreeMap::new(), data: BTreeMap::new(), at, until, since: None }
    }

    /// A call is offered to an agent until then. `who` calls, as it is to be shown.
    pub fn offer(
        offer: OfferId,
        call: CallId,
        who: &str,
        queue: &str,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Self {
        Self::new(Kind::Offer, offer.0, of_call(call), at, until)
            .says("who", who)
            .says("queue", queue)
            .holds("offerId", offer.0)
            .holds("callId", call.0)
    }

    /// A colleague calls, until then.
    pub fn call(call: CallId, who: &str, at: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        Self::new(Kind::Call, call.0, of_call(call), at, until).says("who", who).holds("callId", call.0)
    }

    /// A call that has rung since then rings here no more: it was taken elsewhere, refused, or withdrawn.
    pub fn over(call: CallId, since: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        let over = Self::new(Kind::Over, call.0, of_call(call), at, at + RINGS_ON).holds("callId", call.0);
        Self { since: Some(since), ..over }
    }

    /// The same of one offer of the call.
    pub fn offer_over(offer: OfferId, call: CallId, since: DateTime<Utc>, at: DateTime<Utc>) -> Self {
        Self::over(call, since, at).holds("offerId", offer.0)
    }

    /// A call came to somebody and he did not take it. It takes the place of what has rung.
    pub fn missed_call(call: CallId, who: &str, at: DateTime<Utc>) -> Self {
        Self::new(Kind::MissedCall, call.0, of_call(call), at, at + LIFE)
            .says("who", who)
            .holds("callId", call.0)
    }

    /// A voicemail is somebody's to see to.
    pub fn voicemail(recording: RecordingId, call: CallId, who: &str, at: DateTime<Utc>) -> Self {
        Self::new(Kind::Voicemail, recording.0, format!("voicemail-{}", recording.0.simple()), at, at + LIFE)
            .says("who", who)
            .holds("recordingId", recording.0)
            .holds("callId", call.0)
    }

    /// Somebody is to be called back, by him.
    pub fn callback(callback: CallbackId, who: &str, at: DateTime<Utc>) -> Self {
        Self::new(Kind::Callback, callback.0, format!("callback-{}", callback.0.simple()), at, at + LIFE)
            .says("who", who)
            .holds("callbackId", callback.0)
    }

    /// `who` has written something in a chat; of several in one chat the last is shown. What it says is read when it is told.
    fn message(chat: &chat::Model, row: &chat_message::Model, who: &str) -> Self {
        let (thread, at) = (format!("chat-{}", chat.id.0.simple()), row.sent_at);
        let message = Self::new(Kind::Message, row.id.0, thread, at, at + LIFE)
            .says("who", who)
            .holds("chatId", chat.id.0)
            .holds("messageId", row.id.0);
        match &chat.title {
            Some(title) => message.says("chat", title),
            None => message,
        }
    }

    #[must_use]
    fn says(mut self, name: &str, text: &str) -> Self {
        self.values.insert(name.to_owned(), text.to_owned());
        self
    }

    #[must_use]
    fn holds(mut self, name: &str, id: Uuid) -> Self {
        self.data.insert(name.to_owned(), id.to_string());
        self
    }
}

/// What a call's phones show: what comes later takes the place of what has rung.
fn of_call(call: CallId) -> String {
    format!("call-{}", call.0.simple())
}

/// Tells a user of the company, once the unit is committed: on his phones if no socket of his is live then, and of a missed
/// call by mail if he wishes it. Who has neither costs a look into an index.
pub async fn to(unit: &mut Unit, user: UserId, notice: Notice) -> Result<()> {
    tell(unit, Whom::User(user), notice).await
}

/// The same, to who the agent is.
pub async fn to_agent(unit: &mut Unit, agent: AgentId, notice: Notice) -> Result<()> {
    tell(unit, Whom::Agent(agent), notice).await
}

/// The same, to who the agent is, unless he does it himself.
pub async fn to_other_agent(unit: &mut Unit, agent: AgentId, by: UserId, notice: Notice) -> Result<()> {
    match workforce::user_of(unit.scope(), unit.tx(), agent).await? {
        Some(user) if user != by => to(unit, user, notice).await,
        Some(_) | None => Ok(()),
    }
}

async fn tell(unit: &mut Unit, whom: Whom, notice: Notice) -> Result<()> {
    match notice.kind {
        Kind::MissedCall => words::mail(unit, whom, &notice).await?,
        Kind::Offer | Kind::Call | Kind::Over | Kind::Voicemail | Kind::Callback | Kind::Message => {}
    }
    let any = push_devices::reachable(unit.scope(), whom, unit.now()).limit(1).one(unit.tx()).await?;
    let Some(user) = any.map(|device| device.user_id) else { return Ok(()) };
    let subject = subject(unit.company().0, user, &notice.thread);
    // Of what still waits, the last is of interest.
    jobs::cancel(unit, JobKind::NotifyUser, subject).await?;
    let payload = seal(unit.app(), subject, &Told { user, notice })?;
    unit.job(JobKind::NotifyUser, subject, payload, unit.now());
    Ok(())
}

/// A notice with whom it is for.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    user: UserId,
    notice: Notice,
}

/// By what jobs of one thread are found.
fn subject(company: Uuid, user: UserId, thread: &str) -> Uuid {
    let hash = Sha256::new().chain_update(company).chain_update(user.0).chain_update(thread).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(bytes)
}

fn seal(app: &App, subject: Uuid, told: &Told) -> Result<Value> {
    let text = serde_json::to_string(told).map_err(|cause| Error::internal("write down a notice", cause))?;
    Ok(json!({ "sealed": sealed::seal(&app.keys, &about(subject), &Secret::new(text))? }))
}

fn open(app: &App, subject: Uuid, payload: &Value) -> Result<Told> {
    let sealed = payload["sealed"].as_str().unwrap_or_default();
    let text = sealed::open(&app.keys, &about(subject), sealed)?;
    serde_json::from_str(text.expose()).map_err(|cause| Error::internal("read a notice", cause))
}

fn about(subject: Uuid) -> String {
    format!("notice:{subject}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uuid(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn one_thread_of_one_user_in_one_company_is_one_job() {
        let (user, other) = (UserId(uuid(1)), UserId(uuid(2)));
        let one = subject(uuid(9), user, "chat-1");
        assert_eq!(one, subject(uuid(9), user, "chat-1"));
        for another in [
            subject(uuid(8), user, "chat-1"),
            subject(uuid(9), other, "chat-1"),
            subject(uuid(9), user, "chat-2"),
        ] {
            assert_ne!(one, another);
        }
    }

    #[test]
    fn a_missed_call_takes_the_place_of_what_has_rung() {
        let now: DateTime<Utc> = "2026-03-02T12:00:00Z".parse().unwrap();
        let (call, until) = (CallId(uuid(3)), now + TimeDelta::seconds(20));
        let rang = Notice::offer(OfferId(uuid(4)), call, "Ann", "Sales", now, until);
        let missed = Notice::missed_call(call, "Ann", now);
        assert_eq!((&rang.thread, &rang.thread), (&missed.thread, &Notice::over(call, now, until).thread));
        assert!(rang.kind.rings() && !missed.kind.rings());
        assert!(missed.thread.len() <= push::MAX_COLLAPSE_KEY);
    }
}
