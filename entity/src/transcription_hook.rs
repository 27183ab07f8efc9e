//! The server that writes down the voicemails of a company.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "transcription_hook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub url: String,
    /// With which it is proved that a request is ours.
    pub secret_sealed: String,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
