//! Prompts: what flows say or play by name, in several languages each. Replacing one needs no new version of a flow: the
//! next caller hears it.

pub mod audio;
pub mod files;
mod language;

use bytes::Bytes;
use entity::id::PromptId;
use entity::{CompanyScope, Inserted, prompt, prompt_resource};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::files as kept;
use crate::store::prompts::{self, Prompt};
use crate::store::{Tx, Unit};

pub use language::{choose, is_tag};

/// Languages of one prompt.
const LANGUAGES: usize = 50;

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<Prompt>> {
    Ok(prompts::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: PromptId) -> Result<Prompt> {
    prompts::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Prompt))
}

/// A text in a language.
#[derive(Clone, Debug)]
pub struct Text {
    pub language: String,
    pub text: String,
}

pub async fn create(app: &App, scope: CompanyScope, name: String, texts: Vec<Text>) -> Result<Prompt> {
    let wrong = wrong_texts(&texts);
    if !wrong.is_empty() {
        return Err(Error::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields: wrong,
        });
    }
    let now = app.clock.now();
    let row = prompt::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        name,
        created_at: now,
        updated_at: now,
    };
    let unit = Unit::begin(app, scope).await?;
    match prompts::insert(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    for text in texts {
        prompts::put_resource(scope, unit.tx(), spoken(app, scope, row.id, text)).await?;
    }
    done(unit, row.id).await
}

/// Gives a prompt another name.
///
/// # Errors
/// `PROMPT_IN_USE` as long as a flow calls it by the old one.
pub async fn rename(app: &App, scope: CompanyScope, id: PromptId, name: String) -> Result<Prompt> {
    let unit = Unit::begin(app, scope).await?;
    let mut prompt = open(&unit, id).await?;
    if prompt.row.name == name {
        return Ok(prompt);
    }
    if prompts::by_name(scope, unit.tx(), &name).await?.is_some() {
        return Err(name_taken());
    }
    refuse_when_in_use(scope, unit.tx(), &prompt.row.name).await?;
    prompt.row.name = name;
    prompts::save(scope, unit.tx(), prompt.row).await?;
    done(unit, id).await
}

/// Lets the prompt be said in a language.
pub async fn put_text(app: &App, scope: CompanyScope, id: PromptId, text: Text) -> Result<Prompt> {
    let tag = read_tag(&text.language)?.to_owned();
    let mut unit = Unit::begin(app, scope).await?;
    make_room(&mut unit, id, &tag).await?;
    prompts::put_resource(scope, unit.tx(), spoken(app, scope, id, text)).await?;
    done(unit, id).await
}

/// Lets a file be played in a language.
///
/// # Errors
/// An invalid field for what is neither WAV nor MP3, whatever it is called.
pub async fn put_audio(
    app: &App,
    scope: CompanyScope,
    id: PromptId,
    language: &str,
    bytes: Bytes,
) -> Result<Prompt> {
    let language = read_tag(language)?.to_owned();
    let format = audio::recognize(&bytes).map_err(|why| Error::invalid("", why))?;
    get(app, scope, id).await?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let size_bytes = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let key = audio::key(scope.company(), id, app.ids.next(), &sha256, format);
    // Should it come to nothing, the file does not stay.
    let mut unit = Unit::begin(app, scope).await?;
    files::forget(&mut unit, id, &key);
    unit.commit().await?;
    kept::put(app, scope, &key, bytes).await?;
    let mut unit = Unit::begin(app, scope).await?;
    make_room(&mut unit, id, &language).await?;
    let row = prompt_resource::Model {
        prompt_id: id,
        company_id: scope.company(),
        language,
        text: None,
        audio_key: Some(key),
        content_type: Some(format.content_type().to_owned()),
        size_bytes: Some(size_bytes),
        sha256: Some(sha256),
        updated_at: unit.now(),
    };
    prompts::put_resource(scope, unit.tx(), row).await?;
    done(unit, id).await
}

/// Takes a language away.
pub async fn remove_language(app: &App, scope: CompanyScope, id: PromptId, language: &str) -> Result<Prompt> {
    let mut unit = Unit::begin(app, scope).await?;
    let prompt = open(&unit, id).await?;
    let gone = prompt.resources.iter().find(|resource| resource.language == language);
    let gone = gone.ok_or(Error::NotFound(Subject::PromptResource))?;
    if let Some(key) = &gone.audio_key {
        files::forget(&mut unit, id, key);
    }
    prompts::delete_resource(scope, unit.tx(), id, language).await?;
    done(unit, id).await
}

