//! A user in a company, with a role.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, MembershipId, UserId};
use crate::macros::company_owned;
use crate::{MembershipStatus, Role};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "membership")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MembershipId,
    pub company_id: CompanyId,
    pub user_id: UserId,
    pub role: Role,
    pub status: MembershipStatus,
    pub created_at: DateTimeUtc,
}

company_owned!();
