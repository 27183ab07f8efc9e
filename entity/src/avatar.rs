//! The picture of a person.

use sea_orm::entity::prelude::*;

use crate::id::UserId;
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "avatar")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// Where it lies in the storage.
    pub file_key: String,
    pub updated_at: DateTimeUtc,
}

plain_table!();
