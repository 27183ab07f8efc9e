//! An agent who serves a queue.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_member")]
pub struct Model {
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
}

company_owned!();
