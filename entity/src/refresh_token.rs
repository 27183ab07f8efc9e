//! One link of a chain of refresh tokens, by its hash.

use sea_orm::entity::prelude::*;

use crate::id::SessionId;
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "refresh_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: String,
    pub session_id: SessionId,
    pub created_at: DateTimeUtc,
    pub spent_at: Option<DateTimeUtc>,
}

plain_table!();
