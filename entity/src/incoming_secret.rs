//! The secret with which other systems sign what they tell a company.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "incoming_secret")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub secret_sealed: String,
    /// The one before, which is good until then.
    pub old_secret_sealed: Option<String>,
    pub old_secret_until: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
