//! The mail server of a company's own.

use sea_orm::entity::prelude::*;

use crate::SmtpSecurity;
use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "smtp_server")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub host: String,
    pub port: i32,
    pub security: SmtpSecurity,
    pub user_name: Option<String>,
    pub password_sealed: Option<String>,
    /// Whom the company's mail comes from.
    pub from_address: String,
    pub from_name: Option<String>,
    /// Since when it has taken no mail.
    pub failing_since: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub last_error_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
