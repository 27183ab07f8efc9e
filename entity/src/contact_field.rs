//! A field of a company's contacts: what may stand in it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, ContactFieldId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// What stands in a field of contacts.
    ContactFieldKind {
        /// Anything.
        Text,
        /// Digits, with a sign and a decimal point if need be.
        Number,
        /// A day, as 2026-03-02.
        Date,
        /// One of the field's choices.
        Choice,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "contact_field")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ContactFieldId,
    pub company_id: CompanyId,
    /// Flows call it `custom.NAME`.
    pub name: String,
    /// As people read it.
    pub label: String,
    pub kind: ContactFieldKind,
    /// A list of texts.
    pub choices: Json,
    /// Whom a call is offered sees it.
    pub in_offers: bool,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

company_owned!();
