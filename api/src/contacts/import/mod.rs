//! Contacts out of a CSV file: first as they would be, then by a job that takes up where it was killed.
//!
//! A row is one contact, found by its number. What becomes of it is judged in one place for the preview and for the job
//! ([`judge`]). The job writes some rows, their lines of the report and how far it is in one transaction, so that no row is done
//! twice and none half. docs/contacts.md is the contract.

pub mod desk;
mod plan;
mod row;
pub mod work;

use std::collections::HashMap;

use entity::{CompanyScope, ContactImportOutcome, contact_field};

use super::{Contact, blank};
use crate::app::App;

pub use plan::{Column, Duplicates, Encoding, Field, Plan, Wish};
use plan::{HEAD, Sniffer};
pub use row::Problem;
use row::Said;

/// A row of the file.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    cells: Vec<String>,
    /// Where the next one begins, in bytes of the window.
    end: usize,
}

/// The whole rows at the beginning of a window of the file. The last one of a window counts only where the file ends with it,
/// since it may go on.
fn rows(plan: &Plan, window: &[u8], is_end: bool) -> Vec<Row> {
    let (mut lines, mut rows) = (plan::Rows::of(window, plan.delimiter), Vec::new());
    while let Some((cells, end)) = lines.read() {
        if end == window.len() && !is_end {
            break;
        }
        let cells = cells.into_iter().map(|cell| plan.encoding.read(cell)).collect();
        rows.push(Row { cells, end });
    }
    rows
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq)]
struct Judged {
    outcome: ContactImportOutcome,
    /// The number, as a report names it.
    written: String,
    problems: Vec<Problem>,
}

/// Contacts while rows are judged: those that are there, and those that rows have made.
struct Ledger {
    contacts: Vec<Contact>,
    /// How many of them were there before.
    known: usize,
    changed: Vec<bool>,
    by_number: HashMap<String, usize>,
}

impl Ledger {
    fn of(known: Vec<Contact>) -> Self {
        let mut ledger =
            Self { known: known.len(), changed: Vec::new(), contacts: Vec::new(), by_number: HashMap::new() };
        known.into_iter().for_each(|contact| ledger.add(contact));
        ledger
    }

    fn add(&mut self, contact: Contact) {
        let place = self.contacts.len();
        self.by_number.extend(contact.numbers().map(|number| (number.to_owned(), place)));
        self.contacts.push(contact);
        self.changed.push(false);
    }

    fn put(&mut self, place: usize, contact: Contact) {
        self.by_number.extend(contact.numbers().map(|number| (number.to_owned(), place)));
        self.contacts[place] = contact;
        self.changed[place] = true;
    }

    fn made(&self) -> &[Contact] {
        &self.contacts[self.known..]
    }

    fn updated(&self) -> impl Iterator<Item = &Contact> {
        self.contacts
            .iter()
            .zip(&self.changed)
            .take(self.known)
            .filter(|(_, changed)| **changed)
            .map(|(one, _)| one)
    }
}

/// Judges a row, and writes what it says into the ledger.
fn judge(
    app: &App,
    scope: CompanyScope,
    plan: &Plan,
    own: &[contact_field::Model],
    said: Said,
    ledger: &mut Ledger,
) -> Judged {
    let written = said.written.clone();
    let judged = |outcome, problems| Judged { outcome, written: written.clone(), problems };
    let refused = |problems| judged(ContactImportOutcome::Refused, problems);
    let Some(number) = said.number.clone().filter(|_| said.problems.is_empty()) else {
        return refused(said.problems);
    };
    let place = ledger.by_number.get(&number).copied();
    let taken = said
        .others
        .iter()
        .find(|other| ledger.by_number.get(*other).is_some_and(|owner| Some(*owner) != place));
    if let Some(taken) = taken {
        return refused(vec![Problem::of_row(format!("another contact has the number {taken}"))]);
    }
    match (place, plan.duplicates) {
        (None, _) => {
            let mut contact = blank(app, scope, number);
            if let Err(problems) = said.write(plan, &mut contact, own) {
                return refused(problems);
            }
            ledger.add(contact);
            judged(ContactImportOutcome::Made, Vec::new())
        }
        (Some(_), Duplicates::Skip) => {
            judged(ContactImportOutcome::Skipped, vec![Problem::of_row("a contact has this number")])
        }
        (Some(_), Duplicates::Refuse) => refused(vec![Problem::of_row("a contact has this number")]),
        (Some(place), Duplicates::Update) => {
            let mut contact = ledger.contacts[place].clone();
            if let Err(problems) = said.write(plan, &mut contact, own) {
                return refused(problems);
            }
            if contact != ledger.contacts[place] {
                contact.row.updated_at = app.clock.now();
                ledger.put(place, contact);
            }
            judged(ContactImportOutcome::Updated, Vec::new())
        }
    }
}

/// How many rows came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub made: i64,
    pub updated: i64,
    pub skipped: i64,
    pub refused: i64,
}

impl Counts {
    fn count(&mut self, outcome: ContactImportOutcome) {
        match outcome {
            ContactImportOutcome::Made => self.made += 1,
            ContactImportOutcome::Updated => self.updated += 1,
            ContactImportOutcome::Skipped => self.skipped += 1,
            ContactImportOutcome::Refused => self.refused += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_may_go_on_is_left_to_the_next_window() {
        let plan = Plan::of(b"number,notes\n", Encoding::Utf8, Wish::default(), true, &[]).unwrap();
        let window = b"+49301,\"a\nb\"\r\n+49302,c\n+49303,\"d";
        let cells = |is_end| -> Vec<(String, usize)> {
            let rows = rows(&plan, window, is_end);
            rows.into_iter().map(|row| (row.cells[0].clone(), row.end)).collect()
        };
        let whole: Vec<_> = cells(false).into_iter().map(|(number, _)| number).collect();
        assert_eq!(whole, ["+49301", "+49302"]);
        assert_eq!(cells(true).len(), 3);
        let (_, end) = cells(false)[1];
        let rest = rows(&plan, &window[end..], true);
        assert_eq!(rest[0].cells, ["+49303", "d"], "reading on behind a row finds the next one");
    }
}
