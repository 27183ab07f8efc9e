//! A word by which a search finds a living contact.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ContactId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_word")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    /// Without accents and case; `<` and digits for a number from its end, `#` and a whole tag.
    #[sea_orm(primary_key, auto_increment = false)]
    pub word: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub contact_id: ContactId,
}

company_owned!();
