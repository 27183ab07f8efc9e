//! Contacts: whom the company knows by number. Flows find and save them, agents and managers keep them.
//!
//! A call belongs to a contact by its number, and by nothing else: there is no second truth that a merge or a new number could
//! leave behind.

mod card;
pub mod export;
pub mod fields;
pub mod flow;
pub mod fold;
pub mod import;
pub mod index;
pub mod merge;
pub mod pop;
pub mod timeline;

use std::collections::BTreeSet;

use chrono::DateTime;
use entity::id::{ContactId, UserId};
use entity::{CompanyScope, Inserted, WebhookEventKind, contact, text_message};
use sea_orm::{DbErr, SqlErr};
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::phone::e164;
use crate::slice::{Slice, read_cursor};
use crate::store::contact_search::{self, Ask, Order, Position};
use crate::store::{Unit, contact_fields, contacts, messages};

pub use card::{Card, custom_of, is_name, tags_of};

/// Numbers of one contact beside the one that is called.
pub const OTHER_NUMBERS: usize = 20;

/// A contact with all of his numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    pub row: contact::Model,
    /// Beside the row's, in E.164.
    pub others: Vec<String>,
}

impl Contact {
    /// The one that is called first.
    pub fn numbers(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.row.number.as_str()).chain(self.others.iter().map(String::as_str))
    }
}

/// A contact as a user sees him.
#[derive(Clone, Debug)]
pub struct View {
    pub contact: Contact,
    /// The user has him at hand.
    pub favourite: bool,
}

/// What somebody looks for; what is absent is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words with each of which a word of the contact begins, whatever their order and accents; of a number also its last four
    /// digits or more.
    pub text: Option<String>,
    pub tag: Option<String>,
    pub blocked: Option<bool>,
    /// Whom the user has at hand.
    pub favourites: Option<UserId>,
    pub order: Order,
}

impl Search {
    /// `None` when nothing can be found.
    pub fn read(self) -> Option<Ask> {
        Some(Ask {
            terms: fold::terms(self.text.as_deref().unwrap_or_default())?,
            tag: self.tag.map(|tag| fold::tag_word(&tag)),
            blocked: self.blocked,
            favourite_of: self.favourites,
            order: self.order,
        })
    }
}

/// Where in a list somebody reads.
#[derive(Clone, Debug)]
pub enum Place {
    /// From the beginning, or on behind an earlier part.
    Cursor(String, u64),
    /// So many behind so many others; then it is told how many there are in all.
    Page { offset: u64, limit: u64 },
}

/// A part of the contacts that a search finds, and how many there are in all where a page was asked for.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    search: Search,
    place: Place,
) -> Result<(Slice<View>, Option<u64>)> {
    let db = app.db.reader();
    let Some(ask) = search.read() else {
        return Ok((Slice::empty(), matches!(place, Place::Page { .. }).then_some(0)));
    };
    let few = contact_search::few(scope, db, &ask.terms).await?;
    let few = few.as_ref();
    let (after, offset, limit, total) = match place {
        Place::Cursor(cursor, limit) => (position(&cursor, ask.order)?, 0, limit, None),
        Place::Page { offset, limit } => {
            (None, offset, limit, Some(contact_search::count(scope, db, &ask, few).await?))
        }
    };
    let part = (offset, limit + 1);
    let rows = contact_search::list(scope, db, &ask, few, after.as_ref(), part).await?;
    let slice = Slice::of(rows, limit, |contact| Position::of(&contact.row, ask.order));
    let rows = views(app, scope, user, slice.rows).await?;
    Ok((Slice { rows, next_cursor: slice.next_cursor }, total))
}

/// An empty cursor is the beginning.
fn position(cursor: &str, order: Order) -> Result<Option<Position>> {
    let position: Option<Position> = read_cursor(Some(cursor).filter(|cursor| !cursor.is_empty()))?;
    match position {
        Some(position) if position.order() != order => {
            Err(Error::invalid("cursor", "is not a cursor of a list in this order"))
        }
        position => Ok(position),
    }
}

async fn views(app: &App, scope: CompanyScope, user: UserId, rows: Vec<Contact>) -> Result<Vec<View>> {
    let ids: Vec<_> = rows.iter().map(|contact| contact.row.id).collect();
    let marked = contacts::favourites(scope, app.db.reader(), user, &ids).await?;
    let view = |contact: Contact| View { favourite: marked.contains(&contact.row.id), contact };
    Ok(rows.into_iter().map(view).collect())
}

