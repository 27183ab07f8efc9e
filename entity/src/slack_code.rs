//! What an agent tells Slack to show that he is himself; good once, for a while.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_code")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    pub code_hash: String,
    pub expires_at: DateTimeUtc,
}

company_owned!();
