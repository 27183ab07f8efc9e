//! Somebody outside does not want a report any more.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ReportScheduleId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_refusal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub schedule_id: ReportScheduleId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub address: String,
    pub refused_at: DateTimeUtc,
}

company_owned!();
