//! A call flow: its draft, and which version is published.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId, FlowVersionId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flow")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FlowId,
    pub company_id: CompanyId,
    pub name: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub draft: Json,
    pub published_version_id: Option<FlowVersionId>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