pub async fn get(app: &App, scope: CompanyScope, user: UserId, id: ContactId) -> Result<View> {
    let contact = contacts::by_id(scope, app.db.reader(), id).await?;
    let contact = contact.ok_or(Error::NotFound(Subject::Contact))?;
    views(app, scope, user, vec![contact]).await?.pop().ok_or(Error::NotFound(Subject::Contact))
}

/// What somebody says about a contact; what is absent stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub number: Option<String>,
    /// In place of those that are there.
    pub others: Option<Vec<String>>,
    pub card: Card,
    /// Whether he who says it has him at hand.
    pub favourite: Option<bool>,
}

impl Change {
    /// # Errors
    /// Every field that is not as it has to be.
    fn write(self, contact: &mut Contact, own: &[entity::contact_field::Model]) -> Result<()> {
        if let Some(number) = self.number {
            contact.row.number = read_number(&number)?;
        }
        if let Some(others) = self.others {
            contact.others = read_others(&others)?;
        }
        let main = contact.row.number.clone();
        contact.others.retain(|number| *number != main);
        self.card.write(&mut contact.row, own)
    }
}

/// The text messages with a contact, newest first.
pub async fn messages(
    app: &App,
    scope: CompanyScope,
    id: ContactId,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<text_message::Model>> {
    let (db, before) = (app.db.reader(), read_cursor(cursor)?);
    let contact = contacts::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    let numbers: Vec<_> = contact.numbers().collect();
    let rows = messages::with_numbers(scope, db, &numbers, before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}

/// # Errors
/// `CONTACT_NUMBER_TAKEN` when another contact has one of the numbers.
pub async fn create(app: &App, scope: CompanyScope, by: UserId, change: Change) -> Result<View> {
    let number = read_number(change.number.as_deref().unwrap_or_default())?;
    let favourite = change.favourite.unwrap_or_default();
    let mut contact = blank(app, scope, number);
    let mut unit = Unit::begin(app, scope).await?;
    change.write(&mut contact, &contact_fields::all(scope, unit.tx()).await?)?;
    match contacts::insert(scope, unit.tx(), &contact).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(number_taken()),
    }
    let id = contact.row.id;
    if favourite {
        contacts::mark(scope, unit.tx(), by, id).await?;
    }
    if contact.row.blocked {
        note(&unit, by, "contacts:block", id).await?;
    }
    tell_outside(&mut unit, WebhookEventKind::ContactCreated, &contact);
    unit.commit().await?;
    Ok(View { contact, favourite })
}

/// Has the contact of a number at hand, made when there is none; `name` is for who has none.
pub async fn add(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    number: &str,
    name: Option<String>,
) -> Result<View> {
    let number = e164(number).ok_or_else(|| Error::invalid("/phoneNumber", NO_NUMBER))?;
    let mut unit = Unit::begin(app, scope).await?;
    let (mut contact, kind) = find_or_make(&unit, &number).await?;
    let before = contact.clone();
    if contact.row.name.is_none() {
        Card { name, ..Card::default() }.write(&mut contact.row, &[])?;
    }
    if kind == WebhookEventKind::ContactCreated || contact != before {
        save_row(&mut unit, &mut contact, kind).await?;
    }
    contacts::mark(scope, unit.tx(), by, contact.row.id).await?;
    unit.commit().await?;
    Ok(View { contact, favourite: true })
}

/// Changes a contact; what is absent stays.
///
/// # Errors
/// `CONTACT_NUMBER_TAKEN` when another contact has a new number.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ContactId,
    change: Change,
) -> Result<View> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut contact = contacts::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    let before = contact.clone();
    match change.favourite {
        Some(true) => contacts::mark(scope, unit.tx(), by, id).await?,
        Some(false) => contacts::unmark(scope, unit.tx(), by, id).await?,
        None => {}
    }
    change.write(&mut contact, &contact_fields::all(scope, unit.tx()).await?)?;
    match (before.row.blocked, contact.row.blocked) {
        (false, true) => note(&unit, by, "contacts:block", id).await?,
        (true, false) => note(&unit, by, "contacts:unblock", id).await?,
        (false, false) | (true, true) => {}
    }
    // What a user has at hand is nobody else's news.
    if contact != before {
        save_row(&mut unit, &mut contact, WebhookEventKind::ContactUpdated).await?;
    }
    let favourite = contacts::favourites(scope, unit.tx(), by, &[id]).await?.contains(&id);
    unit.commit().await?;
    Ok(View { contact, favourite })
}

