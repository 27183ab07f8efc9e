//! How a user wants his screen to be.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::macros::{closed_enum, plain_table};

closed_enum! {
    /// Colours of the screen.
    Theme {
        Light,
        Dark,
        /// As the device has it.
        System,
    }
}

/// What an older row does not have is at its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct Preferences {
    pub theme: Theme,
    /// BCP 47 tag; the browser's own, without.
    pub language: Option<String>,
    pub notifications: Notifications,
    /// When nothing that can wait is told on phones.
    pub quiet_hours: Option<QuietTimes>,
    /// A missed call is told by mail, too.
    pub missed_calls_by_mail: bool,
    /// Phones show what a message says.
    pub message_previews: bool,
}

/// From a time of the day until another one, over midnight when that is earlier: `22:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuietTimes {
    pub from: String,
    pub until: String,
    /// IANA name; the company's, without.
    pub time_zone: Option<String>,
}

/// Of what somebody wants to be told, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Notifications {
    /// Over other windows.
    pub desktop: bool,
    pub sound: bool,
    pub offers: bool,
    pub missed_calls: bool,
    pub voicemails: bool,
    pub messages: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            language: None,
            notifications: Notifications::default(),
            quiet_hours: None,
            missed_calls_by_mail: false,
            message_previews: true,
        }
    }
}

impl Default for Notifications {
    fn default() -> Self {
        Self {
            desktop: true,
            sound: true,
            offers: true,
            missed_calls: true,
            voicemails: true,
            messages: true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user_preferences")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(column_type = "JsonBinary")]
    pub preferences: Preferences,
    pub updated_at: DateTimeUtc,
}

plain_table!();
