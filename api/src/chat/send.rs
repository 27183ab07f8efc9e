//! A message is sent: it gets the next number of its chat, once.

use entity::id::{ChatId, ChatMessageId, MediaId, UserId};
use entity::{
    ChatKind, CompanyScope, Inserted, JobKind, MediaKind, MediaState, MessageKind, chat, chat_message,
};
use serde_json::{Value, json};

use super::content::{Checked, Content, file_of, said};
use super::{MESSAGES, Message, attached, blocked, message, news, sealed, words};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::notices;
use crate::store::{Unit, chat_messages, chats, media as media_rows};

/// The longest name that a sender may give a message, in characters.
const LONGEST_TEMP_ID: usize = 64;

/// A message as somebody sends it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub content: Content,
    pub reply_to: Option<ChatMessageId>,
    /// What its sender calls it: a second one of the same name is the same message.
    pub temp_id: Option<String>,
}

/// Sends a message, or answers the one that was sent under this name before.
///
/// # Errors
/// `NotFound` for a chat that the sender is not in and a message that is not there; `Conflict` when one has blocked the other, the
/// other does not work here any more, or the name is that of a message of another chat.
pub async fn send(app: &App, scope: CompanyScope, by: UserId, chat: ChatId, draft: Draft) -> Result<Message> {
    app.limiter.take(MESSAGES, &by.to_string(), app.clock.now()).await?;
    let temp_id = draft.temp_id.map(|temp| temp.trim().to_owned()).filter(|temp| !temp.is_empty());
    if temp_id.as_ref().is_some_and(|temp| temp.chars().count() > LONGEST_TEMP_ID) {
        return Err(Error::invalid("/tempId", format!("must have at most {LONGEST_TEMP_ID} characters")));
    }
    let checked = draft.content.check()?;
    let mut unit = Unit::begin(app, scope).await?;
    let chat = chats::lock(scope, unit.tx(), chat).await?;
    chats::member(scope, unit.tx(), chat.id, by).await?;
    if let Some(temp) = &temp_id
        && let Some(row) = chat_messages::by_temp(scope, unit.tx(), by, temp).await?
    {
        drop(unit);
        return again(app, scope, by, chat.id, row).await;
    }
    may_write(scope, &unit, &chat, by).await?;
    sealed::belongs(&chat, checked.kind)?;
    if let Some(sealed) = &checked.sealed {
        sealed::reaches_all(&unit, &chat, by, sealed).await?;
    }
    if let Some(id) = draft.reply_to {
        let answered = super::seen(scope, unit.tx(), by, id).await?;
        if answered.chat_id != chat.id {
            return Err(Error::NotFound(Subject::ChatMessage));
        }
    }
    if let (Some(kind), Some(media)) = (file_of(checked.kind), checked.media) {
        may_show(scope, &unit, by, (kind, media)).await?;
    }
    let sending =
        Sending { by, checked, temp_id: temp_id.clone(), reply_to: draft.reply_to, forwarded_from: None };
    let id = match write(&mut unit, chat.clone(), sending).await? {
        Some(row) => row.id,
        // The same name at the same moment in another chat.
        None => {
            drop(unit);
            let temp = temp_id.unwrap_or_default();
            let row = chat_messages::by_temp(scope, app.db.reader(), by, &temp).await?;
            return again(app, scope, by, chat.id, row.ok_or(Error::NotFound(Subject::ChatMessage))?).await;
        }
    };
    unit.commit().await?;
    message(app, scope, by, id).await
}

async fn again(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    chat: ChatId,
    row: chat_message::Model,
) -> Result<Message> {
    if row.chat_id != chat {
        let message = "You have given this tempId to a message in another chat.";
        return Err(Error::conflict(Code::TempIdTaken, message));
    }
    message(app, scope, by, row.id).await
}

/// # Errors
/// When nothing can be said in a private chat: the other one has gone, or does not want to hear it.
pub async fn may_write(scope: CompanyScope, unit: &Unit, chat: &chat::Model, by: UserId) -> Result<()> {
    if chat.kind == ChatKind::Group {
        return Ok(());
    }
    let others = chats::others(scope, unit.tx(), &[chat.id], by).await?;
    let other = others.get(&chat.id).filter(|other| other.is_active && other.member.left_at.is_none());
    let Some(other) = other else {
        return Err(Error::conflict(Code::ChatClosed, "The other one does not work here any more."));
    };
    if chats::are_blocked(scope, unit.tx(), by, other.member.user_id).await? {
        return Err(blocked());
    }
    Ok(())
}

