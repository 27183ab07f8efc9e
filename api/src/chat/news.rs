//! What the people of a chat are told, and in which form.

use entity::id::{ChatId, UserId};
use entity::{ChatKind, CompanyScope, chat, chat_message, media};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};

use super::Message;
use crate::error::Result;
use crate::store::{Audience, Unit, chats};

pub const NEW_MESSAGE: &str = "new_message";
pub const MESSAGE_EDITED: &str = "message_edited";
pub const MESSAGE_DELETED: &str = "message_deleted";
pub const MESSAGE_REACTION: &str = "message_reaction";
pub const MESSAGE_STATUS: &str = "message_status_update";
pub const USER_TYPING: &str = "user_typing";
/// A chat was made, its people or its title have changed.
pub const CHAT_UPDATED: &str = "chat_updated";
/// To one's own devices: how one has set a chat, and what is unread in it.
pub const CHAT_SETTINGS: &str = "chat_settings";
pub const CHAT_UNREAD: &str = "chat_unread";

/// How much of a message is shown of it in an answer to it, in characters.
const QUOTED: usize = 200;

pub fn user(id: UserId) -> Audience<'static> {
    Audience::User(id)
}

/// Everybody in a chat: of a private one its two, of a group its room.
pub fn everybody(chat: &chat::Model, two: &[UserId]) -> Vec<Audience<'static>> {
    match chat.kind {
        ChatKind::Private => two.iter().copied().map(Audience::User).collect(),
        ChatKind::Group => vec![Audience::Chat(chat.id)],
    }
}

/// The two of a private chat; nobody of a group, which has a room.
pub async fn two_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: &chat::Model,
) -> Result<Vec<UserId>> {
    match chat.kind {
        ChatKind::Private => Ok(chats::users_in(scope, db, chat.id).await?),
        ChatKind::Group => Ok(Vec::new()),
    }
}

/// Tells everybody in a chat.
pub async fn tell(unit: &mut Unit, chat: &chat::Model, event: &'static str, payload: Value) -> Result<()> {
    let two = two_of(unit.scope(), unit.tx(), chat).await?;
    unit.tell(&everybody(chat, &two), event, payload);
    Ok(())
}

/// `{type, text, media, location, contact, system}`, what there is of it.
pub fn content(row: &chat_message::Model, media: Option<&media::Model>) -> Value {
    let mut content = Map::new();
    content.insert("type".into(), json!(row.kind));
    content.extend(row.body.as_ref().map(|text| ("text".to_owned(), json!(text))));
    content.extend(media.map(|media| ("media".to_owned(), file(media))));
    content.extend(row.detail.as_ref().map(|detail| (row.kind.as_str(), detail.clone())));
    Value::Object(content)
}

/// Where it is fetched is read with the message.
fn file(row: &media::Model) -> Value {
    json!({
        "id": row.id,
        "kind": row.kind,
        "contentType": row.content_type,
        "name": row.name,
        "sizeBytes": row.size_bytes,
        "width": row.width,
        "height": row.height,
        "durationMs": row.duration_ms,
    })
}

/// A message as events tell it.
pub fn describe(message: &Message) -> Value {
    let row = &message.row;
    let mut told = json!({
        "id": row.id,
        "chatId": row.chat_id,
        "seq": row.seq,
        "senderId": row.user_id,
        "content": content(row, message.media.as_ref().map(|media| &media.row)),
        "forwarded": row.forwarded_from_id.is_some(),
        "sentAt": row.sent_at,
    });
    let more = [
        ("receiverId", message.receiver.map(|id| json!(id))),
        ("replyTo", message.reply_to.as_ref().map(quote)),
        ("editedAt", row.edited_at.map(|at| json!(at))),
        ("deletedAt", row.deleted_at.map(|at| json!(at))),
    ];
    if let Some(told) = told.as_object_mut() {
        told.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    told
}

fn quote(row: &chat_message::Model) -> Value {
    json!({"id": row.id, "senderId": row.user_id, "type": row.kind, "text": quoted(row), "deleted": row.deleted_at.is_some()})
}

/// The beginning of what is answered to.
pub fn quoted(row: &chat_message::Model) -> Option<String> {
    row.body.as_ref().map(|text| text.chars().take(QUOTED).collect())
}

/// `{chatId, messageId}` and more.
pub fn about(row: &chat_message::Model, more: Value) -> Value {
    let mut told = json!({"chatId": row.chat_id, "messageId": row.id, "messageSeq": row.seq});
    if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
        told.extend(more);
    }
    told
}

/// `{chatId, unread, readSeq, lastSeq}`
pub fn unread(chat: ChatId, unread: i64, read_seq: i64, last_seq: i64) -> Value {
    json!({"chatId": chat, "unread": unread, "readSeq": read_seq, "lastSeq": last_seq})
}
