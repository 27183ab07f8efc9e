//! A call that was handled elsewhere, and by whom it was written down here.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "noted_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    pub noted_by: UserId,
    pub noted_at: DateTimeUtc,
}

company_owned!();
