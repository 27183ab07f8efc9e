//! A call that is not recorded by itself, since its flow has said so: the caller may have been asked.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recording_refusal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub refused_at: DateTimeUtc,
}

company_owned!();
