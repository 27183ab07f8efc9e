//! A person with credentials. Global: what ties a person to a company is a membership.

use sea_orm::entity::prelude::*;

use crate::id::UserId;
use crate::macros::plain_table;
use crate::{PlatformRole, UserStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub password_hash: String,
    pub platform_role: Option<PlatformRole>,
    pub status: UserStatus,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

plain_table!();
