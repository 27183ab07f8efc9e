//! A person's second factor: codes that change with the time (RFC 6238).

use sea_orm::entity::prelude::*;

use crate::id::UserId;
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "second_factor")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub secret_sealed: String,
    pub created_at: DateTimeUtc,
    /// It is asked for from then on.
    pub confirmed_at: Option<DateTimeUtc>,
    /// Of the last code that was used: none of this step or an older one is good again.
    pub last_step: i64,
}

plain_table!();
