//! What becomes of a message that was sent: edited, deleted, reacted to.

use chrono::TimeDelta;
use entity::id::{ChatMessageId, UserId};
use entity::{ChatKind, CompanyScope, MessageKind, chat_hidden_message, chat_message, chat_reaction};
use serde_json::json;

use super::content::{LONGEST_TEXT, said};
use super::send::may_write;
use super::{Message, attached, groups, message, news, words};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, chat_messages, chats, media};

/// How long a sender may change his words.
pub const EDITED_WITHIN: TimeDelta = TimeDelta::minutes(15);
/// How long a sender may take a message back from everybody.
pub const DELETED_WITHIN: TimeDelta = TimeDelta::minutes(60);
/// The longest reaction, in characters: a sign may be made of several.
const LONGEST_EMOJI: usize = 16;

/// For whom a message is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Myself,
    Everybody,
}

/// Puts other words into the place of those of a text, or below a file.
///
/// # Errors
/// `Conflict` for somebody else's, a deleted or an older message.
pub async fn edit(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatMessageId,
    text: &str,
) -> Result<Message> {
    let text = text.trim();
    let (mut unit, mut row) = begin(app, scope, by, id).await?;
    if row.user_id != by {
        return Err(Error::conflict(Code::MessageNotYours, "Only its sender can change a message."));
    }
    still_there(&row)?;
    let has_file = match row.kind {
        MessageKind::Text => false,
        MessageKind::Image | MessageKind::Video | MessageKind::Audio | MessageKind::Document => true,
        MessageKind::Location | MessageKind::Contact | MessageKind::System => {
            return Err(Error::invalid("/text", "cannot be changed of a message of this type"));
        }
    };
    let length = text.chars().count();
    if length > LONGEST_TEXT || (length == 0 && !has_file) {
        return Err(Error::invalid("/text", format!("must have 1 to {LONGEST_TEXT} characters")));
    }
    if unit.now() > row.sent_at + EDITED_WITHIN {
        return Err(Error::conflict(Code::MessageTooOld, "A message can be changed for 15 minutes."));
    }
    let chat = chats::get(scope, unit.tx(), row.chat_id).await?;
    may_write(scope, &unit, &chat, by).await?;
    row.body = (length > 0).then(|| text.to_owned());
    row.folded = words::folded(scope.company(), chat.id, &said(row.body.as_deref(), row.detail.as_ref()));
    row.edited_at = Some(unit.now());
    chat_messages::save(scope, unit.tx(), row.clone()).await?;
    let media = match row.media_id {
        Some(id) => attached(media::get(scope, unit.tx(), id).await?).map(|file| file.row),
        None => None,
    };
    let more =
        json!({"content": news::content(&row, media.as_ref()), "editedAt": row.edited_at, "userId": by});
    news::tell(&mut unit, &chat, news::MESSAGE_EDITED, news::about(&row, more)).await?;
    unit.commit().await?;
    message(app, scope, by, id).await
}

async fn begin(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatMessageId,
) -> Result<(Unit, chat_message::Model)> {
    let unit = Unit::begin(app, scope).await?;
    super::seen(scope, unit.tx(), by, id).await?;
    let row = chat_messages::lock(scope, unit.tx(), id).await?;
    Ok((unit, row))
}

fn still_there(row: &chat_message::Model) -> Result<()> {
    if row.deleted_at.is_none() {
        return Ok(());
    }
    Err(Error::conflict(Code::MessageDeleted, "The message was deleted."))
}

