//! Prompts that a flow names are looked up when they are said, so that replacing one needs no new version of the flow.

use entity::CompanyScope;
use ivr_engine::{Next, Prompt};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::CallFile;
use super::story::EventKind;
use crate::error::Result;
use crate::prompts::{self, audio};
use crate::store::{Unit, companies, prompts as rows};

/// What a step says, and what it says while it waits, with texts and files in place of names.
pub async fn look_up(
    unit: &mut Unit,
    file: &mut CallFile,
    said: Vec<Prompt>,
    next: Next,
) -> Result<(Vec<Prompt>, Next)> {
    let found = find(unit.scope(), unit.tx(), &unit.app().settings.public_url, said, next).await?;
    for name in found.missing {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownPrompt", "prompt": name}));
    }
    Ok((found.said, found.next))
}

/// A step with its prompts looked up.
pub struct Found {
    pub said: Vec<Prompt>,
    pub next: Next,
    /// Prompts that are gone, or have no language at all. They are left out: the caller hears the rest.
    pub missing: Vec<String>,
}

/// The same without a call.
pub async fn find(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    public_url: &str,
    said: Vec<Prompt>,
    next: Next,
) -> Result<Found> {
    let mut shelf = Shelf { scope, db, public_url, missing: Vec::new() };
    let said = shelf.each(said).await?;
    let next = match next {
        Next::Gather {
            prompts,
            accepts,
            num_digits,
            finish_on_key,
            timeout_seconds,
            hints,
            language,
            secret,
        } => Next::Gather {
            prompts: shelf.each(prompts).await?,
            accepts,
            num_digits,
            finish_on_key,
            timeout_seconds,
            hints,
            language,
            secret,
        },
        Next::Record { prompts, max_seconds, finish_on_key, beep, purpose } => {
            Next::Record { prompts: shelf.each(prompts).await?, max_seconds, finish_on_key, beep, purpose }
        }
        Next::Enqueue { .. }
        | Next::Dial { .. }
        | Next::Request(_)
        | Next::Figures { .. }
        | Next::FindContact { .. }
        | Next::FindFlow { .. }
        | Next::BookCallback(_)
        | Next::Continue
        | Next::Done
        | Next::HangUp { .. }
        | Next::Ended => next,
    };
    Ok(Found { said, next, missing: shelf.missing })
}

/// The company's library.
struct Shelf<'a, C> {
    scope: CompanyScope,
    db: &'a C,
    public_url: &'a str,
    missing: Vec<String>,
}

impl<C: ConnectionTrait> Shelf<'_, C> {
    async fn each(&mut self, prompts: Vec<Prompt>) -> Result<Vec<Prompt>> {
        let mut found = Vec::with_capacity(prompts.len());
        for prompt in prompts {
            match prompt {
                Prompt::Say { .. } | Prompt::Play { .. } => found.push(prompt),
                Prompt::Library { name, language, voice } => {
                    found.extend(self.one(name, &language, voice).await?);
                }
            }
        }
        Ok(found)
    }

    async fn one(&mut self, name: String, language: &str, voice: Option<String>) -> Result<Option<Prompt>> {
        let (scope, db) = (self.scope, self.db);
        let company = companies::own(scope, db).await?.map(|company| company.language).unwrap_or_default();
        let prompt = rows::by_name(scope, db, &name).await?;
        let resource = prompt
            .as_ref()
            .and_then(|prompt| prompts::choose(&prompt.resources, language, &company))
            .cloned();
        let Some(resource) = resource else {
            self.missing.push(name);
            return Ok(None);
        };
        Ok(match (resource.audio_key, resource.text) {
            (Some(key), _) => Some(Prompt::Play { url: audio::url(self.public_url, &key) }),
            // A voice belongs to a language: the one of the flow cannot say another's text.
            (None, Some(text)) => {
                let voice = voice.filter(|_| resource.language == language);
                Some(Prompt::Say { text, language: resource.language, voice })
            }
            (None, None) => None,
        })
    }
}
