//! Messages in chats: who of a chat's people is told of one on his phones. It is decided by a job of the message's own, since a
//! group has up to a thousand people and its row is held while a message is written.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ChatId, ChatMessageId, UserId};
use entity::{CompanyScope, MessageKind};
use sea_orm::QuerySelect;

use super::{LIFE, Notice, to};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::Done;
use crate::store::push_devices::{self, Whom};
use crate::store::system::Claimed;
use crate::store::{Unit, chat_messages, chats, users};

/// People a transaction.
const AT_ONCE: usize = 50;

/// Whether anybody but him is to be told on a phone of what he writes there.
pub async fn has_listeners(unit: &Unit, chat: ChatId, by: UserId) -> Result<bool> {
    let listeners = push_devices::listeners(unit.scope(), chat, by, unit.now()).limit(1);
    Ok(listeners.into_tuple::<UserId>().one(unit.tx()).await?.is_some())
}

/// The job: tells everybody in the chat who has no screen open, has not muted it, and has not blocked who wrote.
pub async fn notify(app: &App, claimed: &Claimed) -> Result<Done> {
    let (scope, db, now) = (claimed.scope, app.db.reader(), app.clock.now());
    let Some(row) = there(chat_messages::get(scope, db, ChatMessageId(claimed.job.subject_id)).await)? else {
        return Ok(Done::Yes);
    };
    if row.deleted_at.is_some() || row.kind == MessageKind::System || row.sent_at + LIFE <= now {
        return Ok(Done::Yes);
    }
    let chat = chats::get(scope, db, row.chat_id).await?;
    let who = users::names(db, vec![row.user_id]).await?.remove(&row.user_id).unwrap_or_default();
    let listeners = push_devices::listeners(scope, chat.id, row.user_id, now);
    let listeners: Vec<UserId> = listeners.into_tuple().all(db).await?;
    for some in listeners.chunks(AT_ONCE) {
        let mut unit = Unit::begin(app, scope).await?;
        for user in some {
            to(&mut unit, *user, Notice::message(&chat, &row, &who)).await?;
        }
        unit.commit().await?;
    }
    Ok(Done::Yes)
}

/// How long a socket may be dead before it is missed: its pings are (45 seconds), or its node is.
const MISSED_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Somebody's last socket went then, and none has come since. It may have been dead when it seemed to be there: what was said to him in
/// its last minute, and has reached no device of his, is told on his phones now. Of each chat it is the last message, as always.
pub async fn catch_up(unit: &mut Unit, user: UserId, gone_at: DateTime<Utc>) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    if push_devices::reachable(scope, Whom::User(user), now).limit(1).one(unit.tx()).await?.is_none() {
        return Ok(());
    }
    let since = gone_at - MISSED_AFTER;
    let behind = chats::undelivered(scope, unit.tx(), user, since).await?;
    let ids: Vec<_> = behind.iter().map(|(_, chat)| chat.id).collect();
    let mut last = chat_messages::last_of(scope, unit.tx(), &ids, user).await?;
    // Who wrote later than that was told of as to anybody without a screen.
    last.retain(|_, row| row.user_id != user && since < row.sent_at && row.sent_at <= gone_at);
    last.retain(|_, row| row.kind != MessageKind::System && row.deleted_at.is_none());
    let names = users::names(unit.tx(), last.values().map(|row| row.user_id).collect()).await?;
    for (member, chat) in behind {
        let Some(row) = last.get(&chat.id) else { continue };
        let is_muted = member.muted_until.is_some_and(|until| until > now);
        if is_muted || !chats::who_block(scope, unit.tx(), row.user_id, &[user]).await?.is_empty() {
            continue;
        }
        let who = names.get(&row.user_id).map(String::as_str).unwrap_or_default();
        to(unit, user, Notice::message(&chat, row, who)).await?;
    }
    Ok(())
}

/// Whether a message is still to be told to somebody: it is there, he is in its chat, has not read it and has not muted it since.
pub(super) async fn is_news(app: &App, scope: CompanyScope, user: UserId, id: ChatMessageId) -> Result<bool> {
    let db = app.db.reader();
    let Some(row) = there(chat_messages::get(scope, db, id).await)? else { return Ok(false) };
    let Some(member) = there(chats::member(scope, db, row.chat_id, user).await)? else { return Ok(false) };
    let is_muted = member.muted_until.is_some_and(|until| until > app.clock.now());
    let is_there = row.deleted_at.is_none() && !chat_messages::is_hidden(scope, db, id, user).await?;
    Ok(is_there && !is_muted && member.read_seq < row.seq)
}

fn there<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(row) => Ok(Some(row)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(other) => Err(other),
    }
}