/// Deletes a message. From everybody: nothing but its place is left of it. Twice is once.
///
/// # Errors
/// `Conflict` for what only its sender, or only an admin of the group, can take from everybody, and when it is too late for that.
pub async fn delete(app: &App, scope: CompanyScope, by: UserId, id: ChatMessageId, from: From) -> Result<()> {
    let (mut unit, mut row) = begin(app, scope, by, id).await?;
    let now = unit.now();
    if from == From::Myself {
        let hidden = chat_hidden_message::Model {
            company_id: scope.company(),
            message_id: id,
            user_id: by,
            hidden_at: now,
        };
        chat_messages::hide(scope, unit.tx(), hidden).await?;
        let told = news::about(&row, json!({"userId": by, "forEveryone": false}));
        unit.tell(&[news::user(by)], news::MESSAGE_DELETED, told);
        return unit.commit().await;
    }
    if row.deleted_at.is_some() {
        return Ok(());
    }
    let chat = chats::get(scope, unit.tx(), row.chat_id).await?;
    let is_his = row.user_id == by && row.kind != MessageKind::System;
    let is_admins = chat.kind == ChatKind::Group
        && row.kind != MessageKind::System
        && groups::is_admin(scope, unit.tx(), chat.id, by).await?;
    if !is_his && !is_admins {
        let message = "Only its sender, or an admin of the group, can delete a message for everybody.";
        return Err(Error::conflict(Code::MessageNotYours, message));
    }
    if !is_admins && now > row.sent_at + DELETED_WITHIN {
        let message = "A message can be deleted for everybody within an hour.";
        return Err(Error::conflict(Code::MessageTooOld, message));
    }
    row.body = None;
    row.detail = None;
    row.media_id = None;
    row.folded = String::new();
    row.deleted_at = Some(now);
    row.deleted_by = Some(by);
    chat_messages::save(scope, unit.tx(), row.clone()).await?;
    chat_messages::delete_reaction(scope, unit.tx(), id, None).await?;
    let told = news::about(&row, json!({"userId": by, "forEveryone": true}));
    news::tell(&mut unit, &chat, news::MESSAGE_DELETED, told).await?;
    unit.commit().await
}

/// Puts one's reaction in the place of the one before; `None` takes it back.
pub async fn react(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatMessageId,
    emoji: Option<&str>,
) -> Result<Message> {
    let emoji = emoji.map(str::trim).filter(|emoji| !emoji.is_empty());
    if emoji.is_some_and(|emoji| !is_emoji(emoji)) {
        return Err(Error::invalid("/emoji", "must be one sign, as 👍"));
    }
    let (mut unit, row) = begin(app, scope, by, id).await?;
    still_there(&row)?;
    let chat = chats::get(scope, unit.tx(), row.chat_id).await?;
    may_write(scope, &unit, &chat, by).await?;
    match emoji {
        Some(emoji) => {
            let reaction = chat_reaction::Model {
                company_id: scope.company(),
                message_id: id,
                user_id: by,
                emoji: emoji.to_owned(),
                reacted_at: unit.now(),
            };
            chat_messages::put_reaction(scope, unit.tx(), reaction).await?;
        }
        None => chat_messages::delete_reaction(scope, unit.tx(), id, Some(by)).await?,
    }
    let told = news::about(&row, json!({"userId": by, "emoji": emoji}));
    news::tell(&mut unit, &chat, news::MESSAGE_REACTION, told).await?;
    unit.commit().await?;
    message(app, scope, by, id).await
}

/// No letters and no spaces; of ASCII only what a keycap is made of.
fn is_emoji(text: &str) -> bool {
    let signs = text.chars().all(|sign| !sign.is_alphabetic() && !sign.is_whitespace() && !sign.is_control());
    signs && !text.is_ascii() && text.chars().count() <= LONGEST_EMOJI
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reaction_is_a_sign() {
        for sign in ["👍", "❤️", "👩‍👩‍👧‍👦", "1️⃣", "🇩🇪", "👍🏽"] {
            assert!(is_emoji(sign), "{sign}");
        }
        for no_sign in ["ok", "1", "👍 👍", "é", "<b>", &"👍".repeat(17)] {
            assert!(!is_emoji(no_sign), "{no_sign}");
        }
    }
}
