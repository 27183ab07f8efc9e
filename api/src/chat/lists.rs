//! Lists: a user's chats, what was said in one, and what is found.

use std::collections::HashMap;

use entity::id::{ChatId, ChatMessageId, UserId};
use entity::{ChatKind, CompanyScope, chat as chat_row, chat_member, chat_message};
use sea_orm::QuerySelect;

use super::{Chat, Message, MessageStatus, attached, words};
use crate::app::App;
use crate::error::Result;
use crate::media::links;
use crate::slice::{Slice, read_cursor};
use crate::store::chat_messages::{self, Part};
use crate::store::chats::{self, Position};
use crate::store::media;

/// A user's chats: pinned ones first, then those that were written to last.
pub async fn chats(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    archived: Option<bool>,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Chat>> {
    let behind: Option<Position> = read_cursor(cursor)?;
    let rows = chats::listed(scope, user, archived, behind).limit(limit + 1).all(app.db.reader()).await?;
    let rows = rows.into_iter().filter_map(|(member, chat)| Some((member, chat?))).collect();
    let slice: Slice<(chat_member::Model, chat_row::Model)> =
        Slice::of(rows, limit, |(member, chat)| (member.pinned, chat.active_at, chat.id));
    let rows = complete(app, scope, user, slice.rows).await?;
    Ok(Slice { rows, next_cursor: slice.next_cursor })
}

/// Chats with their other side and their last message.
pub async fn complete(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    rows: Vec<(chat_member::Model, chat_row::Model)>,
) -> Result<Vec<Chat>> {
    let db = app.db.reader();
    let ids: Vec<_> = rows.iter().map(|(_, chat)| chat.id).collect();
    let private = rows.iter().filter(|(_, chat)| chat.kind == ChatKind::Private);
    let private: Vec<_> = private.map(|(_, chat)| chat.id).collect();
    let mut others = chats::others(scope, db, &private, user).await?;
    let last = chat_messages::last_of(scope, db, &ids, user).await?;
    let last = show(app, scope, user, last.into_values().collect()).await?;
    let mut last: HashMap<_, _> = last.into_iter().map(|message| (message.row.chat_id, message)).collect();
    let chat = |(me, row): (chat_member::Model, chat_row::Model)| {
        let (other, last) = (others.remove(&row.id), last.remove(&row.id));
        Chat { row, me, other, last }
    };
    Ok(rows.into_iter().map(chat).collect())
}

/// How many messages somebody has not read, by chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unread {
    pub chat: ChatId,
    pub unread: i64,
    pub read_seq: i64,
    pub last_seq: i64,
}

/// The chats in which somebody has something to read.
pub async fn unread(app: &App, scope: CompanyScope, user: UserId) -> Result<Vec<Unread>> {
    let rows = chats::with_unread(scope, app.db.reader(), user).await?;
    let unread = |(me, chat): (chat_member::Model, chat_row::Model)| Unread {
        chat: chat.id,
        unread: me.unread(chat.last_seq),
        read_seq: me.read_seq,
        last_seq: chat.last_seq,
    };
    Ok(rows.into_iter().map(unread).collect())
}

/// What was said in a chat. Backwards the cursor leads to what is older, forwards to what is newer.
pub async fn messages(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: ChatId,
    part: Part,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Message>> {
    let db = app.db.reader();
    chats::member(scope, db, id, user).await?;
    let part = match (read_cursor::<i64>(cursor)?, part) {
        (None, part) => part,
        (Some(seq), Part::Before(_)) => Part::Before(Some(seq)),
        (Some(seq), Part::After(_)) => Part::After(seq),
    };
    let rows = chat_messages::listed(scope, id, user, part).limit(limit + 1).all(db).await?;
    let slice = Slice::of(rows, limit, |row| row.seq);
    let rows = show(app, scope, user, slice.rows).await?;
    Ok(Slice { rows, next_cursor: slice.next_cursor })
}

/// The messages of somebody's chats, or of one of them, in which all of these words begin, the newest first.
///
/// # Errors
/// `Invalid` when there is no word in `text`; `NotFound` for a chat that he is not in.
pub async fn search(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    (chat, text): (Option<ChatId>, &str),
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Message>> {
    let db = app.db.reader();
    if let Some(chat) = chat {
        chats::member(scope, db, chat, user).await?;
    }
    let words = words::asked(scope.company(), chat, text)?;
    let before: Option<ChatMessageId> = read_cursor(cursor)?;
    let found = chat_messages::found(scope, app.db.backend(), user, &words, before);
    let slice = Slice::of(found.limit(limit + 1).all(db).await?, limit, |row| row.id);
    let rows = show(app, scope, user, slice.rows).await?;
    Ok(Slice { rows, next_cursor: slice.next_cursor })
}

/// What was said with somebody, the newest first; nothing where nothing was.
///
/// # Errors
/// `NotFound(User)` for somebody who does not work here.
pub async fn history(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    other: UserId,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Message>> {
    match super::with(app, scope, user, other).await? {
        Some(chat) => messages(app, scope, user, chat, Part::Before(None), cursor, limit).await,
        None => super::works_here(scope, app.db.reader(), other).await.map(|()| Slice::empty()),
    }
}

/// Messages with all that is shown beside them.
pub async fn show(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    rows: Vec<chat_message::Model>,
) -> Result<Vec<Message>> {
    let db = app.db.reader();
    let mut chats_of: Vec<ChatId> = rows.iter().map(|row| row.chat_id).collect();
    chats_of.sort_unstable();
    chats_of.dedup();
    let others = chats::others_of_private(scope, db, &chats_of, user).await?;
    let ids: Vec<ChatMessageId> = rows.iter().map(|row| row.id).collect();
    let mut reactions = chat_messages::reactions_of(scope, db, ids).await?;
    let shown = rows.iter().filter_map(|row| row.media_id).collect();
    let shown = media::by_ids(scope, db, shown).await?;
    let answered = rows.iter().filter_map(|row| row.reply_to_id).collect();
    let answered = chat_messages::by_ids(scope, db, answered).await?;
    let mut marks = HashMap::new();
    for chat in rows.iter().filter(|row| row.user_id == user).map(|row| row.chat_id) {
        if let std::collections::hash_map::Entry::Vacant(place) = marks.entry(chat) {
            place.insert(chats::others_have(scope, db, chat, user).await?);
        }
    }
    let message = |row: chat_message::Model| -> Result<Message> {
        let mut media = row.media_id.and_then(|id| attached(shown.get(&id)?.clone()));
        if let Some(media) = &mut media {
            media.links = links::of(app, &media.row)?;
        }
        let other = others.get(&row.chat_id).copied();
        let is_own = row.user_id == user;
        let status = is_own.then(|| match marks.get(&row.chat_id).copied().flatten() {
            Some((_, read)) if read >= row.seq => MessageStatus::Read,
            Some((delivered, _)) if delivered >= row.seq => MessageStatus::Delivered,
            Some(_) | None => MessageStatus::Sent,
        });
        Ok(Message {
            media,
            receiver: other.map(|other| if is_own { other } else { user }),
            reply_to: row.reply_to_id.and_then(|id| answered.get(&id).cloned()),
            reactions: reactions.remove(&row.id).unwrap_or_default(),
            status,
            row,
        })
    };
    rows.into_iter().map(message).collect()
}
