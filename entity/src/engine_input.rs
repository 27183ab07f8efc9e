//! One input of the flow engine, with all that it depended on: what replay needs.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "engine_input")]
pub struct Model {
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    pub at: DateTimeUtc,
    #[sea_orm(column_type = "JsonBinary")]
    pub input: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub queue_figures: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub answers: Json,
    pub engine_version: i32,
    pub time_zone_version: String,
}

company_owned!();
