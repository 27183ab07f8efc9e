//! A row of a file as what it says about a contact.

use std::collections::{BTreeMap, BTreeSet};

use entity::contact_field;
use phonenumber::Mode;
use phonenumber::country::Id as Country;
use serde::{Deserialize, Serialize};

use super::plan::{Field, Plan};
use crate::contacts::{Card, Contact, OTHER_NUMBERS, custom_of, tags_of};
use crate::error::{Error, FieldError};
use crate::phone::e164;
use crate::store::datasets::is_formula;

/// Why a row is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The column's header; empty of what is about the whole row.
    pub column: String,
    pub message: String,
}

impl Problem {
    fn new(column: String, message: &str) -> Self {
        Self { column, message: message.chars().take(REASON).collect() }
    }

    pub fn of_row(message: impl Into<String>) -> Self {
        Self { column: String::new(), message: message.into() }
    }
}

/// What a row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// The number in E.164, by which privacy finds it; one that is none as it is written.
    pub written: String,
    /// In E.164; none in a row that has no good one.
    pub number: Option<String>,
    pub others: Vec<String>,
    pub problems: Vec<Problem>,
    texts: BTreeMap<Word, String>,
    tags: BTreeSet<String>,
    custom: BTreeMap<String, String>,
    blocked: Option<bool>,
}

/// What of a card is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Word {
    Name,
    First,
    Last,
    Email,
    Language,
    Company,
    Notes,
}

/// Characters of a number as it is kept in a report, and of a reason.
const WRITTEN: usize = 64;
const REASON: usize = 300;
/// Problems of a row that are told: a file may be wrong everywhere, and its report is to be no larger than the file.
const PROBLEMS: usize = 5;

impl Said {
    pub fn read(plan: &Plan, cells: &[String]) -> Self {
        let mut said = Self::default();
        if cells.iter().skip(plan.columns.len()).any(|cell| !cell.trim().is_empty()) {
            said.problems.push(Problem::of_row("has more cells than the header has columns"));
        }
        for (column, cell) in plan.columns.iter().zip(cells) {
            let Some(field) = &column.field else { continue };
            let cell = plain(cell.trim());
            if cell.is_empty() {
                continue;
            }
            if let Err(message) = said.cell(plan, field, cell) {
                said.problems.push(Problem::new(column.header.clone(), &message));
            }
        }
        if said.written.is_empty() {
            let number = plan.columns.iter().find(|column| column.field == Some(Field::Number));
            let column = number.map(|column| column.header.clone()).unwrap_or_default();
            said.problems.push(Problem::new(column, "has no number"));
        }
        said.problems.truncate(PROBLEMS);
        said
    }

    fn cell(&mut self, plan: &Plan, field: &Field, cell: &str) -> Result<(), String> {
        let word = match field {
            Field::Number => {
                self.written = cell.chars().take(WRITTEN).collect();
                let number = number(cell, plan.country.as_deref())?;
                self.written.clone_from(&number);
                self.number = Some(number);
                return Ok(());
            }
            Field::OtherNumbers => {
                for one in parts(cell) {
                    self.others.push(number(&one, plan.country.as_deref())?);
                }
                return Ok(());
            }
            Field::Tags => {
                self.tags.extend(parts(cell));
                return Ok(());
            }
            Field::Blocked => {
                self.blocked = Some(yes_or_no(cell)?);
                return Ok(());
            }
            Field::Custom(name) => {
                self.custom.insert(name.clone(), cell.to_owned());
                return Ok(());
            }
            Field::AllCustom => {
                let all: BTreeMap<String, String> = serde_json::from_str(cell)
                    .map_err(|_| "must be an object of texts in JSON".to_owned())?;
                self.custom.extend(all);
                return Ok(());
            }
            Field::Name => Word::Name,
            Field::FirstName => Word::First,
            Field::LastName => Word::Last,
            Field::Email => Word::Email,
            Field::Language => Word::Language,
            Field::Company => Word::Company,
            Field::Notes => Word::Notes,
        };
        self.texts.insert(word, cell.to_owned());
        Ok(())
    }

    /// Writes what the row says into a contact; what it leaves out stays, and tags, numbers and fields are added.
    ///
    /// # Errors
    /// What a contact cannot have; it is then not to be used.
    pub fn write(
        &self,
        plan: &Plan,
        contact: &mut Contact,
        own: &[contact_field::Model],
    ) -> Result<(), Vec<Problem>> {
        for number in &self.others {
            if !contact.numbers().any(|known| known == number) {
                contact.others.push(number.clone());
            }
        }
        if contact.others.len() > OTHER_NUMBERS {
            let message = format!("a contact has at most {OTHER_NUMBERS} numbers beside the first");
            return Err(vec![Problem::of_row(message)]);
        }
        let row = &mut contact.row;
        let tags = tags_of(row).into_iter().chain(self.tags.iter().cloned()).collect();
        let mut custom = custom_of(row);
        custom.extend(self.custom.clone());
        let card = Card {
            name: self.name(),
            email: self.texts.get(&Word::Email).cloned(),
            language: self.texts.get(&Word::Language).cloned(),
            company: self.texts.get(&Word::Company).cloned(),
            notes: self.texts.get(&Word::Notes).cloned(),
            tags: (!self.tags.is_empty()).then_some(tags),
            custom: (!self.custom.is_empty()).then_some(custom),
            blocked: self.blocked,
        };
        match card.write(row, own) {
            Ok(()) => Ok(()),
            Err(Error::Invalid { fields, .. }) => {
                let about = |wrong: FieldError| Problem::new(header_of(plan, &wrong.field), &wrong.message);
                Err(fields.into_iter().take(PROBLEMS).map(about).collect())
            }
            Err(_) => Err(vec![Problem::of_row("cannot be kept")]),
        }
    }

