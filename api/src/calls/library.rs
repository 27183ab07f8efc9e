//! Prompts that a flow names are looked up when they are said, so that replacing one needs no new version of the flow.

use ivr_engine::{Next, Prompt};
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
    let said = each(unit, file, said).await?;
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
            prompts: each(unit, file, prompts).await?,
            accepts,
            num_digits,
            finish_on_key,
            timeout_seconds,
            hints,
            language,
            secret,
        },
        Next::Record { prompts, max_seconds, finish_on_key, beep, purpose } => Next::Record {
            prompts: each(unit, file, prompts).await?,
            max_seconds,
            finish_on_key,
            beep,
            purpose,
        },
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
    Ok((said, next))
}

async fn each(unit: &mut Unit, file: &mut CallFile, prompts: Vec<Prompt>) -> Result<Vec<Prompt>> {
    let mut found = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        match prompt {
            Prompt::Say { .. } | Prompt::Play { .. } => found.push(prompt),
            Prompt::Library { name, language, voice } => {
                found.extend(one(unit, file, &name, &language, voice).await?);
            }
        }
    }
    Ok(found)
}

/// A prompt that is gone, or has no language at all, is left out and told: the caller hears the rest.
async fn one(
    unit: &mut Unit,
    file: &mut CallFile,
    name: &str,
    language: &str,
    voice: Option<String>,
) -> Result<Option<Prompt>> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let company = companies::own(scope, tx).await?.map(|company| company.language).unwrap_or_default();
    let prompt = rows::by_name(scope, tx, name).await?;
    let resource =
        prompt.as_ref().and_then(|prompt| prompts::choose(&prompt.resources, language, &company)).cloned();
    let Some(resource) = resource else {
        file.note(unit, EventKind::FlowProblem, json!({"code": "unknownPrompt", "prompt": name}));
        return Ok(None);
    };
    Ok(match (resource.audio_key, resource.text) {
        (Some(key), _) => Some(Prompt::Play { url: audio::url(&unit.app().settings.public_url, &key) }),
        // A voice belongs to a language: the one of the flow cannot say another's text.
        (None, Some(text)) => {
            let voice = voice.filter(|_| resource.language == language);
            Some(Prompt::Say { text, language: resource.language, voice })
        }
        (None, None) => None,
    })
}
