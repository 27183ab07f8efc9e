//! A request of the provider, raw, with the reply it got: a second one with the same key gets the same reply.

use sea_orm::entity::prelude::*;

use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub request_key: String,
    pub call_sid: Option<String>,
    pub path: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub params: Json,
    pub reply: Option<String>,
    pub received_at: DateTimeUtc,
}

company_owned!();
