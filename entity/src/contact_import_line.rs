//! A line of an import's report that somebody has to look at: one that was skipped, refused, or had something wrong.

use sea_orm::entity::prelude::*;

use crate::ContactImportOutcome;
use crate::id::{CompanyId, ContactImportId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_import_line")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub import_id: ContactImportId,
    /// Of the file as a spreadsheet counts, the header being 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub line: i64,
    pub outcome: ContactImportOutcome,
    /// As it is written in the file.
    pub number: String,
    /// Column and reason of each.
    pub problems: Json,
}

company_owned!();
