//! What the last import of a flow's draft has left to be named.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_import")]
pub struct Model {
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub flow_id: FlowId,
    /// The format.
    pub source: String,
    /// Required references that were not mapped, each with the places of the draft where something stands for it.
    #[sea_orm(column_type = "JsonBinary")]
    pub open_references: Json,
    pub imported_at: DateTimeUtc,
}

company_owned!();