/// # Errors
/// `NotFound` for a file that he has neither uploaded nor before him in a message; `Conflict` for one that is not complete.
async fn may_show(
    scope: CompanyScope,
    unit: &Unit,
    by: UserId,
    (kind, id): (MediaKind, MediaId),
) -> Result<()> {
    let row = media_rows::get(scope, unit.tx(), id).await?;
    let is_his = row.user_id == by || chat_messages::shows(scope, unit.tx(), by, id).await?;
    if !is_his || row.state == MediaState::Deleted {
        return Err(Error::NotFound(Subject::Media));
    }
    if row.state != MediaState::Ready {
        return Err(Error::conflict(Code::MediaNotUploaded, "The file is not complete yet."));
    }
    if row.kind != Some(kind) {
        return Err(Error::invalid("/content/mediaId", "must be a file of this type"));
    }
    media_rows::was_shown(scope, unit.tx(), id, unit.now()).await
}

/// What is written into a chat.
pub struct Sending {
    pub by: UserId,
    pub checked: Checked,
    pub temp_id: Option<String>,
    pub reply_to: Option<ChatMessageId>,
    pub forwarded_from: Option<ChatMessageId>,
}

/// Writes a message into a chat whose row is held, and tells everybody in it. `None` when its sender has one of this name.
pub async fn write(
    unit: &mut Unit,
    mut chat: chat::Model,
    sending: Sending,
) -> Result<Option<chat_message::Model>> {
    let Sending { by, checked, temp_id, reply_to, forwarded_from } = sending;
    let (scope, now) = (unit.scope(), unit.now());
    let Checked { kind, body, detail, media, sealed } = checked;
    let is_said = kind != MessageKind::System;
    let said = if is_said { said(body.as_deref(), detail.as_ref()) } else { String::new() };
    chat.last_seq += 1;
    chat.active_at = now;
    let row = chat_message::Model {
        id: unit.id(),
        company_id: scope.company(),
        chat_id: chat.id,
        seq: chat.last_seq,
        user_id: by,
        temp_id: temp_id.clone(),
        kind,
        body,
        detail,
        media_id: media,
        reply_to_id: reply_to,
        forwarded_from_id: forwarded_from,
        folded: words::folded(scope.company(), chat.id, &said),
        sent_at: now,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
    };
    if chat_messages::insert(scope, unit.tx(), row.clone()).await? == Inserted::Conflicted {
        return Ok(None);
    }
    if let Some(sealed) = &sealed {
        sealed::keep(unit, row.id, sealed).await?;
    }
    chats::save(scope, unit.tx(), chat.clone()).await?;
    chats::count_own(scope, unit.tx(), (chat.id, by, row.seq)).await?;
    let two = news::two_of(scope, unit.tx(), &chat).await?;
    let reply_to = match reply_to {
        Some(id) => Some(chat_messages::get(scope, unit.tx(), id).await?),
        None => None,
    };
    let media = match media {
        Some(id) => attached(media_rows::get(scope, unit.tx(), id).await?),
        None => None,
    };
    let receiver = two.iter().copied().find(|user| *user != by);
    let shown = Message {
        row: row.clone(),
        receiver,
        media,
        reply_to,
        reactions: Vec::new(),
        status: None,
        ciphertexts: Vec::new(),
    };
    let told = json!({"message": news::describe(&shown), "tempId": temp_id});
    match &sealed {
        None => unit.tell(&news::everybody(&chat, &two), news::NEW_MESSAGE, told),
        Some(sealed) => {
            for user in two {
                let own = news::for_user(told.clone(), "/message/content", sealed, user);
                unit.tell(&[news::user(user)], news::NEW_MESSAGE, own);
            }
        }
    }
    if is_said && notices::has_listeners(unit, chat.id, by).await? {
        unit.job(JobKind::NotifyChat, row.id, json!({}), now);
    }
    Ok(Some(row))
}

/// What was done to a chat, told in it by the server: `{event, …}`.
pub async fn note(unit: &mut Unit, chat: chat::Model, by: UserId, detail: Value) -> Result<()> {
    let checked =
        Checked { kind: MessageKind::System, body: None, detail: Some(detail), media: None, sealed: None };
    let sending = Sending { by, checked, temp_id: None, reply_to: None, forwarded_from: None };
    write(unit, chat, sending).await.map(drop)
}
