//! A request that its sender may repeat without its being done twice.

use sea_orm::entity::prelude::*;
use uuid::Uuid;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    /// The operation's id in openapi.yaml.
    #[sea_orm(primary_key, auto_increment = false)]
    pub operation: String,
    /// What the sender gave as `Idempotency-Key`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub token: String,
    /// A hash of what was asked for.
    pub fingerprint: String,
    /// What it has made.
    pub subject_id: Uuid,
    pub created_at: DateTimeUtc,
}

company_owned!();
