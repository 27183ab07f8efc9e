//! A device of somebody's that takes part in encrypted chats, with the keys that it has published. All of them are public.

use sea_orm::entity::prelude::*;

use crate::id::{ChatDeviceId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Chosen by the device; one of its user's only.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChatDeviceId,
    /// As its user calls it.
    pub name: Option<String>,
    /// Names of what it speaks, in the order in which they are signed.
    pub algorithms: Json,
    /// Curve25519, in base64 without padding, as all keys.
    pub identity_key: String,
    /// Ed25519.
    pub signing_key: String,
    /// Of the keys above, by the signing key.
    pub signature: String,
    /// Given out when there is no other, again and again, until the device publishes another.
    pub fallback_key_id: Option<String>,
    pub fallback_key: Option<String>,
    pub fallback_signature: Option<String>,
    /// It was given out: the device should publish another.
    pub fallback_used: bool,
    pub published_at: DateTimeUtc,
}

company_owned!();
