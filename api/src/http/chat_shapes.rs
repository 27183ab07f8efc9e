//! Chats and messages, as bodies have them.

use chrono::{DateTime, Utc};
use entity::id::{ChatDeviceId, ChatMessageId, MediaId, UserId};
use entity::{ChatKind, ChatRole, MediaKind, MessageKind, chat_ciphertext, chat_message};
use poem_openapi::{Enum, Object};
use serde::Deserialize;
use uuid::Uuid;

use super::Word;
use crate::chat::content::{Card, Content, Location};
use crate::chat::lists::Unread;
use crate::chat::marks::Reached;
use crate::chat::sealed::{Ciphertext, Sealed};
use crate::chat::{Attached, Chat, Message, MessageStatus, news};
use crate::media::links::Links;
use crate::store::chats::Person;

/// A chat, as the caller sees it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ChatOut {
    id: Uuid,
    kind: Word<ChatKind>,
    /// Of a group.
    title: Option<String>,
    /// The other one of a private chat.
    other: Option<ChatPersonOut>,
    /// Whether the caller is an admin of the group.
    admin: bool,
    /// The number of the last message; messages are numbered from 1 without gaps.
    last_seq: i64,
    /// The caller has read up to this number.
    read_seq: i64,
    /// Messages of others that the caller has not read.
    unread: i64,
    last_message: Option<MessageOut>,
    /// Absent when it is not muted.
    muted_until: Option<DateTime<Utc>>,
    pinned: bool,
    archived: bool,
    /// When it was last written to, or made.
    active_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    /// Since when only the devices of the two can read it. Absent of what is not encrypted.
    encrypted_at: Option<DateTime<Utc>>,
}

/// Somebody in a chat.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ChatPersonOut {
    user_id: Uuid,
    name: String,
    role: Word<ChatRole>,
    /// Whether he works here still.
    active: bool,
    /// All messages up to this number have reached him.
    delivered_seq: i64,
    /// He has read up to this number.
    read_seq: i64,
    joined_at: DateTime<Utc>,
}

/// How far a message has come with all whom it is for.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case", rename = "MessageStatus")]
pub enum StatusOut {
    Sent,
    Delivered,
    Read,
}

/// A message.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct MessageOut {
    id: Uuid,
    chat_id: Uuid,
    /// Its number in the chat: the order for everybody.
    seq: i64,
    sender_id: Uuid,
    /// To whom, in a private chat.
    receiver_id: Option<Uuid>,
    content: MessageContentOut,
    /// What it answers to.
    reply_to: Option<QuotedMessageOut>,
    /// Whether it was passed on from another place.
    forwarded: bool,
    /// What the caller has called it. Absent of others' messages.
    temp_id: Option<String>,
    /// Of the caller's own messages.
    status: Option<StatusOut>,
    reactions: Vec<ReactionOut>,
    sent_at: DateTime<Utc>,
    edited_at: Option<DateTime<Utc>>,
    /// When it was deleted for everybody; then there is nothing in its content but the type.
    deleted_at: Option<DateTime<Utc>>,
}

/// What a message says.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MessageContentOut {
    r#type: Word<MessageKind>,
    text: Option<String>,
    /// Absent once the file was deleted.
    media: Option<MessageMediaOut>,
    location: Option<MessagePlaceOut>,
    contact: Option<MessageCardOut>,
    system: Option<MessageNoteOut>,
    /// Of a message in an encrypted chat.
    encrypted: Option<SealedMessageOut>,
}

/// A message as the caller's devices are sent it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct SealedMessageOut {
    /// Which of the sender's devices has encrypted it.
    device_id: Option<Uuid>,
    /// A text for each of the caller's devices that it is for. None in lists of chats.
    ciphertexts: Vec<OwnCiphertextOut>,
}

/// What one of the caller's devices is sent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct OwnCiphertextOut {
    /// Of the caller's.
    device_id: Uuid,
    /// 0 opens a conversation, 1 goes on with one.
    r#type: i16,
    /// Base64.
    body: String,
}

/// A file, and where it is fetched until `linksUntil`.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MessageMediaOut {
    id: Uuid,
    kind: Option<Word<MediaKind>>,
    content_type: Option<String>,
    name: Option<String>,
    size_bytes: i64,
    /// Pixels.
    width: Option<i32>,
    height: Option<i32>,
    duration_ms: Option<i64>,
    url: Option<String>,
    /// Of a picture, once there is one.
    thumbnail_url: Option<String>,
    links_until: Option<DateTime<Utc>>,
}

/// A place.
#[derive(Object, Debug, Deserialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MessagePlaceOut {
    /// Degrees, north is positive.
    latitude: f64,
    /// Degrees, east is positive.
    longitude: f64,
    name: Option<String>,
}

/// Somebody and how he is reached.
#[derive(Object, Debug, Deserialize)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MessageCardOut {
    name: String,
    /// E.164.
    number: Option<String>,
    email: Option<String>,
}

