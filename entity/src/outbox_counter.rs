//! The last sequence number of a company's outbox.

use sea_orm::entity::prelude::*;

use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox_counter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub last_seq: i64,
    /// Whether anybody outside is told what happens in the company.
    pub facts_wanted: bool,
}

company_owned!();
