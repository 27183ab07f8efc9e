//! Prompts: what flows say or play by name, in several languages each. Replacing one needs no new version of a flow: the
//! next caller hears it.

pub mod audio;
mod language;

use bytes::Bytes;
use entity::id::PromptId;
use entity::{CompanyScope, Inserted, prompt, prompt_resource};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::{Error, FieldError, Result, Subject};
use crate::store::Tx;
use crate::store::prompts::{self, Prompt};

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
            code: "VALIDATION_FAILED",
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
    let tx = app.db.begin().await?;
    match prompts::insert(scope, &tx, row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    for text in texts {
        prompts::put_resource(scope, &tx, spoken(app, scope, row.id, text)).await?;
    }
    done(scope, tx, row.id).await
}

/// Gives a prompt another name.
///
/// # Errors
/// `PROMPT_IN_USE` as long as a flow calls it by the old one.
pub async fn rename(app: &App, scope: CompanyScope, id: PromptId, name: String) -> Result<Prompt> {
    let tx = app.db.begin().await?;
    let mut row = locked(scope, &tx, id).await?;
    if row.name != name {
        if prompts::by_name(scope, &tx, &name).await?.is_some() {
            return Err(name_taken());
        }
        refuse_when_in_use(scope, &tx, &row.name).await?;
        row.name = name;
        row.updated_at = app.clock.now();
        prompts::save(scope, &tx, row).await?;
    }
    done(scope, tx, id).await
}

/// Lets the prompt be said in a language.
pub async fn put_text(app: &App, scope: CompanyScope, id: PromptId, text: Text) -> Result<Prompt> {
    let tag = read_tag(&text.language)?;
    let tx = app.db.begin().await?;
    make_room(scope, &tx, id, tag).await?;
    prompts::put_resource(scope, &tx, spoken(app, scope, id, text)).await?;
    touch(app, scope, &tx, id).await?;
    done(scope, tx, id).await
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
    let key = audio::key(scope.company(), id, &sha256, format);
    // Before the row that names it: a file that nobody names does no harm.
    app.storage.put(&key, bytes).await?;
    let tx = app.db.begin().await?;
    make_room(scope, &tx, id, &language).await?;
    let row = prompt_resource::Model {
        prompt_id: id,
        company_id: scope.company(),
        language,
        text: None,
        audio_key: Some(key),
        content_type: Some(format.content_type().to_owned()),
        size_bytes: Some(size_bytes),
        sha256: Some(sha256),
        updated_at: app.clock.now(),
    };
    prompts::put_resource(scope, &tx, row).await?;
    touch(app, scope, &tx, id).await?;
    done(scope, tx, id).await
}

/// Takes a language away.
pub async fn remove_language(app: &App, scope: CompanyScope, id: PromptId, language: &str) -> Result<Prompt> {
    let tx = app.db.begin().await?;
    locked(scope, &tx, id).await?;
    if prompts::delete_resource(scope, &tx, id, language).await? == 0 {
        return Err(Error::NotFound(Subject::PromptResource));
    }
    touch(app, scope, &tx, id).await?;
    done(scope, tx, id).await
}

/// # Errors
/// `PROMPT_IN_USE`, naming the flows that say it.
pub async fn delete(app: &App, scope: CompanyScope, id: PromptId) -> Result<()> {
    let tx = app.db.begin().await?;
    let row = locked(scope, &tx, id).await?;
    refuse_when_in_use(scope, &tx, &row.name).await?;
    prompts::delete(scope, &tx, id).await?;
    Ok(tx.commit().await?)
}

async fn locked(scope: CompanyScope, tx: &Tx, id: PromptId) -> Result<prompt::Model> {
    prompts::lock(scope, tx, id).await?.ok_or(Error::NotFound(Subject::Prompt))
}

/// The prompt, with a place for one more language unless it has this one.
async fn make_room(scope: CompanyScope, tx: &Tx, id: PromptId, language: &str) -> Result<()> {
    locked(scope, tx, id).await?;
    let prompt = prompts::by_id(scope, tx, id).await?.ok_or(Error::NotFound(Subject::Prompt))?;
    let others = prompt.resources.iter().filter(|resource| resource.language != language).count();
    if others >= LANGUAGES {
        return Err(Error::conflict(
            "TOO_MANY_LANGUAGES",
            format!("A prompt has at most {LANGUAGES} languages."),
        ));
    }
    Ok(())
}

async fn touch(app: &App, scope: CompanyScope, tx: &Tx, id: PromptId) -> Result<()> {
    let row = prompt::Model { updated_at: app.clock.now(), ..locked(scope, tx, id).await? };
    prompts::save(scope, tx, row).await?;
    Ok(())
}

async fn done(scope: CompanyScope, tx: Tx, id: PromptId) -> Result<Prompt> {
    let prompt = prompts::by_id(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Prompt))?;
    tx.commit().await?;
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
    Err(Error::conflict("PROMPT_IN_USE", format!("Flows say this prompt: {}.", flows.join(", "))))
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
    Error::conflict("PROMPT_NAME_TAKEN", "Another prompt of the company has this name.")
}