/// # Errors
/// `PROMPT_IN_USE`, naming the flows that say it.
pub async fn delete(app: &App, scope: CompanyScope, id: PromptId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let prompt = open(&unit, id).await?;
    refuse_when_in_use(scope, unit.tx(), &prompt.row.name).await?;
    for key in prompt.resources.iter().filter_map(|resource| resource.audio_key.as_deref()) {
        files::forget(&mut unit, id, key);
    }
    prompts::delete(scope, unit.tx(), id).await?;
    unit.commit().await
}

async fn locked(scope: CompanyScope, tx: &Tx, id: PromptId) -> Result<prompt::Model> {
    prompts::lock(scope, tx, id).await?.ok_or(Error::NotFound(Subject::Prompt))
}

/// The prompt as it is, locked.
async fn open(unit: &Unit, id: PromptId) -> Result<Prompt> {
    locked(unit.scope(), unit.tx(), id).await?;
    prompts::by_id(unit.scope(), unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Prompt))
}

/// Makes a place for what comes in a language: what is there goes, or there is room for one more.
async fn make_room(unit: &mut Unit, id: PromptId, language: &str) -> Result<()> {
    let (before, others): (Vec<_>, Vec<_>) =
        open(unit, id).await?.resources.into_iter().partition(|resource| resource.language == language);
    if others.len() >= LANGUAGES {
        return Err(Error::conflict(
            Code::TooManyLanguages,
            format!("A prompt has at most {LANGUAGES} languages."),
        ));
    }
    for key in before.iter().filter_map(|resource| resource.audio_key.as_deref()) {
        files::forget(unit, id, key);
    }
    Ok(())
}

/// The prompt, which has been changed.
async fn done(unit: Unit, id: PromptId) -> Result<Prompt> {
    let row = prompt::Model { updated_at: unit.now(), ..locked(unit.scope(), unit.tx(), id).await? };
    prompts::save(unit.scope(), unit.tx(), row).await?;
    let prompt = open(&unit, id).await?;
    unit.commit().await?;
    Ok(prompt)
}

fn spoken(app: &App, scope: CompanyScope, prompt: PromptId, text: Text) -> prompt_resource::Model {
    prompt_resource::Model {
        prompt_id: prompt,
        company_id: scope.company(),
        language: text.language,
        text: Some(text.text),
        audio_key: None,
        content_type: None,
        size_bytes: None,
        sha256: None,
        updated_at: app.clock.now(),
    }
}

fn read_tag(language: &str) -> Result<&str> {
    if is_tag(language) { Ok(language) } else { Err(Error::invalid("language", "is no BCP 47 tag")) }
}

fn wrong_texts(texts: &[Text]) -> Vec<FieldError> {
    let repeated = |index: usize| texts[..index].iter().any(|other| other.language == texts[index].language);
    let wrong = texts.iter().enumerate().filter_map(|(index, text)| {
        let message = match () {
            () if !is_tag(&text.language) => "is no BCP 47 tag",
            () if repeated(index) => "stands there twice",
            () => return None,
        };
        Some(FieldError { field: format!("/texts/{index}/language"), message: message.to_owned() })
    });
    wrong.collect()
}

async fn refuse_when_in_use(scope: CompanyScope, tx: &Tx, name: &str) -> Result<()> {
    let documents = prompts::documents(scope, tx).await?;
    let mut flows: Vec<_> =
        documents.into_iter().filter(|(_, document)| says(document, name)).map(|(flow, _)| flow).collect();
    flows.dedup();
    if flows.is_empty() {
        return Ok(());
    }
    Err(Error::conflict(Code::PromptInUse, format!("Flows say this prompt: {}.", flows.join(", "))))
}

/// Whether anything in the document names the prompt: nodes do with the property `library`.
fn says(document: &Value, name: &str) -> bool {
    match document {
        Value::Object(members) => {
            members.get("library").and_then(Value::as_str) == Some(name)
                || members.values().any(|value| says(value, name))
        }
        Value::Array(items) => items.iter().any(|item| says(item, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn name_taken() -> Error {
    Error::conflict(Code::PromptNameTaken, "Another prompt of the company has this name.")
}
