//! A code that proves that somebody reads what comes to a number: one a number, the newest.

use sea_orm::entity::prelude::*;

use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_code")]
pub struct Model {
    /// E.164.
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_number: String,
    /// HMAC-SHA-256 over number and code, in hex.
    pub code_hash: String,
    pub wrong_tries: i32,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

plain_table!();
