//! A message in a chat.

use sea_orm::entity::prelude::*;

use crate::id::{ChatId, ChatMessageId, CompanyId, MediaId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What a message is.
    MessageKind {
        Text,
        Image,
        Video,
        Audio,
        Document,
        Location,
        /// Somebody's name and how he is reached.
        Contact,
        /// What was done to the chat, told in it; written by the server alone.
        System,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChatMessageId,
    pub company_id: CompanyId,
    pub chat_id: ChatId,
    /// From 1, without gaps: the order for all who are in the chat.
    pub seq: i64,
    /// Who has sent it.
    pub user_id: UserId,
    /// What its sender calls it, which makes a second try the same message.
    pub temp_id: Option<String>,
    pub kind: MessageKind,
    /// The text, or what stands below a file.
    pub body: Option<String>,
    /// Of a location, a contact or what the server has written: the rest of it.
    pub detail: Option<Json>,
    /// The file that it shows.
    pub media_id: Option<MediaId>,
    pub reply_to_id: Option<ChatMessageId>,
    pub forwarded_from_id: Option<ChatMessageId>,
    /// The words by which it is found.
    pub folded: String,
    pub sent_at: DateTimeUtc,
    pub edited_at: Option<DateTimeUtc>,
    /// For everybody: nothing but the row is left of it.
    pub deleted_at: Option<DateTimeUtc>,
    pub deleted_by: Option<UserId>,
}

company_owned!();
