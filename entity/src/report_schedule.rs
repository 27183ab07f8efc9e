//! A report that is mailed by itself, and to whom.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{CompanyId, ReportScheduleId, UserId};
use crate::macros::company_owned;
use crate::{MailedReport, ReportPeriod};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Members(pub Vec<UserId>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Addresses(pub Vec<String>);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report_schedule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReportScheduleId,
    pub company_id: CompanyId,
    pub name: String,
    pub report: MailedReport,
    pub period: ReportPeriod,
    /// Of the company's clock, 0 to 23.
    pub hour: i32,
    /// A BCP 47 tag; the company's without one.
    pub language: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub members: Members,
    /// Of people outside.
    #[sea_orm(column_type = "JsonBinary")]
    pub addresses: Addresses,
    pub enabled: bool,
    /// Where the period ended that was mailed last.
    pub sent_until: Option<DateTimeUtc>,
    pub sent_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
