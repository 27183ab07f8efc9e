//! A supervisor in a conversation, on a leg of his own. At most one of a supervisor is open.

use sea_orm::entity::prelude::*;

use crate::SuperviseMode;
use crate::id::{CallId, CompanyId, LegId, SupervisionId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "supervision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SupervisionId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub user_id: UserId,
    pub leg_id: LegId,
    pub mode: SuperviseMode,
    pub started_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

company_owned!();
