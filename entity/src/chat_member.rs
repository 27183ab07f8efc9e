//! Somebody in a chat, how far he has come in it, and how he wants to have it.

use sea_orm::entity::prelude::*;

use crate::id::{ChatId, CompanyId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What somebody is in a chat.
    ChatRole {
        /// Says who is in the group and what it is called.
        Admin,
        Member,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_member")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat_id: ChatId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub role: ChatRole,
    pub joined_at: DateTimeUtc,
    pub left_at: Option<DateTimeUtc>,
    /// All messages up to this number have reached him.
    pub delivered_seq: i64,
    /// He has read all messages up to this number.
    pub read_seq: i64,
    /// How many of those after it are his own.
    pub own_unread: i64,
    /// Whether he wants to be disturbed by it is for his device to heed.
    pub muted_until: Option<DateTimeUtc>,
    pub pinned: bool,
    pub archived: bool,
}

impl Model {
    /// How many messages of others he has not read, of a chat whose last one has this number.
    pub fn unread(&self, last_seq: i64) -> i64 {
        (last_seq - self.read_seq - self.own_unread).max(0)
    }
}

company_owned!();
