//! Contacts: whom the company knows by number. Flows find and save them, agents and managers keep them.

mod card;
pub mod flow;

use entity::id::{ContactId, UserId};
use entity::{CompanyScope, Inserted, WebhookEventKind, contact, text_message};
use sea_orm::{DbErr, SqlErr};
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::phone::e164;
use crate::slice::{Slice, read_cursor};
use crate::store::{Unit, contacts, messages};

pub use card::{Card, custom_of, tags_of};

/// The contacts that a search finds, by name, and how many there are in all. Each word of the search has to stand in a
/// contact's name, number, address of mail, company or tags; of a number its spaces and the like do not count.
pub async fn page(
    app: &App,
    scope: CompanyScope,
    search: Option<&str>,
    offset: u64,
    limit: u64,
) -> Result<(Vec<contact::Model>, u64)> {
    let search = search.unwrap_or_default().trim();
    let search = e164(search).unwrap_or_else(|| search.to_lowercase());
    Ok(contacts::page(scope, app.db.reader(), &search, offset, limit).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: ContactId) -> Result<contact::Model> {
    contacts::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Contact))
}

/// The text messages with a contact, newest first.
pub async fn messages(
    app: &App,
    scope: CompanyScope,
    id: ContactId,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<text_message::Model>> {
    let (contact, before) = (get(app, scope, id).await?, read_cursor(cursor)?);
    let rows = messages::with_number(scope, app.db.reader(), &contact.number, before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}

/// # Errors
/// `CONTACT_NUMBER_TAKEN` when another contact has the number.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    number: &str,
    card: Card,
) -> Result<contact::Model> {
    let mut row = blank(app, scope, read_number(number)?);
    card.write(&mut row)?;
    let mut unit = Unit::begin(app, scope).await?;
    match contacts::insert(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(number_taken()),
    }
    if row.blocked {
        note(&unit, by, "contacts:block", row.id).await?;
    }
    tell_outside(&mut unit, WebhookEventKind::ContactCreated, &row);
    unit.commit().await?;
    Ok(row)
}

/// Changes a contact; what is absent stays.
///
/// # Errors
/// `CONTACT_NUMBER_TAKEN` when another contact has the new number.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ContactId,
    number: Option<String>,
    card: Card,
) -> Result<contact::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = contacts::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    let was_blocked = row.blocked;
    if let Some(number) = number {
        row.number = read_number(&number)?;
    }
    card.write(&mut row)?;
    row.updated_at = unit.now();
    contacts::save(scope, unit.tx(), row.clone()).await.map_err(taken)?;
    match (was_blocked, row.blocked) {
        (false, true) => note(&unit, by, "contacts:block", id).await?,
        (true, false) => note(&unit, by, "contacts:unblock", id).await?,
        (false, false) | (true, true) => {}
    }
    tell_outside(&mut unit, WebhookEventKind::ContactUpdated, &row);
    unit.commit().await?;
    Ok(row)
}

/// The contact of a number, made when there is none, with what stands on the card.
pub async fn upsert(unit: &mut Unit, number: &str, card: Card) -> Result<contact::Model> {
    let (mut row, kind) = find_or_make(unit, number).await?;
    card.write(&mut row)?;
    row.updated_at = unit.now();
    tell_outside(unit, kind, &row);
    contacts::save(unit.scope(), unit.tx(), row.clone()).await?;
    Ok(row)
}

/// The contact of a number, locked, and what it comes to when it is saved. Who saves the same number at the same moment
/// makes one contact.
async fn find_or_make(unit: &Unit, number: &str) -> Result<(contact::Model, WebhookEventKind)> {
    let fresh = blank(unit.app(), unit.scope(), number.to_owned());
    match contacts::insert(unit.scope(), unit.tx(), fresh.clone()).await? {
        Inserted::Yes => Ok((fresh, WebhookEventKind::ContactCreated)),
        Inserted::Conflicted => {
            let known = contacts::lock_by_number(unit.scope(), unit.tx(), number).await?;
            let gone = || Error::internal("save a contact", "it went away meanwhile");
            Ok((known.ok_or_else(gone)?, WebhookEventKind::ContactUpdated))
        }
    }
}

pub async fn delete(app: &App, scope: CompanyScope, by: UserId, id: ContactId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let row = contacts::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    contacts::delete(scope, unit.tx(), id, unit.now()).await?;
    note(&unit, by, "contacts:delete", id).await?;
    let (at, told) = (unit.now(), json!({"contactId": id, "number": row.number}));
    unit.fact(WebhookEventKind::ContactDeleted, at, told);
    unit.commit().await
}

/// A contact of whom nothing is known but the number.
fn blank(app: &App, scope: CompanyScope, number: String) -> contact::Model {
    let now = app.clock.now();
    contact::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        search_text: number.clone(),
        number,
        name: None,
        email: None,
        language: None,
        company_name: None,
        notes: None,
        tags: json!([]),
        custom: json!({}),
        favourite: false,
        blocked: false,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

async fn note(unit: &Unit, by: UserId, action: &str, contact: ContactId) -> Result<()> {
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, json!({"contactId": contact})).await
}

/// What others are told of a contact; notes stay here.
fn tell_outside(unit: &mut Unit, kind: WebhookEventKind, row: &contact::Model) {
    let told = json!({"contactId": row.id, "number": row.number, "name": row.name, "email": row.email,
        "language": row.language, "company": row.company_name, "tags": tags_of(row), "custom": custom_of(row),
        "blocked": row.blocked});
    let at = unit.now();
    unit.fact(kind, at, told);
}

fn read_number(written: &str) -> Result<String> {
    e164(written).ok_or_else(|| {
        Error::invalid("/number", "must be a telephone number with its country code, as in +49 30 123456")
    })
}

fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => number_taken(),
        Some(_) | None => error.into(),
    }
}

fn number_taken() -> Error {
    Error::conflict(Code::ContactNumberTaken, "Another contact of the company has this number.")
}
