//! A key of a device's that opens one conversation: it is given out once. One that was stays as a row for a while, so that the device
//! cannot publish it again by accident.

use sea_orm::entity::prelude::*;

use crate::id::{ChatDeviceId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_device_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub device_id: ChatDeviceId,
    /// What the device calls it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: String,
    /// Curve25519.
    pub key: String,
    pub signature: String,
    pub published_at: DateTimeUtc,
    pub claimed_at: Option<DateTimeUtc>,
}

company_owned!();
