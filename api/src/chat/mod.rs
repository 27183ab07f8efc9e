//! Chat between the people of a company, two of them or a group. docs/chat.md is the contract.
//!
//! Owns who is in a chat, what is said there, in which order, and who has come how far. One counter a chat, given out under its
//! row's lock, is the order for everybody; what is unread is a difference of two numbers, and nothing is counted to know it.
//! Knows nothing of callers and calls. Slack and Teams are `chat_apps`.

pub mod blocks;
pub mod change;
pub mod content;
pub mod forward;
pub mod groups;
pub mod lists;
pub mod marks;
pub mod news;
pub mod send;
pub mod settings;
pub mod typing;
pub mod words;

use std::time::Duration;

use entity::id::{ChatId, ChatMessageId, UserId};
use entity::{
    ChatKind, ChatRole, CompanyScope, Inserted, MediaState, chat as chat_row, chat_member, chat_message,
    chat_reaction, media,
};
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::Rule;
use crate::media::links::Links;
use crate::store::chats::{self, Person};
use crate::store::{Unit, chat_messages};

/// Messages of one user, those that he forwards among them.
const MESSAGES: Rule = Rule::new("messages", 120, Duration::from_secs(60));
/// The largest group.
pub const LARGEST_GROUP: usize = 1000;
/// In larger groups nobody is told how far each other has come; it is read with a message.
pub const MARKS_ARE_TOLD: u64 = 100;

/// A chat, as somebody in it sees it.
#[derive(Clone, Debug)]
pub struct Chat {
    pub row: chat_row::Model,
    pub me: chat_member::Model,
    /// The other side of a private one.
    pub other: Option<Person>,
    pub last: Option<Message>,
}

impl Chat {
    pub fn unread(&self) -> i64 {
        self.me.unread(self.row.last_seq)
    }
}

/// A message with what is shown beside it.
#[derive(Clone, Debug)]
pub struct Message {
    pub row: chat_message::Model,
    /// To whom, in a private chat.
    pub receiver: Option<UserId>,
    /// The file that it shows, while it is there.
    pub media: Option<Attached>,
    /// What it answers to.
    pub reply_to: Option<chat_message::Model>,
    pub reactions: Vec<chat_reaction::Model>,
    /// Of who looks: how far his own message has come.
    pub status: Option<MessageStatus>,
}

/// A file, and where it is fetched.
#[derive(Clone, Debug)]
pub struct Attached {
    pub row: media::Model,
    /// Not in what everybody is told: they end with their time.
    pub links: Option<Links>,
}

/// What is there of a file.
fn attached(row: media::Model) -> Option<Attached> {
    (row.state == MediaState::Ready).then_some(Attached { row, links: None })
}

/// How far a message has come: with all whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MessageStatus {
    Sent,
    Delivered,
    Read,
}

impl MessageStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
        }
    }
}

/// The chat of these two, whoever of them asks: it is made when there is none.
///
/// # Errors
/// `NotFound(User)` for somebody who does not work here; `Invalid` for oneself; `Conflict` when one has blocked the other.
pub async fn open(app: &App, scope: CompanyScope, by: UserId, other: UserId) -> Result<Chat> {
    let pair = pair(by, other)?;
    if let Some(row) = chats::of_pair(scope, app.db.reader(), &pair).await? {
        return get(app, scope, by, row.id).await;
    }
    let mut unit = Unit::begin(app, scope).await?;
    let (id, now): (ChatId, _) = (unit.id(), unit.now());
    works_here(scope, unit.tx(), other).await?;
    if chats::are_blocked(scope, unit.tx(), by, other).await? {
        return Err(blocked());
    }
    let row = chat_row::Model {
        id,
        company_id: scope.company(),
        kind: ChatKind::Private,
        pair: Some(pair.clone()),
        title: None,
        last_seq: 0,
        active_at: now,
        created_by: by,
        created_at: now,
    };
    if chats::insert(scope, unit.tx(), row.clone()).await? == Inserted::Conflicted {
        drop(unit);
        let row =
            chats::of_pair(scope, app.db.reader(), &pair).await?.ok_or(Error::NotFound(Subject::Chat))?;
        return get(app, scope, by, row.id).await;
    }
    let both = [by, other].map(|user| new_member(&row, user, ChatRole::Member, now));
    chats::put_members(scope, unit.tx(), both.to_vec()).await?;
    let told = json!({"chatId": id, "kind": row.kind, "change": "created", "by": by});
    unit.tell(&[news::user(by), news::user(other)], news::CHAT_UPDATED, told);
    unit.commit().await?;
    get(app, scope, by, id).await
}

