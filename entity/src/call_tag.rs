//! A word by which a call is found again.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
}

company_owned!();
