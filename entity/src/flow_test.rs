//! A scripted call that is kept with a flow, and what must be true of it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId, FlowTestId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_test")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowTestId,
    pub company_id: CompanyId,
    pub flow_id: FlowId,
    pub name: String,
    /// As the engine has it.
    #[sea_orm(column_type = "JsonBinary")]
    pub definition: Json,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
