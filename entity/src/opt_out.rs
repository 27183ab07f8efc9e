//! Somebody who wants no text messages from a number of the company. Who he is stands here as a keyed hash of his number
//! alone, so that it holds when all else about him is erased.

use sea_orm::entity::prelude::*;

use crate::OptOutCause;
use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "opt_out")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    /// E.164.
    #[sea_orm(primary_key, auto_increment = false)]
    pub our_number: String,
    /// In hex.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number_hash: String,
    pub because: OptOutCause,
    pub opted_out_at: DateTimeUtc,
}

company_owned!();
