//! The fields that a company's contacts have beside the common ones.

use chrono::{DateTime, Utc};
use entity::id::ContactFieldId;
use entity::{ContactFieldKind, contact_field};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadContacts, WriteContactFields};
use crate::contacts::fields::{self, Wanted, choices_of};

pub struct ContactFields;

/// A field of the company's contacts.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ContactFieldOut {
    id: Uuid,
    /// Contacts have it in `custom`, and flows call it `custom.NAME`.
    name: String,
    /// As people read it.
    label: String,
    kind: Word<ContactFieldKind>,
    /// What may stand in it, where its kind is `choice`.
    choices: Vec<String>,
    /// Whether it is shown with an offered call.
    in_offers: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// What a field of contacts is to be.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ContactFieldIn {
    /// Letters of ASCII, digits, `_` and `-`. It stays.
    #[oai(validator(min_length = 1, max_length = 64))]
    name: String,
    /// As people read it; the name when absent.
    #[oai(validator(max_length = 100))]
    label: Option<String>,
    kind: Word<ContactFieldKind>,
    /// What may stand in it, where its kind is `choice`.
    #[oai(default, validator(max_items = 100))]
    choices: Vec<String>,
    /// Whether it is shown with an offered call.
    #[oai(default)]
    in_offers: bool,
}

impl From<contact_field::Model> for ContactFieldOut {
    fn from(row: contact_field::Model) -> Self {
        Self {
            choices: choices_of(&row),
            id: row.id.0,
            name: row.name,
            label: row.label,
            kind: Word(row.kind),
            in_offers: row.in_offers,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<ContactFieldIn> for Wanted {
    fn from(body: ContactFieldIn) -> Self {
        Self {
            name: body.name,
            label: body.label,
            kind: body.kind.0,
            choices: body.choices,
            in_offers: body.in_offers,
        }
    }
}

#[OpenApi(prefix_path = "/api/contact-fields", tag = "Tag::Contacts")]
impl ContactFields {
    /// Lists the fields that the company's contacts have beside the common ones, by name.
    #[oai(path = "/", method = "get", operation_id = "listContactFields")]
    async fn list(&self, can: Can<ReadContacts>, Data(app): Data<&App>) -> Reply<Vec<ContactFieldOut>> {
        Success::list(fields::all(app, can.scope()?).await?)
    }

    /// Makes a field. What contacts have under its name already stays, and must fit when it is written again.
    ///
    /// 409 `CONTACT_FIELD_NAME_TAKEN`.
    #[oai(path = "/", method = "post", operation_id = "createContactField")]
    async fn post(
        &self,
        can: Can<WriteContactFields>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<ContactFieldIn>,
    ) -> Result<Created<ContactFieldOut>, Failure> {
        Created::of(fields::create(app, can.scope()?, body.into()).await?)
    }

    /// Changes a field, but not its name.
    #[oai(path = "/:id", method = "put", operation_id = "updateContactField")]
    async fn put(
        &self,
        can: Can<WriteContactFields>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ContactFieldIn>,
    ) -> Reply<ContactFieldOut> {
        Success::ok(fields::change(app, can.scope()?, ContactFieldId(id), body.into()).await?)
    }

    /// Forgets a field. What contacts have in it stays, as any text.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteContactField")]
    async fn delete(
        &self,
        can: Can<WriteContactFields>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        fields::remove(app, can.scope()?, ContactFieldId(id)).await?;
        Done::saying("Deleted.")
    }
}
