//! A company that was closed: nobody acts for it, and its numbers take no calls.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "closed_company")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub closed_by: UserId,
    pub closed_at: DateTimeUtc,
}

company_owned!();
