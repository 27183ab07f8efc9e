//! Contacts: whom the company knows by number.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::call_results::TextMessageOut;
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, Page, limit_within};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{BlockContacts, Can, Permission, ReadContacts, WriteContacts};
use crate::contacts::{self, Card, Change, Contact, Place, Search, View, custom_of, tags_of};
use crate::error::{Error, Result};
use crate::store::contact_search::Order;

pub struct Contacts;

/// Somebody whom the company knows by number.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ContactOut {
    id: Uuid,
    /// The one that is called, in E.164; no other contact of the company has it.
    number: String,
    /// Numbers beside it, which no other contact has either.
    other_numbers: Vec<String>,
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
    /// Whether the caller has this contact at hand.
    favourite: bool,
    /// Whether the company does not call this contact. Flows read it as `blocked`.
    blocked: bool,
    /// When a call came from one of the numbers, or went to one.
    last_contact_at: Option<DateTime<Utc>>,
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
    /// Numbers beside the one that is called, in place of those that are there; with their country codes.
    #[oai(validator(max_items = 20))]
    other_numbers: Option<Vec<String>>,
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
    /// In place of those that are there: at most 50 texts of 1,000 characters by name (letters of ASCII, digits, `_`, `-`). What
    /// the company has a field for must fit it (`GET /api/contact-fields`).
    custom: Option<HashMap<String, String>>,
    /// Whether the caller has this contact at hand; nobody else sees it.
    favourite: Option<bool>,
    /// Whether the company does not call this contact. To change it takes the permission `contacts:block`.
    blocked: Option<bool>,
}

impl From<View> for ContactOut {
    fn from(View { contact: Contact { row, others }, favourite }: View) -> Self {
        Self {
            tags: tags_of(&row),
            custom: custom_of(&row).into_iter().collect(),
            id: row.id.into(),
            number: row.number,
            other_numbers: others,
            name: row.name,
            email: row.email,
            language: row.language,
            company: row.company_name,
            notes: row.notes,
            favourite,
            blocked: row.blocked,
            last_contact_at: Some(row.last_contact_at).filter(|at| *at > DateTime::UNIX_EPOCH),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl ContactCardIn {
    fn change(self, number: Option<String>) -> Change {
        let card = Card {
            name: self.name,
            email: self.email,
            language: self.language,
            company: self.company,
            notes: self.notes,
            tags: self.tags,
            custom: self.custom.map(|custom| custom.into_iter().collect()),
            blocked: self.blocked,
        };
        Change { number, others: self.other_numbers, card, favourite: self.favourite }
    }
}

/// In which order.
#[derive(Enum, Clone, Copy, Debug)]
pub enum ContactSort {
    /// By name, whatever its accents and case.
    #[oai(rename = "name")]
    Name,
    /// Who called or was called last comes first.
    #[oai(rename = "-lastContactAt")]
    LastContact,
}

impl ContactSort {
    pub fn order(sort: Option<Self>) -> Order {
        match sort {
            Some(Self::LastContact) => Order::LastContact,
            Some(Self::Name) | None => Order::Name,
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

/// A place by cursor where one is given, else by page.
fn place(page: Option<u64>, cursor: Option<String>, limit: Option<u64>) -> Result<(Place, Page)> {
    let read = Page::read(page, limit)?;
    match (page, cursor) {
        (Some(_), Some(_)) => Err(Error::invalid("cursor", "does not go with `page`")),
        (None, Some(cursor)) => Ok((Place::Cursor(cursor, read.limit()), read)),
        (_, None) => Ok((Place::Page { offset: read.offset(), limit: read.limit() }, read)),
    }
}

#[OpenApi(prefix_path = "/api/contacts", tag = "Tag::Contacts")]
impl Contacts {
    /// Lists contacts, by name unless told otherwise.
    ///
    /// A search finds those who have, for each of its words, one that begins with it in name, company, address of mail or tags,
    /// whatever the order and the accents; a number by its last four digits or more, by its beginning, and as it is dialled at
    /// home. Read by page, or by `cursor`, which may be empty at first and then tells no total.
    #[oai(path = "/", method = "get", operation_id = "listContacts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn list(
        &self,
        can: Can<ReadContacts>,
        Data(app): Data<&App>,
        /// Words and numbers.
        #[oai(validator(max_length = 200))]
        search: Query<Option<String>>,
        /// Those with this tag.
        #[oai(validator(max_length = 128))]
        tag: Query<Option<String>>,
        /// Those who are blocked, or who are not.
        blocked: Query<Option<bool>>,
        /// Those whom the caller has at hand.
        favourites: Query<Option<bool>>,
        /// By name unless said.
        sort: Query<Option<ContactSort>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
        /// Reads on behind an earlier part; empty at first.
        cursor: Query<Option<String>>,
    ) -> Reply<Vec<ContactOut>> {
        let (scope, user) = (can.scope()?, can.caller().user);
        let search = Search {
            text: search.0,
            tag: tag.0,
            blocked: blocked.0,
            favourites: favourites.0.filter(|only| *only).map(|_| user),
            order: ContactSort::order(sort.0),
        };
        let (place, page) = place(page.0, cursor.0, limit.0)?;
        let (slice, total) = contacts::list(app, scope, user, search, place).await?;
        let Json(body) = slice.reply()?;
        Ok(Json(Success { pagination: total.map(|total| page.of(total)), ..body }))
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
        let (scope, by, body) = (can.scope()?, can.caller().user, body.0);
        Created::of(contacts::create(app, scope, by, body.card.change(Some(body.number))).await?)
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
        Success::ok(contacts::get(app, can.scope()?, can.caller().user, id.0.into()).await?)
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
        Success::ok(contacts::change(app, scope, by, id.0.into(), body.card.change(body.number)).await?)
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
