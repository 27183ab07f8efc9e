//! A registration that waits for the proof that the address is whose it says: one an address, by the hash of its token.

use sea_orm::entity::prelude::*;

use crate::id::RegistrationId;
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "registration")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RegistrationId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    /// The company that is founded with it.
    pub company_name: Option<String>,
    pub token_hash: String,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

plain_table!();
