//! Recordings: control, list, play, hold, delete.

use chrono::{DateTime, Utc};
use entity::id::{CallId, RecordingId};
use entity::{
    DeletedBecause, PauseHolder, RecordingKind, RecordingOrigin, RecordingState, RecordingWish,
    TranscriptState, recording,
};
use poem::Body;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::{Binary, Json};
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::range::{Asked, Wanted};
use super::voicemails::VoicemailWork;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ControlRecordings, DeleteRecordings, HoldRecordings, Permission, ReadRecordings};
use crate::calls::recording::desk::{self, Action, Hold, Reader, Sound};
use crate::calls::recording::parts::Part;
use crate::error::Error;

pub struct Recordings;

/// The conversation of one agent within a recording.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct RecordingPart {
    pub segment_id: Uuid,
    pub agent_id: Uuid,
    pub queue_id: Uuid,
    /// Milliseconds from the beginning of the file.
    pub from_ms: i64,
    /// Missing as long as both go on.
    pub to_ms: Option<i64>,
}

impl From<Part> for RecordingPart {
    fn from(part: Part) -> Self {
        Self {
            segment_id: part.segment.0,
            agent_id: part.agent.0,
            queue_id: part.queue.0,
            from_ms: part.from_ms,
            to_ms: part.to_ms,
        }
    }
}

/// What is said in a voicemail, in writing.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct TranscriptOut {
    pub state: Word<TranscriptState>,
    /// Who reads it is noted in the company's audit.
    pub text: Option<String>,
    /// BCP 47 tag of the text.
    pub language: Option<String>,
    /// Why there is no text, or why there was none the last time.
    pub failure: Option<String>,
}

impl TranscriptOut {
    /// `None` when nobody wanted it to be written down.
    fn of(row: &recording::Model) -> Option<Self> {
        Some(Self {
            state: Word(row.transcript_state?),
            text: row.transcript.clone(),
            language: row.transcript.as_ref().and(row.transcript_language.clone()),
            failure: row.transcript_failure.clone(),
        })
    }
}

/// A recording and where it stands.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct RecordingOut {
    pub id: Uuid,
    pub call_id: Uuid,
    pub kind: Word<RecordingKind>,
    pub state: Word<RecordingState>,
    /// What is wanted of one that is being made. The provider follows within a moment.
    pub wish: Option<Word<RecordingWish>>,
    /// Who wanted it.
    pub origin: Word<RecordingOrigin>,
    /// Who wants it silent; it is heard again when nobody does.
    pub paused_by: Option<Vec<Word<PauseHolder>>>,
    /// How often it was paused.
    pub pauses: i32,
    pub mailbox: Option<String>,
    pub duration_seconds: Option<i32>,
    /// 2 when each side has a channel of its own.
    pub channels: Option<i32>,
    pub size_bytes: Option<i64>,
    /// Of the file, in hex.
    pub sha256: Option<String>,
    /// Why it failed, or why there is nothing.
    pub failure: Option<String>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// When the file was fetched from the provider.
    pub stored_at: Option<DateTime<Utc>>,
    /// Since when the provider has no copy.
    pub provider_deleted_at: Option<DateTime<Utc>>,
    /// Since when it may not be deleted.
    pub legal_hold_at: Option<DateTime<Utc>>,
    pub legal_hold_reason: Option<String>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub deleted_because: Option<Word<DeletedBecause>>,
    /// Only of a voicemail whose flow wants it written down.
    pub transcript: Option<TranscriptOut>,
    /// Whose conversation is where in the file; only in the list of a call.
    pub parts: Option<Vec<RecordingPart>>,
    /// Only of a voicemail about which somebody has done something.
    pub work: Option<VoicemailWork>,
}

