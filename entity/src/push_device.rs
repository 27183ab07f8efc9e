//! A phone that is told what its owner misses: a person's, registered by one of his sessions.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PushDeviceId, SessionId, UserId};
use crate::macros::plain_table;
use crate::{PushPurpose, PushServiceKind};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "push_device")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PushDeviceId,
    pub user_id: UserId,
    /// Whoever ends it takes the phone off.
    pub session_id: SessionId,
    /// Whose app it is: a company's, else the platform's.
    pub company_id: Option<CompanyId>,
    pub service: PushServiceKind,
    pub token_hash: String,
    pub token_sealed: String,
    pub purpose: PushPurpose,
    /// The app was built for development: APNs has a service of its own for these.
    pub sandbox: bool,
    pub name: Option<String>,
    pub created_at: DateTimeUtc,
    /// When the app has registered it last.
    pub registered_at: DateTimeUtc,
    /// When a notice was taken for it last.
    pub reached_at: Option<DateTimeUtc>,
}

plain_table!();
