//! Who did what in a company.

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::id::{ApiKeyId, AuditId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AuditId,
    pub company_id: CompanyId,
    pub user_id: UserId,
    pub action: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub detail: Json,
    pub at: DateTimeUtc,
    /// The key with which he did it.
    pub api_key_id: Option<ApiKeyId>,
    /// What the request's path names.
    pub subject_id: Option<Uuid>,
    /// From where the request came.
    pub address: Option<String>,
}

company_owned!();
