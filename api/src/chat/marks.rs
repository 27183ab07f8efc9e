//! How far somebody has come in a chat: what has reached him, and what he has read. A mark holds for all that was said before, and
//! never goes back.

use chrono::{DateTime, Utc};
use entity::id::{ChatMessageId, UserId};
use entity::{ChatKind, CompanyScope, chat, chat_member, chat_message, chat_receipt};
use serde_json::json;

use super::lists::Unread;
use super::{MARKS_ARE_TOLD, news};
use crate::app::App;
use crate::error::Result;
use crate::store::{Unit, chat_messages, chat_receipts, chats};

pub use entity::ChatMark as Mark;

/// Messages of which the senders are told at once; those of older ones read it.
const TOLD_OF: i64 = 200;

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
    let is_read = after.read_seq > me.read_seq;
    let (mark, before) =
        if is_read { (Mark::Read, me.read_seq) } else { (Mark::Delivered, me.delivered_seq) };
    let receipt = chat_receipt::Model {
        company_id: chat.company_id,
        chat_id: chat.id,
        user_id: by,
        mark,
        seq: row.seq,
        after_seq: before,
        delivered_after_seq: me.delivered_seq.min(row.seq),
        at: unit.now(),
    };
    chats::save_member(scope, unit.tx(), after).await?;
    chat_receipts::insert(scope, unit.tx(), receipt).await?;
    if is_read {
        let told = news::unread(chat.id, unread.unread, unread.read_seq, unread.last_seq);
        unit.tell(&[news::user(by)], news::CHAT_UNREAD, told);
    }
    tell(&mut unit, &chat, &row, by, (before, mark)).await?;
    unit.commit().await?;
    Ok(unread)
}

/// Tells those who have sent what was marked now.
async fn tell(
    unit: &mut Unit,
    chat: &chat::Model,
    row: &chat_message::Model,
    by: UserId,
    (before, mark): (i64, Mark),
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
    let more = json!({"chatKind": chat.kind, "status": mark, "userId": by, "at": unit.now()});
    unit.tell(&audience, news::MESSAGE_STATUS, news::about(row, more));
    Ok(())
}

/// Who has come as far as a message, for who may see it.
#[derive(Clone, Debug, Default)]
pub struct Reached {
    pub delivered_to: Vec<UserId>,
    pub read_by: Vec<UserId>,
    /// When, of each of these.
    pub receipts: Vec<Receipt>,
}

/// When a message had reached somebody, and when he had read it; `None` where nothing says so.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub user: UserId,
    pub delivered_at: Option<DateTime<Utc>>,
    pub read_at: Option<DateTime<Utc>>,
}

/// Whom a message has reached, and who has read it, its sender apart.
pub async fn reached(app: &App, scope: CompanyScope, row: &chat_message::Model) -> Result<Reached> {
    let db = app.db.reader();
    let people = chats::people(scope, db, row.chat_id).await?;
    let mut times = chat_receipts::of_message(scope, db, row.chat_id, row.seq).await?;
    let mut reached = Reached::default();
    for member in people.into_iter().map(|person| person.member).filter(|one| one.user_id != row.user_id) {
        let user = member.user_id;
        let (is_delivered, is_read) = (member.delivered_seq >= row.seq, member.read_seq >= row.seq);
        if is_read {
            reached.read_by.push(user);
        }
        if is_delivered {
            reached.delivered_to.push(user);
        }
        if is_delivered || is_read {
            let (delivered_at, read_at) = times.remove(&user).unwrap_or_default();
            reached.receipts.push(Receipt { user, delivered_at, read_at });
        }
    }
    Ok(reached)
}
