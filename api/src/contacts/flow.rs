//! Contacts as flows see them: fields by name (`name`, `email`, `language`, `company`, `notes`, `tags`, `blocked`,
//! `custom.X`).

use std::collections::{BTreeMap, BTreeSet};

use entity::id::ContactId;
use entity::{contact, contact_field};
use ivr_engine::Values;

use super::{Card, custom_of, find_or_make, save_row, tags_of};
use crate::error::{Error, FieldError, Result};
use crate::store::{Unit, contact_fields, contacts};

/// What is known of the number's owner; `None` when nobody has it.
pub async fn find(unit: &Unit, number: &str, fields: &[String]) -> Result<Option<Values>> {
    let row = contacts::by_number(unit.scope(), unit.tx(), number).await?;
    Ok(row.map(|row| fields.iter().map(|field| (field.clone(), value(&row, field))).collect()))
}

fn value(row: &contact::Model, field: &str) -> Option<String> {
    match field {
        "name" => row.name.clone(),
        "email" => row.email.clone(),
        "language" => row.language.clone(),
        "company" => row.company_name.clone(),
        "notes" => row.notes.clone(),
        "blocked" => Some(row.blocked.to_string()),
        "tags" => Some(tags_of(row).join(", ")).filter(|tags| !tags.is_empty()),
        custom => custom_of(row).remove(custom.strip_prefix("custom.")?),
    }
}

/// What became of a contact that a flow saved.
#[derive(Debug)]
pub struct Saved {
    pub contact: ContactId,
    /// What was left out, since a contact cannot have it so.
    pub wrong: Vec<FieldError>,
}

/// Makes the contact of a number, or changes these fields of it; an empty text clears one. Tags are added. What a contact
/// cannot have is left out, so that a caller's odd answer costs no more than itself.
pub async fn save(
    unit: &mut Unit,
    number: &str,
    fields: BTreeMap<String, String>,
    tags: BTreeSet<String>,
) -> Result<Saved> {
    let (mut contact, kind) = find_or_make(unit, number).await?;
    let own = contact_fields::all(unit.scope(), unit.tx()).await?;
    let row = &mut contact.row;
    let mut wrong = Vec::new();
    for (field, text) in fields {
        let card = card(row, &field, text);
        wrong.extend(write(card, row, &own)?);
    }
    if !tags.is_empty() {
        let tags = tags_of(row).into_iter().chain(tags).collect();
        wrong.extend(write(Card { tags: Some(tags), ..Card::default() }, row, &own)?);
    }
    save_row(unit, &mut contact, kind).await?;
    Ok(Saved { contact: contact.row.id, wrong })
}

/// One field of a contact.
fn card(row: &contact::Model, field: &str, text: String) -> Card {
    let nothing = Card::default();
    match field {
        "name" => Card { name: Some(text), ..nothing },
        "email" => Card { email: Some(text), ..nothing },
        "language" => Card { language: Some(text), ..nothing },
        "company" => Card { company: Some(text), ..nothing },
        "notes" => Card { notes: Some(text), ..nothing },
        custom => {
            let mut all = custom_of(row);
            let name = custom.strip_prefix("custom.").unwrap_or(custom).to_owned();
            if text.is_empty() {
                all.remove(&name);
            } else {
                all.insert(name, text);
            }
            Card { custom: Some(all), ..nothing }
        }
    }
}

/// Writes it if it fits; else the row stays as it was.
fn write(card: Card, row: &mut contact::Model, own: &[contact_field::Model]) -> Result<Vec<FieldError>> {
    let before = row.clone();
    match card.write(row, own) {
        Ok(()) => Ok(Vec::new()),
        Err(Error::Invalid { fields, .. }) => {
            *row = before;
            Ok(fields)
        }
        Err(error) => Err(error),
    }
}
