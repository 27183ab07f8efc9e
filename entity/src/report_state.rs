//! How far a company's reports are: one number that every recomputation moves on.

use sea_orm::entity::prelude::*;

use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub version: i64,
    pub updated_at: DateTimeUtc,
}

company_owned!();