/// What was done to a group.
#[derive(Object, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct MessageNoteOut {
    /// `created`, `renamed`, `added`, `removed`, `left` or `role`; in a private chat `encrypted`.
    event: String,
    /// Of whom it tells, when they are at most 50.
    user_ids: Option<Vec<Uuid>>,
    /// Of how many.
    count: u64,
    title: Option<String>,
    role: Option<String>,
}

/// The beginning of a message that is answered to.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct QuotedMessageOut {
    id: Uuid,
    sender_id: Uuid,
    r#type: Word<MessageKind>,
    text: Option<String>,
    /// Whether it was deleted for everybody.
    deleted: bool,
}

/// What somebody thinks of a message.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ReactionOut {
    user_id: Uuid,
    emoji: String,
}

/// A message, and whom it has reached.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct MessageDetailsOut {
    message: MessageOut,
    delivered_to: Vec<Uuid>,
    read_by: Vec<Uuid>,
}

/// How much of a chat the caller has not read.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct UnreadOut {
    chat_id: Uuid,
    unread: i64,
    read_seq: i64,
    last_seq: i64,
}

/// What a message is to say. A text has `text`, a location `location`, a contact `contact`, what is encrypted `encrypted`
/// and perhaps `mediaId`, all others `mediaId` and perhaps `text`.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageContentIn {
    r#type: Word<MessageKind>,
    #[oai(validator(max_length = 10000))]
    text: Option<String>,
    /// A file that the caller has uploaded, or that he has before him in a message. An encrypted message has only one that was
    /// uploaded as encrypted.
    media_id: Option<Uuid>,
    location: Option<MessagePlaceIn>,
    contact: Option<MessageCardIn>,
    /// In an encrypted chat.
    encrypted: Option<SealedMessageIn>,
}

/// A message that a device has encrypted for each of the others in the chat.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct SealedMessageIn {
    /// Which of the caller's devices has.
    device_id: Uuid,
    /// One for each device of the two but the one that sends it.
    #[oai(validator(min_items = 1, max_items = 20))]
    ciphertexts: Vec<CiphertextIn>,
}

/// What one device is sent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CiphertextIn {
    /// Whose device it is.
    user_id: Uuid,
    device_id: Uuid,
    /// 0 opens a conversation, 1 goes on with one.
    #[oai(validator(minimum(value = "0"), maximum(value = "1")))]
    r#type: i16,
    /// Base64.
    #[oai(validator(min_length = 1, max_length = 16384))]
    body: String,
}

/// A place.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct MessagePlaceIn {
    #[oai(validator(minimum(value = "-90"), maximum(value = "90")))]
    latitude: f64,
    #[oai(validator(minimum(value = "-180"), maximum(value = "180")))]
    longitude: f64,
    #[oai(validator(max_length = 200))]
    name: Option<String>,
}

/// Somebody and how he is reached.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct MessageCardIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// With its country code: `+49 30 123456`.
    #[oai(validator(max_length = 40))]
    number: Option<String>,
    #[oai(validator(max_length = 320))]
    email: Option<String>,
}

impl From<MessageContentIn> for Content {
    fn from(body: MessageContentIn) -> Self {
        Self {
            kind: body.r#type.0,
            text: body.text,
            media: body.media_id.map(MediaId),
            location: body.location.map(|place| Location {
                latitude: place.latitude,
                longitude: place.longitude,
                name: place.name,
            }),
            contact: body.contact.map(|card| Card {
                name: card.name,
                number: card.number,
                email: card.email,
            }),
            encrypted: body.encrypted.map(Into::into),
        }
    }
}

impl From<SealedMessageIn> for Sealed {
    fn from(body: SealedMessageIn) -> Self {
        let text = |one: CiphertextIn| Ciphertext {
            user: UserId(one.user_id),
            device: ChatDeviceId(one.device_id),
            kind: one.r#type,
            body: one.body,
        };
        Self {
            device: ChatDeviceId(body.device_id),
            ciphertexts: body.ciphertexts.into_iter().map(text).collect(),
        }
    }
}

impl From<Chat> for ChatOut {
    fn from(chat: Chat) -> Self {
        let unread = chat.unread();
        let Chat { row, me, other, last } = chat;
        Self {
            id: row.id.0,
            kind: Word(row.kind),
            title: row.title,
            other: other.map(Into::into),
            admin: row.kind == ChatKind::Group && me.role == ChatRole::Admin,
            last_seq: row.last_seq,
            read_seq: me.read_seq,
            unread,
            last_message: last.map(Into::into),
            muted_until: me.muted_until,
            pinned: me.pinned,
            archived: me.archived,
            active_at: row.active_at,
            created_at: row.created_at,
            encrypted_at: row.encrypted_at,
        }
    }
}

