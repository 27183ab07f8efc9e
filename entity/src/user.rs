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
    /// Absent of somebody who is known by his number alone.
    pub email: Option<String>,
    /// E.164; proved by a code.
    pub phone_number: Option<String>,
    /// Empty until somebody who has come by his number has said it.
    pub name: String,
    /// Absent of somebody who has no password.
    pub password_hash: Option<String>,
    pub platform_role: Option<PlatformRole>,
    pub status: UserStatus,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

plain_table!();
