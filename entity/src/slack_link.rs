//! Which agent somebody at Slack is.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_link")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    /// Workspace and user, as `T123/U456`.
    pub slack_user: String,
    pub agent_id: AgentId,
    pub linked_at: DateTimeUtc,
}

company_owned!();
