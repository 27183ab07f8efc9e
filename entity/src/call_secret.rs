//! What a caller has keyed in for the next request of his call, sealed.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_secret")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    /// Keys by name, as JSON, sealed with MASTER_KEY.
    pub sealed: String,
    pub expires_at: DateTimeUtc,
}

company_owned!();
