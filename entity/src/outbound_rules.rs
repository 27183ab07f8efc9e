//! Whom, when and with which number a company lets its agents call.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PhoneNumberId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbound_rules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    /// What is shown of agents without a number of their own.
    pub phone_number_id: Option<PhoneNumberId>,
    /// As in an `hours` node: `{"zone", "weekly", "exceptions"}`. Always, when there are none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub hours: Option<Json>,
    /// Two letters each (ISO 3166-1). Those of the company's own numbers, when there are none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub countries: Option<Json>,
    /// Whether numbers may be called for which the called party is paid.
    pub premium_rate: bool,
    pub updated_at: DateTimeUtc,
}

company_owned!();
