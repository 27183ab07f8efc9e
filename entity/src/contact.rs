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
    /// The one that is called, in E.164; one living contact of the company has it. All are [`crate::contact_number`]s.
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
    /// Nobody reads it any more: [`crate::contact_favourite`].
    pub favourite: bool,
    /// The company does not call this number.
    pub blocked: bool,
    /// For nodes of the version before: [`crate::contact_word`] is what is searched.
    pub search_text: String,
    /// The name without accents and case, or the number; lists are ordered by it.
    pub sort_key: String,
    /// When he called or was called last; never is the beginning of 1970.
    pub last_contact_at: DateTimeUtc,
    /// Which state of the row its words are those of.
    pub indexed_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub deleted_at: Option<DateTimeUtc>,
}

company_owned!();
