//! Whether somebody is there, as his colleagues were told last.

use sea_orm::entity::prelude::*;

use crate::PresenceStatus;
use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "presence")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub company_id: CompanyId,
    pub is_online: bool,
    /// By his own word: online, away or busy.
    pub chosen: PresenceStatus,
    /// When his last socket went.
    pub last_seen_at: Option<DateTimeUtc>,
    pub changed_at: DateTimeUtc,
}

company_owned!();
