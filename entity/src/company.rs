//! A company.

use sea_orm::entity::prelude::*;

use crate::ReportSettings;
use crate::id::CompanyId;
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "company")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CompanyId,
    pub name: String,
    pub time_zone: String,
    pub language: String,
    pub demo: bool,
    pub twilio_account_sid: Option<String>,
    pub twilio_auth_token_sealed: Option<String>,
    /// Whether an agent is told that a supervisor is in his call.
    pub tell_agents_of_supervision: bool,
    /// How its reports count.
    #[sea_orm(column_type = "JsonBinary")]
    pub report_settings: ReportSettings,
    pub created_at: DateTimeUtc,
}

plain_table!();
