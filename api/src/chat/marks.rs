//! How far somebody has come in a chat: what has reached him, and what he has read. A mark holds for all that was said before, and
//! never goes back.

use entity::id::{ChatMessageId, UserId};
use entity::{ChatKind, CompanyScope, chat, chat_member, chat_message};
use serde_json::json;

use super::lists::Unread;
use super::{MARKS_ARE_TOLD, MessageStatus, news};
use crate::app::App;
use crate::error::Result;
use crate::store::{Unit, chat_messages, chats};

/// Messages of which the senders are told at once; those of older ones read it.
const TOLD_OF: i64 = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Delivered,
    /// What is read was delivered.
    Read,
}

/// Everything up to this message has reached somebody, or he has read it. Answers what is unread then. Twice is once.
pub async fn mark(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    message: ChatMessageId,
    mark: Mark,
) -> Result<Unread> {
    let mut unit = Unit::begin(app, scope).await?;
    let row = super::seen(scope, unit.tx(), by, message).await?;
    let me = chats::lock_member(scope, unit.tx(), row.chat_id, by).await?;
    // Read behind the lock: it is never less than what this member has been told.
    let chat = chats::get(scope, unit.tx(), row.chat_id).await?;
    let mut after = chat_member::Model { delivered_seq: me.delivered_seq.max(row.seq), ..me.clone() };
    if mark == Mark::Read && row.seq > me.read_seq {
        after.read_seq = row.seq;
        after.own_unread = chat_messages::count_own_after(scope, unit.tx(), (chat.id, by, row.seq)).await?;
    }
    let unread = Unread {
        chat: chat.id,
        unread: after.unread(chat.last_seq),
        read_seq: after.read_seq,
        last_seq: chat.last_seq,
    };
    if after == me {
        return Ok(unread);
    }
    chats::save_member(scope, unit.tx(), after.clone()).await?;
    if after.read_seq > me.read_seq {
        let told = news::unread(chat.id, unread.unread, unread.read_seq, unread.last_seq);
        unit.tell(&[news::user(by)], news::CHAT_UNREAD, told);
        tell(&mut unit, &chat, &row, by, (me.read_seq, MessageStatus::Read)).await?;
    } else if after.delivered_seq > me.delivered_seq {
        tell(&mut unit, &chat, &row, by, (me.delivered_seq, MessageStatus::Delivered)).await?;
    }
    unit.commit().await?;
    Ok(unread)
}

/// Tells those who have sent what was marked now.
async fn tell(
    unit: &mut Unit,
    chat: &chat::Model,
    row: &chat_message::Model,
    by: UserId,
    (before, status): (i64, MessageStatus),
) -> Result<()> {
    let scope = unit.scope();
    if chats::count_people(scope, unit.tx(), chat.id).await? > MARKS_ARE_TOLD {
        return Ok(());
    }
    let range = (before.max(row.seq - TOLD_OF), row.seq);
    let mut senders = chat_messages::senders_between(scope, unit.tx(), chat.id, range).await?;
    senders.retain(|sender| *sender != by);
    if chat.kind == ChatKind::Private
        && let [other] = senders[..]
        && chats::are_blocked(scope, unit.tx(), by, other).await?
    {
        return Ok(());
    }
    if senders.is_empty() {
        return Ok(());
    }
    let audience: Vec<_> = senders.into_iter().map(news::user).collect();
    let more = json!({"chatKind": chat.kind, "status": status.as_str(), "userId": by});
    unit.tell(&audience, news::MESSAGE_STATUS, news::about(row, more));
    Ok(())
}

/// Who has come as far as a message, for who may see it.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    pub delivered_to: Vec<UserId>,
    pub read_by: Vec<UserId>,
}

/// Whom a message has reached, and who has read it, its sender apart.
pub async fn reached(app: &App, scope: CompanyScope, row: &chat_message::Model) -> Result<Reached> {
    let people = chats::people(scope, app.db.reader(), row.chat_id).await?;
    let mut reached = Reached::default();
    for person in people.into_iter().filter(|person| person.member.user_id != row.user_id) {
        if person.member.read_seq >= row.seq {
            reached.read_by.push(person.member.user_id);
        }
        if person.member.delivered_seq >= row.seq {
            reached.delivered_to.push(person.member.user_id);
        }
    }
    Ok(reached)
}
