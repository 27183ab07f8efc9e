//! A sign-in: the family of one chain of refresh tokens.

use sea_orm::entity::prelude::*;

use crate::RevokedBecause;
use crate::id::{MembershipId, SessionId, UserId};
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SessionId,
    pub user_id: UserId,
    pub membership_id: Option<MembershipId>,
    pub created_at: DateTimeUtc,
    pub refreshed_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    pub revoked_because: Option<RevokedBecause>,
}

plain_table!();
