//! What the platform's administrator has set: one row, or none as long as nobody has set anything.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::macros::plain_table;

/// The id of the row.
pub const ROW: i32 = 1;

/// A setting that an older row does not have is at its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct SystemSettings {
    /// Whether anybody may register; else those alone who are invited.
    pub open_registration: bool,
    /// Of new companies; an IANA name.
    pub default_time_zone: String,
    /// Of new companies; a BCP 47 tag.
    pub default_language: String,
}

impl Default for SystemSettings {
    fn default() -> Self {
        Self {
            open_registration: true,
            default_time_zone: "UTC".to_owned(),
            default_language: "en-US".to_owned(),
        }
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "system_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: SystemSettings,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

plain_table!();
