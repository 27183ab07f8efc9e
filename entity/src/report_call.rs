//! A quarter of an hour in which a call counts.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    /// By its number since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarter: i32,
}

company_owned!();
