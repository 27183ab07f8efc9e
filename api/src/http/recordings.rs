//! Recordings and voicemails.

use chrono::{DateTime, Utc};
use entity::id::{CallId, RecordingId};
use entity::{RecordingKind, RecordingState, recording};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Failure, Reply, Success};
use super::{Tag, Word};
use crate::app::App;
use crate::authz::Can;
use crate::authz::ReadRecordings;
use crate::calls::desk;

pub struct Recordings;

/// A recording and where it stands.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct RecordingOut {
    pub id: Uuid,
    pub call_id: Uuid,
    pub kind: Word<RecordingKind>,
    pub state: Word<RecordingState>,
    pub mailbox: Option<String>,
    pub duration_seconds: Option<i32>,
    pub size_bytes: Option<i64>,
    pub created_at: DateTime<Utc>,
    /// When the file was fetched from the provider.
    pub stored_at: Option<DateTime<Utc>>,
}

impl From<recording::Model> for RecordingOut {
    fn from(row: recording::Model) -> Self {
        Self {
            id: row.id.0,
            call_id: row.call_id.0,
            kind: Word(row.kind),
            state: Word(row.state),
            mailbox: row.mailbox,
            duration_seconds: row.duration_seconds,
            size_bytes: row.size_bytes,
            created_at: row.created_at,
            stored_at: row.stored_at,
        }
    }
}

/// The sound.
#[derive(ApiResponse)]
pub enum Sound {
    /// A WAV file.
    #[oai(status = 200, content_type = "audio/x-wav")]
    Wav(Binary<Vec<u8>>),
}

#[OpenApi(tag = "Tag::Recordings")]
impl Recordings {
    /// Lists a call's recordings.
    #[oai(path = "/api/calls/:id/recordings", method = "get", operation_id = "listCallRecordings")]
    async fn of_call(
        &self,
        can: Can<ReadRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<RecordingOut>> {
        Success::list(desk::recordings(app, can.scope()?, can.whose(), CallId(id)).await?)
    }

    /// Lists the voicemails of the company, newest first: the last hundred.
    #[oai(path = "/api/voicemails", method = "get", operation_id = "listVoicemails")]
    async fn voicemails(&self, can: Can<ReadRecordings>, Data(app): Data<&App>) -> Reply<Vec<RecordingOut>> {
        Success::list(desk::voicemails(app, can.scope()?).await?)
    }

    /// Plays a recording. Who listens is noted in the company's audit.
    #[oai(path = "/api/recordings/:id/content", method = "get", operation_id = "getRecordingContent")]
    async fn content(
        &self,
        can: Can<ReadRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Sound, Failure> {
        let sound = desk::listen(app, can.scope()?, can.caller().user, RecordingId(id)).await?;
        Ok(Sound::Wav(Binary(sound.to_vec())))
    }
}
