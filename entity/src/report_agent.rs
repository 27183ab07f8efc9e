//! What an agent did for a queue in a quarter of an hour; without a queue, his time by the clock.

use sea_orm::entity::prelude::*;

use crate::Attribution;
use crate::id::{AgentId, CompanyId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_agent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attribution: Attribution,
    /// By its number since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    /// All zeros: no queue.
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
    #[sea_orm(column_type = "JsonBinary")]
    pub counters: Json,
}

company_owned!();
