//! Prompts: what flows say or play by name.

use chrono::{DateTime, Utc};
use entity::prompt_resource;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::file_body::{Audio, FileBody};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadPrompts, WritePrompts};
use crate::prompts::{self, Text};
use crate::store::prompts::Prompt;

pub struct Prompts;

/// A prompt in all its languages.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PromptOut {
    id: Uuid,
    /// As flows call it: `{"type": "say", "library": "welcome"}`.
    name: String,
    /// By language. A caller hears the one in the language of the flow; else the same language without a region or in
    /// another one; else, in the same way, the company's language; else English; else the first.
    resources: Vec<PromptResourceOut>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A prompt in one language: a text that is said, or a file that is played.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PromptResourceOut {
    /// BCP 47 tag.
    language: String,
    text: Option<String>,
    audio: Option<PromptAudioOut>,
    updated_at: DateTime<Utc>,
}

/// A file that is played.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PromptAudioOut {
    /// Where the provider fetches it; the address changes with the content.
    path: String,
    /// `audio/wav` or `audio/mpeg`, by what is in the file.
    content_type: String,
    size_bytes: i64,
    /// Of the content, in hex.
    sha256: String,
}

/// A prompt to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewPromptIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    #[oai(validator(max_items = 50))]
    texts: Option<Vec<PromptTextIn>>,
}

/// What the prompt says in one language.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PromptTextIn {
    /// BCP 47 tag.
    #[oai(validator(min_length = 2, max_length = 35))]
    language: String,
    #[oai(validator(min_length = 1, max_length = 3000))]
    text: String,
}

/// The name by which flows know the prompt.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PromptNameIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

/// A text, and how it is spoken.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SpokenTextIn {
    #[oai(validator(min_length = 1, max_length = 3000))]
    text: String,
}

impl From<Prompt> for PromptOut {
    fn from(Prompt { row, resources }: Prompt) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            resources: resources.into_iter().map(Into::into).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<prompt_resource::Model> for PromptResourceOut {
    fn from(row: prompt_resource::Model) -> Self {
        let audio = row.audio_key.map(|key| PromptAudioOut {
            path: format!("/media/{key}"),
            content_type: row.content_type.unwrap_or_default(),
            size_bytes: row.size_bytes.unwrap_or_default(),
            sha256: row.sha256.unwrap_or_default(),
        });
        Self { language: row.language, text: row.text, audio, updated_at: row.updated_at }
    }
}

impl From<PromptTextIn> for Text {
    fn from(body: PromptTextIn) -> Self {
        Self { language: body.language, text: body.text }
    }
}

#[OpenApi(prefix_path = "/api/prompts", tag = "Tag::Prompts")]
impl Prompts {
    /// Lists the company's prompts.
    #[oai(path = "/", method = "get", operation_id = "listPrompts")]
    async fn list(&self, can: Can<ReadPrompts>, Data(app): Data<&App>) -> Reply<Vec<PromptOut>> {
        Success::list(prompts::all(app, can.scope()?).await?)
    }

    /// Makes a prompt.
    #[oai(path = "/", method = "post", operation_id = "createPrompt")]
    async fn post(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        body: JsonBody<NewPromptIn>,
    ) -> Result<Created<PromptOut>, Failure> {
        let texts = body.0.texts.unwrap_or_default().into_iter().map(Into::into).collect();
        Created::of(prompts::create(app, can.scope()?, body.0.name, texts).await?)
    }

    /// Shows a prompt.
    #[oai(path = "/:id", method = "get", operation_id = "getPrompt")]
    async fn get(
        &self,
        can: Can<ReadPrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
    ) -> Reply<PromptOut> {
        Success::ok(prompts::get(app, can.scope()?, id.0.into()).await?)
    }

    /// Gives a prompt another name.
    ///
    /// Refused as long as a flow calls it by the one that it has.
    #[oai(path = "/:id", method = "put", operation_id = "renamePrompt")]
    async fn put(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
        body: JsonBody<PromptNameIn>,
    ) -> Reply<PromptOut> {
        Success::ok(prompts::rename(app, can.scope()?, id.0.into(), body.0.name).await?)
    }

    /// Deletes a prompt.
    ///
    /// Refused as long as a flow says it: the flows are named.
    #[oai(path = "/:id", method = "delete", operation_id = "deletePrompt")]
    async fn delete(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        prompts::delete(app, can.scope()?, id.0.into()).await?;
        Done::saying("The prompt is deleted.")
    }

    /// Lets a prompt be said in a language.
    ///
    /// It takes the place of what the prompt was in that language. Callers hear it from their next prompt on.
    #[oai(path = "/:id/texts/:language", method = "put", operation_id = "putPromptText")]
    async fn put_text(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
        /// BCP 47 tag.
        language: Path<String>,
        body: JsonBody<SpokenTextIn>,
    ) -> Reply<PromptOut> {
        let text = Text { language: language.0, text: body.0.text };
        Success::ok(prompts::put_text(app, can.scope()?, id.0.into(), text).await?)
    }

    /// Lets a file be played in a language.
    ///
    /// WAV (PCM, A-law or µ-law) or MP3, known by its content. It takes the place of what the prompt was in that language.
    #[oai(path = "/:id/audio/:language", method = "put", operation_id = "putPromptAudio")]
    async fn put_audio(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
        /// BCP 47 tag.
        language: Path<String>,
        body: FileBody<Audio>,
    ) -> Reply<PromptOut> {
        Success::ok(prompts::put_audio(app, can.scope()?, id.0.into(), &language.0, body.0).await?)
    }

    /// Takes a language away from a prompt.
    #[oai(path = "/:id/resources/:language", method = "delete", operation_id = "deletePromptResource")]
    async fn delete_resource(
        &self,
        can: Can<WritePrompts>,
        Data(app): Data<&App>,
        /// The prompt's id.
        id: Path<Uuid>,
        /// BCP 47 tag.
        language: Path<String>,
    ) -> Reply<PromptOut> {
        Success::ok(prompts::remove_language(app, can.scope()?, id.0.into(), &language.0).await?)
    }
}
