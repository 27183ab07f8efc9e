//! A part of an upload that is on its way: a file of its own until the whole is put together.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, MediaId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "media_part")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub media_id: MediaId,
    /// Its place in the whole, in bytes.
    #[sea_orm(primary_key, auto_increment = false)]
    pub starts_at: i64,
    pub size_bytes: i64,
    pub storage_key: String,
}

company_owned!();