impl From<recording::Model> for RecordingOut {
    fn from(row: recording::Model) -> Self {
        let live = row.state.is_live();
        let transcript = TranscriptOut::of(&row);
        let holders: Vec<_> = row.paused_by.0.iter().map(|holder| Word(*holder)).collect();
        Self {
            id: row.id.0,
            call_id: row.call_id.0,
            kind: Word(row.kind),
            state: Word(row.state),
            wish: live.then(|| Word(row.wish())),
            origin: Word(row.origin),
            paused_by: live.then_some(holders),
            pauses: row.pauses,
            mailbox: row.mailbox,
            duration_seconds: row.duration_seconds,
            channels: row.channels,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            failure: row.failure,
            created_at: row.created_at,
            started_at: row.started_at,
            ended_at: row.ended_at,
            stored_at: row.stored_at,
            provider_deleted_at: row.provider_deleted_at,
            legal_hold_at: row.legal_hold_at,
            legal_hold_reason: row.legal_hold_reason,
            deleted_at: row.deleted_at,
            deleted_because: row.deleted_because.map(Word),
            transcript,
            parts: None,
            work: None,
        }
    }
}

impl From<(recording::Model, Vec<Part>)> for RecordingOut {
    fn from((row, parts): (recording::Model, Vec<Part>)) -> Self {
        Self { parts: Some(parts.into_iter().map(RecordingPart::from).collect()), ..Self::from(row) }
    }
}

/// What is to be done with the recording of a call.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
enum RecordingAction {
    Start,
    /// Records silence until it is resumed.
    Pause,
    Resume,
    Stop,
}

impl From<RecordingAction> for Action {
    fn from(action: RecordingAction) -> Self {
        match action {
            RecordingAction::Start => Self::Start,
            RecordingAction::Pause => Self::Pause,
            RecordingAction::Resume => Self::Resume,
            RecordingAction::Stop => Self::Stop,
        }
    }
}

/// What is to be done with the recording of a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct RecordingControlIn {
    action: RecordingAction,
}

/// Whether a recording must be kept.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct LegalHoldIn {
    hold: bool,
    /// Why; needed to put one on.
    #[oai(validator(min_length = 1, max_length = 400))]
    reason: Option<String>,
}

impl LegalHoldIn {
    fn read(self) -> Result<Hold, Error> {
        match (self.hold, self.reason) {
            (true, Some(reason)) => Ok(Hold::On { reason }),
            (true, None) => Err(Error::invalid("/reason", "is required")),
            (false, _) => Ok(Hold::Off),
        }
    }
}

