//! A number that stays with one version of its flow, whatever is published later.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowVersionId, PhoneNumberId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_number_pin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub phone_number_id: PhoneNumberId,
    pub company_id: CompanyId,
    pub flow_version_id: FlowVersionId,
}

company_owned!();
