//! The filters of the list of calls by which a report's figure is opened.

use entity::{Attribution, EntryOutcome};
use poem_openapi::Enum;

use super::Word;
use crate::error::{Error, Result};
use crate::store::calls_counted::{By, When};

/// What the filters of a list of calls are about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[oai(rename_all = "camelCase")]
pub enum CountedByIn {
    Call,
    Visit,
    Conversation,
}

/// Reads them together.
pub fn counted_by(by: Option<CountedByIn>, visit: Option<Word<EntryOutcome>>) -> Result<By> {
    match (by, visit) {
        (Some(CountedByIn::Visit), visit) => Ok(By::Visit(visit.map(|word| word.0))),
        (_, Some(_)) => Err(Error::invalid("visitOutcome", "needs by=visit")),
        (None | Some(CountedByIn::Call), None) => Ok(By::Call),
        (Some(CountedByIn::Conversation), None) => Ok(By::Conversation),
    }
}

pub fn when(attribution: Option<Word<Attribution>>) -> When {
    match attribution {
        None | Some(Word(Attribution::ActivityDriven)) => When::Began,
        Some(Word(Attribution::ContactDriven)) => When::CallEnded,
    }
}
