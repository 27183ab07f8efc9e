//! A bucket of a company's own. One is the place of new files; the retired ones hold what was stored in them.

use sea_orm::entity::prelude::*;

use crate::id::{BucketId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "bucket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: BucketId,
    pub company_id: CompanyId,
    /// Of a store that is not Amazon's.
    pub endpoint: Option<String>,
    pub region: String,
    pub name: String,
    /// Before the keys of files: empty, or with a slash at its end.
    pub prefix: String,
    pub access_key_id: String,
    pub secret_sealed: String,
    /// The bucket stands in the path of addresses and not in their host.
    pub path_style: bool,
    /// Files are given out by short-lived links to the store.
    pub linked: bool,
    pub created_at: DateTimeUtc,
    /// Since when nothing new is stored here.
    pub retired_at: Option<DateTimeUtc>,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
