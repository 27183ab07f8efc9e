//! A company's Slack or Teams: where notices go, and how its commands are known.

use sea_orm::entity::prelude::*;

use crate::ChatApp;
use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_integration")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat: ChatApp,
    /// Where notices are sent; the address is the secret.
    #[sea_orm(column_type = "Text", nullable)]
    pub url_sealed: Option<String>,
    /// Slack's, for commands.
    pub signing_secret_sealed: Option<String>,
    /// Which notices are sent.
    #[sea_orm(column_type = "JsonBinary")]
    pub notices: Json,
    /// As `22:00`, by the company's clock: from then until then notices wait.
    pub quiet_from: Option<String>,
    pub quiet_until: Option<String>,
    /// How often sending has failed in a row.
    pub failures: i32,
    pub last_error: Option<String>,
    pub last_error_at: Option<DateTimeUtc>,
    pub last_attempt_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
