//! A published version of a flow; never changed.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId, FlowVersionId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_version")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowVersionId,
    pub company_id: CompanyId,
    pub flow_id: FlowId,
    pub number: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub document: Json,
    pub engine_version: i32,
    pub published_by: Option<UserId>,
    pub published_at: DateTimeUtc,
    /// The number of the older version whose document this one brought back.
    pub restored_from: Option<i32>,
}

company_owned!();