/// The sound, a part of it, or where it is.
#[derive(ApiResponse)]
pub(super) enum SoundOut {
    /// The whole file, a WAV.
    #[oai(status = 200, content_type = "audio/x-wav")]
    Whole(
        Binary<Body>,
        #[oai(header = "Content-Length")] u64,
        #[oai(header = "ETag")] String,
        #[oai(header = "Content-Disposition")] String,
        /// bytes
        #[oai(header = "Accept-Ranges")]
        String,
        /// It may be kept by the one who asked, and must be asked for again before it is used.
        #[oai(header = "Cache-Control")]
        String,
    ),
    /// The part that was asked for.
    #[oai(status = 206, content_type = "audio/x-wav")]
    Part(
        Binary<Body>,
        #[oai(header = "Content-Length")] u64,
        #[oai(header = "ETag")] String,
        #[oai(header = "Content-Disposition")] String,
        /// For example: bytes 0-499/1000
        #[oai(header = "Content-Range")]
        String,
        #[oai(header = "Cache-Control")] String,
    ),
    /// The file is at this address for some minutes.
    #[oai(status = 302)]
    Elsewhere(#[oai(header = "Location")] String, #[oai(header = "Cache-Control")] String),
    /// The client has it already.
    #[oai(status = 304)]
    NotModified(#[oai(header = "ETag")] String),
}

impl SoundOut {
    pub(super) async fn of(app: &App, sound: Sound, asked: &Asked) -> Result<Self, Failure> {
        let tag = format!("\"{}\"", sound.tag);
        let disposition = format!("inline; filename=\"{}\"", sound.file_name());
        let private = "private, no-cache".to_owned();
        let wanted = asked.of(sound.size, &tag);
        if wanted == Wanted::Nothing {
            return Ok(Self::NotModified(tag));
        }
        if let Some(link) = sound.link(app).await? {
            return Ok(Self::Elsewhere(link, "no-store".to_owned()));
        }
        match wanted {
            Wanted::Whole | Wanted::Nothing => {
                let body = Binary(Body::from_bytes_stream(sound.read(app, None).await?));
                Ok(Self::Whole(body, sound.size, tag, disposition, "bytes".to_owned(), private))
            }
            Wanted::Part(part) => {
                let (size, length) = (sound.size, part.end - part.start);
                let range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
                let body = Binary(Body::from_bytes_stream(sound.read(app, Some(part)).await?));
                Ok(Self::Part(body, length, tag, disposition, range, private))
            }
            Wanted::OutOfRange => Err(Error::OutOfRange { size: sound.size }.into()),
        }
    }
}

pub(super) fn reader<P: Permission>(can: &Can<P>) -> Reader {
    Reader { user: can.caller().user, whose: can.whose() }
}

#[OpenApi(tag = "Tag::Recordings")]
impl Recordings {
    /// Lists a call's recordings.
    ///
    /// An agent sees those of his own calls, where the company's settings let him. One recording goes with the caller from
    /// agent to agent: `parts` says whose conversation is where in it.
    #[oai(path = "/api/calls/:id/recordings", method = "get", operation_id = "listCallRecordings")]
    async fn of_call(
        &self,
        can: Can<ReadRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<RecordingOut>> {
        Success::list(desk::of_call(app, can.scope()?, reader(&can), CallId(id)).await?)
    }

    /// Starts, pauses, resumes or stops the recording of a call.
    ///
    /// What is said twice is done once. A pause records silence; it lasts until everybody who has paused, a flow too, has
    /// resumed. Who has said it is noted in the company's audit. 409 `RECORDING_NOT_ALLOWED` where the policy forbids it,
    /// `NOT_RECORDING` when there is nothing to pause.
    #[oai(path = "/api/calls/:id/recording", method = "post", operation_id = "controlRecording")]
    async fn control(
        &self,
        can: Can<ControlRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<RecordingControlIn>,
    ) -> Reply<RecordingOut> {
        Success::ok(desk::control(app, can.scope()?, reader(&can), CallId(id), body.action.into()).await?)
    }

    /// Plays a recording. Who listens is noted in the company's audit.
    ///
    /// Understands one range of bytes. Where files are kept at a store that may be asked directly, the answer is a link.
    #[oai(path = "/api/recordings/:id/content", method = "get", operation_id = "getRecordingContent")]
    async fn content(
        &self,
        can: Can<ReadRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// For example: bytes=0-499
        #[oai(name = "Range")]
        Header(range): Header<Option<String>>,
        /// The tag of the file of which a part is wanted; of any other the whole is sent.
        #[oai(name = "If-Range")]
        Header(if_range): Header<Option<String>>,
        /// The tags of what the client has.
        #[oai(name = "If-None-Match")]
        Header(if_none_match): Header<Option<String>>,
    ) -> Result<SoundOut, Failure> {
        let asked = Asked { range, if_range, if_none_match };
        let sound =
            desk::listen(app, can.scope()?, reader(&can), RecordingId(id), asked.range.as_deref()).await?;
        SoundOut::of(app, sound, &asked).await
    }

    /// Puts a recording under a legal hold, or ends that.
    ///
    /// What is held is not deleted, by anybody or by retention.
    #[oai(path = "/api/recordings/:id/legal-hold", method = "put", operation_id = "holdRecording")]
    async fn hold(
        &self,
        can: Can<HoldRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<LegalHoldIn>,
    ) -> Reply<RecordingOut> {
        Success::ok(desk::hold(app, can.scope()?, reader(&can), RecordingId(id), body.read()?).await?)
    }

    /// Deletes a recording, here and at the provider. What remains is a row that says so.
    #[oai(path = "/api/recordings/:id", method = "delete", operation_id = "deleteRecording")]
    async fn delete(
        &self,
        can: Can<DeleteRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        desk::delete(app, can.scope()?, reader(&can), RecordingId(id)).await?;
        Done::saying("Deleted.")
    }
}
