//! The fields that a company's contacts have beside the common ones: what may stand in them, and who sees them when a call
//! comes.

use chrono::NaiveDate;
use entity::id::ContactFieldId;
use entity::{CompanyScope, ContactFieldKind, Inserted, contact_field};
use serde_json::{Value, json};

use super::is_name;
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::{Unit, contact_fields};

/// Fields of a company, and choices of one.
const MOST: u64 = 50;
const CHOICES: usize = 100;
const CHOICE: usize = 200;
const LABEL: usize = 100;

/// What a field is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    /// As people read it; the name when absent.
    pub label: Option<String>,
    pub kind: ContactFieldKind,
    pub choices: Vec<String>,
    pub in_offers: bool,
}

impl Wanted {
    fn write(self, row: &mut contact_field::Model) -> Result<()> {
        if !is_name(&self.name) {
            let message = "is a name of 1 to 64 letters of ASCII, digits, `_` and `-`";
            return Err(Error::invalid("/name", message));
        }
        let label = self.label.map(|label| label.trim().to_owned()).filter(|label| !label.is_empty());
        let label = label.unwrap_or_else(|| self.name.clone());
        if label.chars().count() > LABEL {
            return Err(Error::invalid("/label", format!("must have at most {LABEL} characters")));
        }
        let mut choices: Vec<String> = Vec::new();
        for (place, choice) in self.choices.iter().map(|choice| choice.trim()).enumerate() {
            if choice.is_empty()
                || choice.chars().count() > CHOICE
                || choices.iter().any(|known| known == choice)
            {
                let message = format!("must have 1 to {CHOICE} characters, and stand once");
                return Err(Error::invalid(format!("/choices/{place}"), message));
            }
            choices.push(choice.to_owned());
        }
        let fits = match self.kind {
            ContactFieldKind::Choice => (1..=CHOICES).contains(&choices.len()),
            ContactFieldKind::Text | ContactFieldKind::Number | ContactFieldKind::Date => choices.is_empty(),
        };
        if !fits {
            let message =
                format!("must be 1 to {CHOICES} for a field of this kind `choice`, and none for others");
            return Err(Error::invalid("/choices", message));
        }
        row.name = self.name;
        row.label = label;
        row.kind = self.kind;
        row.choices = json!(choices);
        row.in_offers = self.in_offers;
        Ok(())
    }
}

/// By name.
pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<contact_field::Model>> {
    Ok(contact_fields::all(scope, app.db.reader()).await?)
}

/// # Errors
/// `CONTACT_FIELD_NAME_TAKEN`; 422 for one that cannot be.
pub async fn create(app: &App, scope: CompanyScope, wanted: Wanted) -> Result<contact_field::Model> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = contact_field::Model {
        id: unit.id(),
        company_id: scope.company(),
        name: String::new(),
        label: String::new(),
        kind: ContactFieldKind::Text,
        choices: json!([]),
        in_offers: false,
        created_at: unit.now(),
        updated_at: unit.now(),
    };
    wanted.write(&mut row)?;
    if contact_fields::count(scope, unit.tx()).await? >= MOST {
        return Err(Error::invalid("/name", format!("a company has at most {MOST} such fields")));
    }
    match contact_fields::insert(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => {
            let message = "Another field of the company's contacts has this name.";
            return Err(Error::conflict(Code::ContactFieldNameTaken, message));
        }
    }
    unit.commit().await?;
    Ok(row)
}

/// Changes all of a field but its name, by which contacts and flows have it. What contacts have stays; it must fit when it is
/// written again.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    id: ContactFieldId,
    wanted: Wanted,
) -> Result<contact_field::Model> {
    let unit = Unit::begin(app, scope).await?;
    let row = contact_fields::lock(scope, unit.tx(), id).await?;
    let mut row = row.ok_or(Error::NotFound(Subject::ContactField))?;
    if wanted.name != row.name {
        let message = "stays: contacts and flows have the field by it. Make another field";
        return Err(Error::invalid("/name", message));
    }
    wanted.write(&mut row)?;
    row.updated_at = unit.now();
    contact_fields::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(row)
}

/// Forgets what may stand in the field. What contacts have in it stays, as any text.
pub async fn remove(app: &App, scope: CompanyScope, id: ContactFieldId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if contact_fields::delete(scope, unit.tx(), id).await? == 0 {
        return Err(Error::NotFound(Subject::ContactField));
    }
    unit.commit().await
}

pub fn choices_of(row: &contact_field::Model) -> Vec<String> {
    row.choices.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Why a value cannot stand in the field; `None` when it can.
pub fn unfit(field: &contact_field::Model, value: &str) -> Option<String> {
    match field.kind {
        ContactFieldKind::Text => None,
        ContactFieldKind::Number if is_number(value) => None,
        ContactFieldKind::Number => Some("must be a number, as in -12.5".to_owned()),
        ContactFieldKind::Date if value.len() == 10 && value.parse::<NaiveDate>().is_ok() => None,
        ContactFieldKind::Date => Some("must be a day, as in 2026-03-02".to_owned()),
        ContactFieldKind::Choice => {
            let choices = choices_of(field);
            let fits = choices.iter().any(|choice| choice == value);
            (!fits).then(|| format!("must be one of: {}", choices.join(", ")))
        }
    }
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match digits.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(digits),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn field(kind: ContactFieldKind) -> contact_field::Model {
        contact_field::Model {
            id: Uuid::nil().into(),
            company_id: Uuid::nil().into(),
            name: "x".to_owned(),
            label: "X".to_owned(),
            kind,
            choices: json!(["gold", "silver"]),
            in_offers: false,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_value_fits_its_kind_or_says_what_would() {
        use ContactFieldKind::{Choice, Date, Number, Text};
        for (kind, good, bad) in [
            (Text, vec!["anything", "1"], vec![]),
            (Number, vec!["0", "-12.5", "007"], vec!["1,5", "1e3", "NaN", "-", ".5", "5.", "+1"]),
            (Date, vec!["2026-03-02", "2024-02-29"], vec!["2026-02-29", "02.03.2026", "2026-3-2", "today"]),
            (Choice, vec!["gold"], vec!["Gold", "bronze"]),
        ] {
            for value in good {
                assert_eq!(unfit(&field(kind), value), None, "{kind:?} {value}");
            }
            for value in bad {
                assert!(unfit(&field(kind), value).is_some(), "{kind:?} {value}");
            }
        }
    }
}
