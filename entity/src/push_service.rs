//! With what keys a company's own app is reached.

use sea_orm::entity::prelude::*;

use crate::PushServiceKind;
use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "push_service")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub service: PushServiceKind,
    /// What may be shown: ids of the project, the team, the key, the app.
    #[sea_orm(column_type = "JsonBinary")]
    pub account: Json,
    pub secret_sealed: String,
    /// Since when the service has refused the keys.
    pub failing_since: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub last_error_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
