//! What a whole hour or day of UTC comes to, once it is over: made of counters when somebody asks, and forgotten when they change.

use sea_orm::entity::prelude::*;

use crate::Attribution;
use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_sum")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attribution: Attribution,
    /// How many quarters of an hour: 4 or 96.
    #[sea_orm(primary_key, auto_increment = false)]
    pub quarters: i32,
    /// Its first quarter, by its number since 1970, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub first: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub sums: Json,
}

company_owned!();
