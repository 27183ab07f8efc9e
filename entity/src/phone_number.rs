//! A number of a company at an account of the provider, and the flow that it opens.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId, PhoneNumberId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_number")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhoneNumberId,
    pub company_id: CompanyId,
    pub account_sid: String,
    pub number: String,
    pub label: String,
    pub flow_id: FlowId,
    pub created_at: DateTimeUtc,
}

company_owned!();