fn pair(one: UserId, other: UserId) -> Result<String> {
    if one == other {
        return Err(Error::invalid("/userId", "must be somebody else"));
    }
    Ok(format!("{}:{}", one.min(other), one.max(other)))
}

/// Somebody as he comes into a chat: what was said before he need not read.
fn new_member(
    chat: &chat_row::Model,
    user: UserId,
    role: ChatRole,
    now: chrono::DateTime<chrono::Utc>,
) -> chat_member::Model {
    chat_member::Model {
        company_id: chat.company_id,
        chat_id: chat.id,
        user_id: user,
        role,
        joined_at: now,
        left_at: None,
        delivered_seq: chat.last_seq,
        read_seq: chat.last_seq,
        own_unread: 0,
        muted_until: None,
        pinned: false,
        archived: false,
    }
}

async fn works_here<C: ConnectionTrait>(scope: CompanyScope, db: &C, user: UserId) -> Result<()> {
    let found = chats::active_of(scope, db, &[user]).await?;
    if found.contains(&user) { Ok(()) } else { Err(Error::NotFound(Subject::User)) }
}

fn blocked() -> Error {
    Error::conflict(Code::ChatBlocked, "One of you has blocked the other.")
}

/// A chat that somebody is in.
pub async fn get(app: &App, scope: CompanyScope, user: UserId, id: ChatId) -> Result<Chat> {
    let db = app.db.reader();
    let me = chats::member(scope, db, id, user).await?;
    let row = chats::get(scope, db, id).await?;
    let mut chats = lists::complete(app, scope, user, vec![(me, row)]).await?;
    chats.pop().ok_or(Error::NotFound(Subject::Chat))
}

/// The chat with somebody, where there is one.
pub async fn with(app: &App, scope: CompanyScope, user: UserId, other: UserId) -> Result<Option<ChatId>> {
    let Ok(pair) = pair(user, other) else { return Ok(None) };
    Ok(chats::of_pair(scope, app.db.reader(), &pair).await?.map(|row| row.id))
}

/// Who is in it, for who is.
pub async fn people(app: &App, scope: CompanyScope, user: UserId, id: ChatId) -> Result<Vec<Person>> {
    let db = app.db.reader();
    chats::member(scope, db, id, user).await?;
    let people = chats::people(scope, db, id).await?;
    Ok(people.into_iter().filter(|person| person.is_active).collect())
}

/// A message that somebody may see: he is in its chat, and has not deleted it for himself.
async fn seen<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
    id: ChatMessageId,
) -> Result<chat_message::Model> {
    let missing = || Error::NotFound(Subject::ChatMessage);
    let row = chat_messages::get(scope, db, id).await?;
    chats::member(scope, db, row.chat_id, user).await.map_err(|error| match error {
        Error::NotFound(_) => missing(),
        other => other,
    })?;
    if chat_messages::is_hidden(scope, db, id, user).await? { Err(missing()) } else { Ok(row) }
}

/// A message with all that is shown beside it, for who may see it.
pub async fn message(app: &App, scope: CompanyScope, user: UserId, id: ChatMessageId) -> Result<Message> {
    let row = seen(scope, app.db.reader(), user, id).await?;
    let mut shown = lists::show(app, scope, user, vec![row]).await?;
    shown.pop().ok_or(Error::NotFound(Subject::ChatMessage))
}
