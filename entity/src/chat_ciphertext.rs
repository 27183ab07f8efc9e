//! An encrypted message as one device is sent it: nobody else can read it, this server neither.

use sea_orm::entity::prelude::*;

use crate::id::{ChatDeviceId, ChatMessageId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_ciphertext")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub message_id: ChatMessageId,
    /// Whose device it is.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: ChatDeviceId,
    /// As the protocol numbers them: 0 opens a conversation, 1 goes on with one.
    pub kind: i16,
    /// Base64.
    pub body: String,
}

company_owned!();
