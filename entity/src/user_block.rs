//! Somebody who does not want to hear from a colleague.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user_block")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    /// Who has said so.
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub blocked_user_id: UserId,
    pub blocked_at: DateTimeUtc,
}

company_owned!();
