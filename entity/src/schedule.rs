//! Opening hours by name, which queues share.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ScheduleId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ScheduleId,
    pub company_id: CompanyId,
    pub name: String,
    /// As in an `hours` node: `{"zone", "weekly", "exceptions"}`.
    #[sea_orm(column_type = "JsonBinary")]
    pub hours: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
