//! An invitation into a company, by the hash of its token.

use sea_orm::entity::prelude::*;

use crate::Role;
use crate::id::{CompanyId, InvitationId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InvitationId,
    pub company_id: CompanyId,
    /// Whom it is for: an address or a number (E.164), never both.
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub role: Role,
    pub token_hash: String,
    pub invited_by: UserId,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub accepted_at: Option<DateTimeUtc>,
}

company_owned!();
