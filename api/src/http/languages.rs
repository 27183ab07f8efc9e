//! The languages in which this server speaks to people.

use poem_openapi::{Enum, Object, OpenApi};

use super::Tag;
use super::envelope::{Reply, Success};
use crate::words::Tongue;

pub struct Languages;

/// A language that the server speaks.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct LanguageOut {
    /// BCP 47, as in `Accept-Language`.
    pub code: String,
    /// As its speakers call it.
    pub name: String,
    pub english_name: String,
    /// Which tag a voice on the telephone is given.
    pub voice: String,
    /// What is said in it; the rest is said in English.
    pub covers: Vec<Covered>,
}

/// What the server says in a language.
#[derive(Enum, Debug, Clone, Copy)]
#[oai(rename_all = "snake_case")]
pub enum Covered {
    /// What callers and agents hear where a flow has no words of its own.
    Telephone,
    Mail,
    /// The pages that links in mails lead to.
    Pages,
    /// The messages of refusals.
    Refusals,
}

impl From<&Tongue> for LanguageOut {
    fn from(tongue: &Tongue) -> Self {
        let covers = [
            (Covered::Telephone, tongue.has("line.")),
            (Covered::Mail, tongue.has("mail.")),
            (Covered::Pages, tongue.has("page.")),
            // English ones stand in the code.
            (Covered::Refusals, tongue.has("error.") || tongue == Tongue::english()),
        ];
        Self {
            code: tongue.tag().to_owned(),
            name: tongue.name().to_owned(),
            english_name: tongue.english_name().to_owned(),
            voice: tongue.voice().to_owned(),
            covers: covers.into_iter().filter_map(|(what, has)| has.then_some(what)).collect(),
        }
    }
}

#[OpenApi(tag = "Tag::Languages")]
impl Languages {
    /// Lists the languages in which this server speaks to people.
    ///
    /// Of mails, refusals and the default announcements; flows and prompts may be in any language.
    #[oai(path = "/api/settings/languages", method = "get", operation_id = "listLanguages")]
    async fn list(&self) -> Reply<Vec<LanguageOut>> {
        Success::list(Tongue::all().iter().collect())
    }
}
