//! That a file lies in a bucket of its company's, and in which. One without a row lies where the platform keeps files.

use sea_orm::entity::prelude::*;

use crate::id::{BucketId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "bucket_file")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub file_key: String,
    pub bucket_id: BucketId,
    pub created_at: DateTimeUtc,
}

company_owned!();
