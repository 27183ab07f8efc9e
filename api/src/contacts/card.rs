//! What stands about a contact, and its bounds.

use std::collections::{BTreeMap, BTreeSet};

use entity::{contact, contact_field};
use serde_json::{Value, json};

use super::fields;
use crate::error::{Code, Error, FieldError, Result};
use crate::identity::Email;
use crate::prompts::is_tag;

/// Tags of one contact, and custom fields.
const TAGS: usize = 50;
const CUSTOM: usize = 50;
/// Characters of a tag, and of the name of a custom field.
const TAG: usize = 128;
const CUSTOM_NAME: usize = 64;
/// Characters of a custom field's value.
const CUSTOM_VALUE: usize = 1_000;
const NAME: usize = 200;
const NOTES: usize = 10_000;

/// What is to stand about a contact. What is absent stays; an empty text clears.
#[derive(Clone, Debug, Default)]
pub struct Card {
    pub name: Option<String>,
    pub email: Option<String>,
    /// BCP 47 tag.
    pub language: Option<String>,
    /// Where the contact works.
    pub company: Option<String>,
    pub notes: Option<String>,
    /// In place of those that are there.
    pub tags: Option<Vec<String>>,
    /// In place of those that are there, by name.
    pub custom: Option<BTreeMap<String, String>>,
    pub blocked: Option<bool>,
}

impl Card {
    /// Writes it, with what the company says about its own fields.
    ///
    /// # Errors
    /// Every field that is not as it has to be; the row is then not to be used.
    pub fn write(self, row: &mut contact::Model, fields: &[contact_field::Model]) -> Result<()> {
        let mut wrong = Vec::new();
        write_text("name", self.name, NAME, &mut row.name, &mut wrong);
        write_text("company", self.company, NAME, &mut row.company_name, &mut wrong);
        write_text("notes", self.notes, NOTES, &mut row.notes, &mut wrong);
        if let Some(email) = self.email.map(|email| email.trim().to_owned()) {
            match Email::read(&email) {
                Ok(email) => row.email = Some(email.as_str().to_owned()),
                Err(_) if email.is_empty() => row.email = None,
                Err(_) => wrong.push(field("/email", "must be an address as in ann@example.com")),
            }
        }
        if let Some(language) = self.language {
            match language.as_str() {
                "" => row.language = None,
                tag if is_tag(tag) => row.language = Some(language),
                _ => wrong.push(field("/language", "is no BCP 47 tag")),
            }
        }
        if let Some(tags) = self.tags {
            wrong.extend(wrong_tags(&tags));
            let tags: BTreeSet<_> = tags.iter().map(|tag| tag.trim()).collect();
            row.tags = json!(tags);
        }
        if let Some(custom) = self.custom {
            wrong.extend(wrong_custom(&custom));
            wrong.extend(unfit(&custom, fields));
            row.custom = json!(custom);
        }
        row.blocked = self.blocked.unwrap_or(row.blocked);
        if wrong.is_empty() {
            Ok(())
        } else {
            let message = "Some fields are not valid.".into();
            Err(Error::Invalid { code: Code::ValidationFailed, message, fields: wrong })
        }
    }
}

/// The tags of a contact, in order.
pub fn tags_of(row: &contact::Model) -> Vec<String> {
    row.tags.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The custom fields of a contact by name.
pub fn custom_of(row: &contact::Model) -> BTreeMap<String, String> {
    let fields = row.custom.as_object().into_iter().flatten();
    fields.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn write_text(
    name: &str,
    text: Option<String>,
    longest: usize,
    to: &mut Option<String>,
    wrong: &mut Vec<FieldError>,
) {
    let Some(text) = text else { return };
    if text.chars().count() > longest {
        wrong.push(field(format!("/{name}"), format!("must have at most {longest} characters")));
    }
    *to = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
}

fn wrong_tags(tags: &[String]) -> Vec<FieldError> {
    if tags.len() > TAGS {
        return vec![field("/tags", format!("must be at most {TAGS}"))];
    }
    let fits = |tag: &String| !tag.trim().is_empty() && tag.chars().count() <= TAG;
    let wrong = tags.iter().enumerate().filter(|(_, tag)| !fits(tag));
    wrong
        .map(|(index, _)| {
            field(format!("/tags/{index}"), format!("must have between 1 and {TAG} characters"))
        })
        .collect()
}

fn wrong_custom(custom: &BTreeMap<String, String>) -> Vec<FieldError> {
    if custom.len() > CUSTOM {
        return vec![field("/custom", format!("must be at most {CUSTOM}"))];
    }
    let wrong = custom.iter().filter_map(|(name, value)| match () {
        () if !is_name(name) => {
            Some((name, format!("is a name of 1 to {CUSTOM_NAME} letters of ASCII, digits, `_` and `-`")))
        }
        () if value.chars().count() > CUSTOM_VALUE => {
            Some((name, format!("must have at most {CUSTOM_VALUE} characters")))
        }
        () => None,
    });
    wrong.map(|(name, message)| field(format!("/custom/{}", pointer(name)), message)).collect()
}

/// As flows name them: `custom.NAME`.
pub fn is_name(name: &str) -> bool {
    (1..=CUSTOM_NAME).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// A name as a part of a JSON pointer (RFC 6901).
fn pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What does not fit the company's own fields. A field that it says nothing about may be any text.
fn unfit(custom: &BTreeMap<String, String>, fields: &[contact_field::Model]) -> Vec<FieldError> {
    let unfit = fields.iter().filter_map(|own| {
        let value = custom.get(&own.name).filter(|value| !value.is_empty())?;
        let message = fields::unfit(own, value)?;
        Some(field(format!("/custom/{}", pointer(&own.name)), message))
    });
    unfit.collect()
}

fn field(field: impl Into<String>, message: impl Into<String>) -> FieldError {
    FieldError { field: field.into(), message: message.into() }
}
