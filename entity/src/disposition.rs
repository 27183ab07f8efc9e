//! What a call can have been about: a word of the company's list.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, DispositionId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "disposition")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DispositionId,
    pub company_id: CompanyId,
    pub name: String,
    /// `#` and six hexadecimal digits.
    pub colour: Option<String>,
    /// Whoever chooses it has to write a note.
    pub needs_note: bool,
    pub created_at: DateTimeUtc,
    /// Since when it is chosen no more; calls have it still.
    pub archived_at: Option<DateTimeUtc>,
}

company_owned!();
