//! Contacts: whom the company knows by number.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::contact;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::call_results::TextMessageOut;
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, Page, limit_within};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{BlockContacts, Can, Permission, ReadContacts, WriteContacts};
use crate::contacts::{self, Card, custom_of, tags_of};
use crate::error::{Error, Result};

pub struct Contacts;

/// Somebody whom the company knows by number.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ContactOut {
    id: Uuid,
    /// E.164; no other contact of the company has it.
    number: String,
    name: Option<String>,
    email: Option<String>,
    /// BCP 47 tag.
    language: Option<String>,
    /// Where the contact works.
    company: Option<String>,
    notes: Option<String>,
    /// In alphabetical order.
    tags: Vec<String>,
    /// Fields of the company's own, by name. Flows call them `custom.NAME`.
    custom: HashMap<String, String>,
    favourite: bool,
    /// Whether the company does not call this number.
    blocked: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A contact to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewContactIn {
    /// With its country code: `+49 30 123456`. Spaces and the like do not count.
    #[oai(validator(min_length = 1, max_length = 40))]
    number: String,
    #[oai(flatten)]
    card: ContactCardIn,
}

/// What is absent stays as it is.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ContactIn {
    /// With its country code: `+49 30 123456`. Spaces and the like do not count.
    #[oai(validator(min_length = 1, max_length = 40))]
    number: Option<String>,
    #[oai(flatten)]
    card: ContactCardIn,
}

/// What stands about a contact. An empty text clears.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ContactCardIn {
    #[oai(validator(max_length = 200))]
    name: Option<String>,
    #[oai(validator(max_length = 320))]
    email: Option<String>,
    /// BCP 47 tag.
    #[oai(validator(max_length = 35))]
    language: Option<String>,
    /// Where the contact works.
    #[oai(validator(max_length = 200))]
    company: Option<String>,
    #[oai(validator(max_length = 10000))]
    notes: Option<String>,
    /// In place of those that are there.
    #[oai(validator(max_items = 50))]
    tags: Option<Vec<String>>,
    /// In place of those that are there: at most 50 texts of 1,000 characters by name (letters of ASCII, digits, `_`, `-`).
    custom: Option<HashMap<String, String>>,
    favourite: Option<bool>,
    /// Whether the company does not call this number. To change it takes the permission `contacts:block`.
    blocked: Option<bool>,
}

impl From<contact::Model> for ContactOut {
    fn from(row: contact::Model) -> Self {
        Self {
            tags: tags_of(&row),
            custom: custom_of(&row).into_iter().collect(),
            id: row.id.into(),
            number: row.number,
            name: row.name,
            email: row.email,
            language: row.language,
            company: row.company_name,
            notes: row.notes,
            favourite: row.favourite,
            blocked: row.blocked,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<ContactCardIn> for Card {
    fn from(body: ContactCardIn) -> Self {
        Self {
            name: body.name,
            email: body.email,
            language: body.language,
            company: body.company,
            notes: body.notes,
            tags: body.tags,
            custom: body.custom.map(|custom| custom.into_iter().collect()),
            favourite: body.favourite,
            blocked: body.blocked,
        }
    }
}

/// Whether a number is called at all is not for everybody to say who keeps contacts.
fn refuse_to_block(app: &App, can: &Can<WriteContacts>, card: &ContactCardIn) -> Result<()> {
    match card.blocked {
        Some(_) if can.also_may::<BlockContacts>(app).is_none() => {
            Err(Error::Forbidden { permission: BlockContacts::NAME })
        }
        Some(_) | None => Ok(()),
    }
}

#[OpenApi(prefix_path = "/api/contacts", tag = "Tag::Contacts")]
impl Contacts {
    /// Lists contacts by name.
    #[oai(path = "/", method = "get", operation_id = "listContacts")]
    async fn list(
        &self,
        can: Can<ReadContacts>,
        Data(app): Data<&App>,
        /// Words that all stand in the name, number, address of mail, company or tags.
        #[oai(validator(max_length = 200))]
        search: Query<Option<String>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<ContactOut>> {
        let (scope, page) = (can.scope()?, Page::read(page.0, limit.0)?);
        let (rows, total) =
            contacts::page(app, scope, search.0.as_deref(), page.offset(), page.limit()).await?;
        Success::page(rows, page.of(total))
    }

    /// Makes a contact.
    #[oai(path = "/", method = "post", operation_id = "createContact")]
    async fn post(
        &self,
        can: Can<WriteContacts>,
        Data(app): Data<&App>,
        body: JsonBody<NewContactIn>,
    ) -> Result<Created<ContactOut>, Failure> {
        refuse_to_block(app, &can, &body.0.card)?;
        let (scope, by) = (can.scope()?, can.caller().user);
        Created::of(contacts::create(app, scope, by, &body.0.number, body.0.card.into()).await?)
    }

    /// Shows a contact.
    #[oai(path = "/:id", method = "get", operation_id = "getContact")]
    async fn get(
        &self,
        can: Can<ReadContacts>,
        Data(app): Data<&App>,
        /// The contact's id.
        id: Path<Uuid>,
    ) -> Reply<ContactOut> {
        Success::ok(contacts::get(app, can.scope()?, id.0.into()).await?)
    }

    /// Lists the text messages with a contact, newest first.
    ///
    /// Those that flows sent to its number, and those that came from it to the company's numbers.
    #[oai(path = "/:id/messages", method = "get", operation_id = "listContactMessages")]
    async fn messages(
        &self,
        can: Can<ReadContacts>,
        Data(app): Data<&App>,
        /// The contact's id.
        id: Path<Uuid>,
        /// 1 to 100; 50 unless said.
        limit: Query<Option<u64>>,
        /// Reads on behind an earlier page.
        cursor: Query<Option<String>>,
    ) -> Reply<Vec<TextMessageOut>> {
        let (scope, limit) = (can.scope()?, limit_within(limit.0, LARGEST_LIMIT)?);
        contacts::messages(app, scope, id.0.into(), cursor.0.as_deref(), limit).await?.reply()
    }

    /// Changes a contact.
    #[oai(path = "/:id", method = "put", operation_id = "updateContact")]
    async fn put(
        &self,
        can: Can<WriteContacts>,
        Data(app): Data<&App>,
        /// The contact's id.
        id: Path<Uuid>,
        body: JsonBody<ContactIn>,
    ) -> Reply<ContactOut> {
        refuse_to_block(app, &can, &body.0.card)?;
        let (scope, by, body) = (can.scope()?, can.caller().user, body.0);
        Success::ok(contacts::change(app, scope, by, id.0.into(), body.number, body.card.into()).await?)
    }

    /// Deletes a contact.
    ///
    /// Takes the permission to block, since who was blocked is not blocked any more when nobody knows him.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteContact")]
    async fn delete(
        &self,
        can: Can<BlockContacts>,
        Data(app): Data<&App>,
        /// The contact's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        contacts::delete(app, can.scope()?, can.caller().user, id.0.into()).await?;
        Done::saying("The contact is deleted.")
    }
}
