//! A recording and where it is.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::id::{CallId, CompanyId, RecordingId, UserId};
use crate::macros::company_owned;
use crate::{
    DeletedBecause, PauseHolder, RecordingKind, RecordingOrigin, RecordingState, RecordingWish,
    TranscriptState,
};

/// Who wants it silent; in the order in which they said so, nobody twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct PauseHolders(pub Vec<PauseHolder>);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recording")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordingId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub kind: RecordingKind,
    pub state: RecordingState,
    pub origin: RecordingOrigin,
    /// Unknown until the provider has begun.
    pub provider_sid: Option<String>,
    /// Counts what was found out about the provider's side, so that two who talk to it at once notice each other.
    pub revision: i32,
    /// Both sides are to be told before it begins.
    pub announce: bool,
    pub announced_at: Option<DateTimeUtc>,
    /// When the provider was asked to begin: it is not asked twice blindly.
    pub asked_at: Option<DateTimeUtc>,
    pub started_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub stop_requested_at: Option<DateTimeUtc>,
    #[sea_orm(column_type = "JsonBinary")]
    pub paused_by: PauseHolders,
    /// How often it went from audible to silent.
    pub pauses: i32,
    pub mailbox: Option<String>,
    pub duration_seconds: Option<i32>,
    pub channels: Option<i32>,
    pub storage_key: Option<String>,
    pub content_type: Option<String>,
    pub size_bytes: Option<i64>,
    /// SHA-256 of the file, in hex.
    pub sha256: Option<String>,
    /// How often fetching it, or deleting it at the provider, has failed in a row.
    pub tries: i32,
    /// Why it failed, or failed last.
    pub failure: Option<String>,
    pub created_at: DateTimeUtc,
    pub stored_at: Option<DateTimeUtc>,
    /// Since when there is no copy at the provider.
    pub provider_deleted_at: Option<DateTimeUtc>,
    pub legal_hold_at: Option<DateTimeUtc>,
    pub legal_hold_reason: Option<String>,
    pub delete_requested_at: Option<DateTimeUtc>,
    pub deleted_because: Option<DeletedBecause>,
    pub deleted_by: Option<UserId>,
    pub deleted_at: Option<DateTimeUtc>,
    /// Only of those that are to be written down.
    pub transcript_state: Option<TranscriptState>,
    /// What was said.
    #[sea_orm(column_type = "Text", nullable)]
    pub transcript: Option<String>,
    /// In which the caller was asked, as a BCP 47 tag; that of the text, once there is one.
    pub transcript_language: Option<String>,
    /// How often it was asked for.
    pub transcript_tries: i32,
    /// Why there is none, or why there was none the last time.
    pub transcript_failure: Option<String>,
}

company_owned!();

impl Model {
    /// What is wanted of it.
    pub fn wish(&self) -> RecordingWish {
        match (self.stop_requested_at, self.paused_by.0.is_empty()) {
            (Some(_), _) => RecordingWish::Stopped,
            (None, false) => RecordingWish::Paused,
            (None, true) => RecordingWish::Running,
        }
    }

    /// Its file is here, and is not about to be deleted.
    pub fn can_be_heard(&self) -> bool {
        self.state == RecordingState::Stored && self.delete_requested_at.is_none()
    }

    /// It is here, and somebody is to write it down.
    pub fn awaits_transcript(&self) -> bool {
        self.transcript_state == Some(TranscriptState::Awaited) && self.can_be_heard()
    }

    /// Nobody hears it from now on. What was said in it goes at once.
    pub fn request_deletion(&mut self, at: DateTimeUtc, because: DeletedBecause) {
        (self.delete_requested_at, self.deleted_because) = (Some(at), Some(because));
        (self.transcript_state, self.transcript, self.transcript_language) = (None, None, None);
        (self.transcript_tries, self.transcript_failure) = (0, None);
    }
}
