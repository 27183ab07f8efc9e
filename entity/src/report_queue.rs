//! What a queue did in a quarter of an hour; without a queue, the company.

use sea_orm::entity::prelude::*;

use crate::Attribution;
use crate::id::{CompanyId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_queue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attribution: Attribution,
    /// By its number since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i32,
    /// All zeros: no queue.
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
    #[sea_orm(column_type = "JsonBinary")]
    pub counters: Json,
}

company_owned!();
