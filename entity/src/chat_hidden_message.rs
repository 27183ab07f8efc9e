//! A message that somebody has deleted for himself alone.

use sea_orm::entity::prelude::*;

use crate::id::{ChatMessageId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_hidden_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: ChatMessageId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub hidden_at: DateTimeUtc,
}

company_owned!();
