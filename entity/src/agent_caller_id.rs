//! The number of the company's that is shown when this agent calls out.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId, PhoneNumberId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_caller_id")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    pub company_id: CompanyId,
    pub phone_number_id: PhoneNumberId,
}

company_owned!();