impl From<Person> for ChatPersonOut {
    fn from(Person { member, name, is_active }: Person) -> Self {
        Self {
            user_id: member.user_id.0,
            name,
            role: Word(member.role),
            active: is_active && member.left_at.is_none(),
            delivered_seq: member.delivered_seq,
            read_seq: member.read_seq,
            joined_at: member.joined_at,
        }
    }
}

impl From<Message> for MessageOut {
    fn from(message: Message) -> Self {
        let Message { row, receiver, media, reply_to, reactions, status, ciphertexts } = message;
        let is_own = status.is_some();
        let reactions = reactions.into_iter();
        Self {
            id: row.id.0,
            chat_id: row.chat_id.0,
            seq: row.seq,
            sender_id: row.user_id.0,
            receiver_id: receiver.map(|id| id.0),
            reply_to: reply_to.map(Into::into),
            forwarded: row.forwarded_from_id.is_some(),
            temp_id: row.temp_id.clone().filter(|_| is_own),
            status: status.map(Into::into),
            reactions: reactions
                .map(|one| ReactionOut { user_id: one.user_id.0, emoji: one.emoji })
                .collect(),
            sent_at: row.sent_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            content: MessageContentOut::of(row, media, ciphertexts),
        }
    }
}

impl From<MessageStatus> for StatusOut {
    fn from(status: MessageStatus) -> Self {
        match status {
            MessageStatus::Sent => Self::Sent,
            MessageStatus::Delivered => Self::Delivered,
            MessageStatus::Read => Self::Read,
        }
    }
}

impl MessageContentOut {
    fn of(
        row: chat_message::Model,
        media: Option<Attached>,
        ciphertexts: Vec<chat_ciphertext::Model>,
    ) -> Self {
        fn read<T: serde::de::DeserializeOwned>(row: &chat_message::Model, kind: MessageKind) -> Option<T> {
            let detail = row.detail.as_ref().filter(|_| row.kind == kind)?;
            T::deserialize(detail).ok()
        }
        Self {
            r#type: Word(row.kind),
            media: media.map(Into::into),
            location: read(&row, MessageKind::Location),
            contact: read(&row, MessageKind::Contact),
            system: read(&row, MessageKind::System),
            encrypted: (row.kind == MessageKind::Encrypted).then(|| SealedMessageOut {
                device_id: row.detail.as_ref().and_then(|detail| detail["deviceId"].as_str()?.parse().ok()),
                ciphertexts: ciphertexts.into_iter().map(Into::into).collect(),
            }),
            text: row.body,
        }
    }
}

impl From<chat_ciphertext::Model> for OwnCiphertextOut {
    fn from(row: chat_ciphertext::Model) -> Self {
        Self { device_id: row.device_id.0, r#type: row.kind, body: row.body }
    }
}

impl From<Attached> for MessageMediaOut {
    fn from(Attached { row, links }: Attached) -> Self {
        let (url, thumbnail_url, links_until) = match links {
            Some(Links { url, thumbnail_url, until }) => (Some(url), thumbnail_url, Some(until)),
            None => (None, None, None),
        };
        Self {
            id: row.id.0,
            kind: row.kind.map(Word),
            content_type: row.content_type,
            name: row.name,
            size_bytes: row.size_bytes,
            width: row.width,
            height: row.height,
            duration_ms: row.duration_ms,
            url,
            thumbnail_url,
            links_until,
        }
    }
}

impl From<chat_message::Model> for QuotedMessageOut {
    fn from(row: chat_message::Model) -> Self {
        Self {
            id: row.id.0,
            sender_id: row.user_id.0,
            r#type: Word(row.kind),
            text: news::quoted(&row),
            deleted: row.deleted_at.is_some(),
        }
    }
}

impl MessageDetailsOut {
    pub fn of(message: Message, reached: Reached) -> Self {
        let ids = |users: Vec<UserId>| users.into_iter().map(|id| id.0).collect();
        Self {
            message: message.into(),
            delivered_to: ids(reached.delivered_to),
            read_by: ids(reached.read_by),
        }
    }
}

impl From<Unread> for UnreadOut {
    fn from(unread: Unread) -> Self {
        Self {
            chat_id: unread.chat.0,
            unread: unread.unread,
            read_seq: unread.read_seq,
            last_seq: unread.last_seq,
        }
    }
}

/// A message that is to be sent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMessageIn {
    pub chat_id: Uuid,
    pub content: MessageContentIn,
    /// A message of the same chat.
    pub reply_to: Option<Uuid>,
    /// What the client calls it, e.g. a UUID: a second one of this name is not sent, and the first is answered.
    #[oai(validator(min_length = 1, max_length = 64))]
    pub temp_id: Option<String>,
}

impl From<NewMessageIn> for crate::chat::send::Draft {
    fn from(body: NewMessageIn) -> Self {
        Self {
            content: body.content.into(),
            reply_to: body.reply_to.map(ChatMessageId),
            temp_id: body.temp_id,
        }
    }
}
