//! With what a company's browser tokens are signed: an API key of its account, and the TwiML app that they may call.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "voice_key")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub key_sid: String,
    pub secret_sealed: String,
    pub application_sid: String,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
