//! A key with which a program acts for the member who made it, as far as its scopes go.

use sea_orm::entity::prelude::*;

use crate::id::{ApiKeyId, CompanyId, MembershipId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiKeyId,
    pub company_id: CompanyId,
    /// Who made it.
    pub membership_id: MembershipId,
    pub name: String,
    pub key_hash: String,
    /// The beginning of the key, by which people know it again.
    pub hint: String,
    /// Names of permissions.
    #[sea_orm(column_type = "JsonBinary")]
    pub scopes: Json,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

company_owned!();
