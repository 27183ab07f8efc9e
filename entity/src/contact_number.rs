//! A number of a living contact.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ContactId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_number")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    /// E.164.
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: String,
    pub contact_id: ContactId,
    /// From 0, the one that is called.
    pub place: i32,
    /// The calling code and the rest without zeros before it: two ways to write one number have it in common.
    pub plain: String,
}

company_owned!();
