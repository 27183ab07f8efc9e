//! A reason that a company's agents may give for what they want.

use sea_orm::entity::prelude::*;

use crate::Availability;
use crate::id::{CompanyId, ReasonId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "availability_reason")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReasonId,
    pub company_id: CompanyId,
    pub availability: Availability,
    pub name: String,
    pub created_at: DateTimeUtc,
}

company_owned!();