/// The contact of a number, made when there is none, with what stands on the card.
pub async fn upsert(unit: &mut Unit, number: &str, card: Card) -> Result<contact::Model> {
    let (mut contact, kind) = find_or_make(unit, number).await?;
    card.write(&mut contact.row, &contact_fields::all(unit.scope(), unit.tx()).await?)?;
    save_row(unit, &mut contact, kind).await?;
    Ok(contact.row)
}

async fn save_row(unit: &mut Unit, contact: &mut Contact, kind: WebhookEventKind) -> Result<()> {
    contact.row.updated_at = unit.now();
    match contacts::save(unit.scope(), unit.tx(), contact).await.map_err(taken)? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(number_taken()),
    }
    tell_outside(unit, kind, contact);
    Ok(())
}

/// The contact of a number, locked, and what it comes to when it is saved. Who saves the same number at the same moment
/// makes one contact.
async fn find_or_make(unit: &Unit, number: &str) -> Result<(Contact, WebhookEventKind)> {
    let (scope, tx) = (unit.scope(), unit.tx());
    if let Some(known) = contacts::lock_by_number(scope, tx, number).await? {
        return Ok((known, WebhookEventKind::ContactUpdated));
    }
    let fresh = blank(unit.app(), scope, number.to_owned());
    match contacts::insert(scope, tx, &fresh).await? {
        Inserted::Yes => Ok((fresh, WebhookEventKind::ContactCreated)),
        Inserted::Conflicted => {
            let known = match contacts::lock_by_number(scope, tx, number).await? {
                Some(known) => Some(known),
                None => contacts::lock_by_first_number(scope, tx, number).await?,
            };
            let gone = || Error::internal("save a contact", "it went away meanwhile");
            Ok((known.ok_or_else(gone)?, WebhookEventKind::ContactUpdated))
        }
    }
}

pub async fn delete(app: &App, scope: CompanyScope, by: UserId, id: ContactId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let contact = contacts::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    contacts::delete(scope, unit.tx(), id, unit.now()).await?;
    note(&unit, by, "contacts:delete", id).await?;
    let (at, told) = (unit.now(), json!({"contactId": id, "number": contact.row.number}));
    unit.fact(WebhookEventKind::ContactDeleted, at, told);
    unit.commit().await
}

/// A contact of whom nothing is known but the number.
fn blank(app: &App, scope: CompanyScope, number: String) -> Contact {
    let now = app.clock.now();
    let row = contact::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        search_text: String::new(),
        sort_key: number.clone(),
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
        last_contact_at: DateTime::UNIX_EPOCH,
        indexed_at: None,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    Contact { row, others: Vec::new() }
}

async fn note(unit: &Unit, by: UserId, action: &str, contact: ContactId) -> Result<()> {
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, json!({"contactId": contact})).await
}

/// What others are told of a contact; notes stay here.
fn tell_outside(unit: &mut Unit, kind: WebhookEventKind, contact: &Contact) {
    let row = &contact.row;
    let told = json!({"contactId": row.id, "number": row.number, "name": row.name, "email": row.email,
        "language": row.language, "company": row.company_name, "tags": tags_of(row), "custom": custom_of(row),
        "blocked": row.blocked});
    let at = unit.now();
    unit.fact(kind, at, told);
}

fn read_number(written: &str) -> Result<String> {
    e164(written).ok_or_else(|| Error::invalid("/number", NO_NUMBER))
}

const NO_NUMBER: &str = "must be a telephone number with its country code, as in +49 30 123456";

/// Each once.
fn read_others(written: &[String]) -> Result<Vec<String>> {
    if written.len() > OTHER_NUMBERS {
        return Err(Error::invalid("/otherNumbers", format!("must be at most {OTHER_NUMBERS}")));
    }
    let (mut seen, mut others, mut wrong) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (place, written) in written.iter().enumerate() {
        match e164(written) {
            Some(number) if seen.insert(number.clone()) => others.push(number),
            Some(_) => {}
            None => wrong
                .push(FieldError { field: format!("/otherNumbers/{place}"), message: NO_NUMBER.to_owned() }),
        }
    }
    if wrong.is_empty() {
        return Ok(others);
    }
    let message = "Some fields are not valid.".into();
    Err(Error::Invalid { code: Code::ValidationFailed, message, fields: wrong })
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