    fn name(&self) -> Option<String> {
        if let Some(name) = self.texts.get(&Word::Name) {
            return Some(name.clone());
        }
        let parts = [Word::First, Word::Last].map(|word| self.texts.get(&word).map(String::as_str));
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }
}

/// The header of the column that a contact's field comes from: `/custom/tier`, `/tags/1`.
fn header_of(plan: &Plan, pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').split('/');
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let name = match (first, second) {
        ("custom", Some(name)) => format!("custom.{name}"),
        (first, _) => first.to_owned(),
    };
    let has = |wanted: &str| {
        plan.columns
            .iter()
            .find(|column| column.field.as_ref().is_some_and(|field| field.to_string() == wanted))
    };
    let column =
        has(&name).or_else(|| has(first)).or_else(|| (first == "name").then(|| has("lastName")).flatten());
    column.map(|column| column.header.clone()).unwrap_or(name)
}

/// Without the apostrophe that keeps a spreadsheet from taking it for a formula.
fn plain(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// A list of JSON, or what stands between commas, semicolons, bars and line feeds.
fn parts(cell: &str) -> Vec<String> {
    if let Ok(parts) = serde_json::from_str::<Vec<String>>(cell) {
        return parts;
    }
    let parts = cell.split([',', ';', '|', '\n']).map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

fn yes_or_no(cell: &str) -> Result<bool, String> {
    match cell.to_lowercase().as_str() {
        "true" | "yes" | "1" | "ja" | "oui" | "si" | "sí" | "x" => Ok(true),
        "false" | "no" | "0" | "nein" | "non" => Ok(false),
        _ => Err("must be `true` or `false`".to_owned()),
    }
}

/// In E.164: with its country code, or as it is dialled in `country`.
fn number(written: &str, country: Option<&str>) -> Result<String, String> {
    let written = written.replace("(0)", "");
    if let Some(number) = e164(&written) {
        return Ok(number);
    }
    let is_exponent = written.contains(['E', 'e'])
        && written.bytes().all(|byte| !byte.is_ascii_alphabetic() || matches!(byte, b'E' | b'e'));
    if is_exponent && written.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err("a spreadsheet has rounded this number; keep the column as text".to_owned());
    }
    if let Some(number) = written.strip_prefix("00").and_then(|rest| e164(&format!("+{rest}"))) {
        return Ok(number);
    }
    let Some(country) = country.and_then(|country| country.parse::<Country>().ok()) else {
        return Err(
            "must be a telephone number with its country code; or say whose numbers these are by `country`"
                .to_owned(),
        );
    };
    let number = phonenumber::parse(Some(country), &written).ok().filter(phonenumber::PhoneNumber::is_valid);
    let number = number.map(|number| number.format().mode(Mode::E164).to_string());
    number.ok_or_else(|| format!("is no telephone number of {}", country.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Encoding, Wish};
    use super::*;

    fn read(header: &str, cells: &[&str]) -> Said {
        let wish = Wish { country: Some("DE".to_owned()), ..Wish::default() };
        let plan = Plan::of(format!("{header}\n").as_bytes(), Encoding::Utf8, wish, true, &[]).unwrap();
        Said::read(&plan, &cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn a_number_is_understood_as_people_write_it() {
        for (written, number) in [
            ("+49 (0)30 123456", Some("+4930123456")),
            ("0049 30 123456", Some("+4930123456")),
            ("030/123456", Some("+4930123456")),
            ("'+4930123456", Some("+4930123456")),
            ("4,93012E+11", None),
            ("nobody", None),
        ] {
            let said = read("number", &[written]);
            assert_eq!(said.number.as_deref(), number, "{written}: {:?}", said.problems);
            assert_eq!(said.problems.is_empty(), number.is_some(), "{written}");
        }
        assert!(read("number", &["4,93E+11"]).problems[0].message.contains("spreadsheet"));
    }

    #[test]
    fn cells_too_many_and_a_number_too_few_are_told() {
        assert!(read("number,name", &["+4930123456", "Ann", ""]).problems.is_empty());
        assert_eq!(read("number,name", &["+4930123456", "Ann", "x"]).problems.len(), 1);
        assert_eq!(read("number,name", &["", "Ann"]).problems[0].column, "number");
        assert!(read("number,name", &["+4930123456"]).problems.is_empty());
    }

    #[test]
    fn lists_are_lists_however_they_are_written() {
        for written in ["a, b", "a;b", "a|b|", r#"["a","b"]"#] {
            assert_eq!(parts(written), ["a", "b"], "{written}");
        }
    }
}
