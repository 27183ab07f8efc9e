//! Somebody outside the company, by his number.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ContactId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactId,
    pub company_id: CompanyId,
    /// E.164; one living contact of the company has it.
    pub number: String,
    pub name: Option<String>,
    pub email: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Where the contact works.
    pub company_name: Option<String>,
    pub notes: Option<String>,
    /// A list of texts.
    pub tags: Json,
    /// Texts by name.
    pub custom: Json,
    pub favourite: bool,
    /// The company does not call this number.
    pub blocked: bool,
    /// What a search looks at, in lower case, the name first.
    pub search_text: String,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

company_owned!();
