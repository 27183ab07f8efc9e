//! How somebody wants to be called by his colleagues, and what they may see of him.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ShownTo;
use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

/// What an older row does not have is at its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase", default)]
pub struct CallSettings {
    /// His devices take calls without asking him.
    pub auto_accept_calls: bool,
    pub allow_video_calls: bool,
    /// Who has never talked with him is turned away, unless he has called him.
    pub block_unknown_callers: bool,
    pub online_shown_to: ShownTo,
    pub last_seen_shown_to: ShownTo,
}

impl Default for CallSettings {
    fn default() -> Self {
        Self {
            auto_accept_calls: false,
            allow_video_calls: true,
            block_unknown_callers: false,
            online_shown_to: ShownTo::Everyone,
            last_seen_shown_to: ShownTo::Everyone,
        }
    }
}

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub company_id: CompanyId,
    #[sea_orm(column_type = "JsonBinary")]
    pub settings: CallSettings,
    pub updated_at: DateTimeUtc,
}

company_owned!();
