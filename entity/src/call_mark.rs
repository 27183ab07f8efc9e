//! What a call is to one user: seen, or hidden from his own history.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call_mark")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    pub seen_at: Option<DateTimeUtc>,
    pub hidden_at: Option<DateTimeUtc>,
}

company_owned!();
