//! When a mark of somebody's in a chat went forward: one row each time.

use sea_orm::entity::prelude::*;

use crate::id::{ChatId, CompanyId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What somebody's device says of all messages up to one.
    ChatMark {
        /// They have reached him.
        Delivered,
        /// He has read them; what is read was delivered.
        Read,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_receipt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat_id: ChatId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub mark: ChatMark,
    /// Up to which message it went.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    /// Where it had stood: of messages up to this number the row says nothing.
    pub after_seq: i64,
    /// Those after this number were delivered then; `seq` where none were.
    pub delivered_after_seq: i64,
    pub at: DateTimeUtc,
}

company_owned!();
