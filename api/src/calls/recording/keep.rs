//! From the provider to our storage, and out of it again.
//!
//! The order is what makes it safe: the file is here, then the row says so, and only then is it deleted at the provider;
//! and a file that is to go is gone before its row says so. A node may be killed between any two of these: the job runs
//! again, and each part may have been done before.

use std::time::Duration;

use chrono::TimeDelta;
use entity::id::RecordingId;
use entity::{CompanyScope, RecordingState, recording};
use serde_json::json;
use twilio::rest::{Client, Error as RestError, RecordingFormat};
use twilio::webhook::RecordingState as ProviderState;

use super::super::{CallFile, transcription};
use super::{Turn, failed, never_began, shortened, tell};
use crate::app::App;
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::storage::Kept;
use crate::store::{Unit, recordings};

/// Largest file that is kept: as long as a WAV can say that it is.
const MAX_BYTES: u64 = 4 << 30;
/// After so many failures in a row, the last fifteen an hour apart, it is given up.
const TRIES: i32 = 28;
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// How long the provider may make a file, before it is believed that there will be none.
const MAKING: TimeDelta = TimeDelta::days(1);
/// When a deletion that the provider refused is tried again; it is never given up.
const DELETE_AGAIN: Duration = Duration::from_secs(600);
const CONTENT_TYPE: &str = "audio/x-wav";

/// The job: fetches the file, keeps it, then deletes it at the provider.
pub async fn store(app: &App, scope: CompanyScope, id: RecordingId) -> Result<Done> {
    let client = app.providers.client(scope, app.db.reader()).await?;
    let about = About { app, scope, client, id };
    let mut row = recordings::get(scope, app.db.reader(), id).await?;
    if row.state.is_open() {
        match about.fetch(&row).await? {
            Fetched::Kept => row = recordings::get(scope, app.db.reader(), id).await?,
            Fetched::Not(done) => return Ok(done),
        }
    }
    if row.state == RecordingState::Stored && row.provider_deleted_at.is_none() {
        return about.delete_there(&row).await;
    }
    Ok(Done::Yes)
}

/// The job: deletes the file here, and whatever the provider may still have.
pub async fn delete(app: &App, scope: CompanyScope, id: RecordingId) -> Result<Done> {
    let row = recordings::get(scope, app.db.reader(), id).await?;
    if row.delete_requested_at.is_none() || row.state == RecordingState::Deleted {
        return Ok(Done::Yes);
    }
    if row.provider_deleted_at.is_none()
        && let Some(sid) = &row.provider_sid
    {
        let client = app.providers.client(scope, app.db.reader()).await?;
        match client.delete_recording(sid).await {
            Ok(()) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => {
                tracing::warn!(recording = %id, %error, "a recording cannot be deleted at the provider yet");
                return Ok(Done::Again(app.clock.now() + DELETE_AGAIN));
            }
        }
    }
    if let Some(key) = &row.storage_key {
        files::delete(app, scope, key).await?;
    }
    let about = Change { app, scope, id };
    about
        .apply(|unit, file, row| {
            if let Some(state) = row.state.advance(RecordingState::Deleted) {
                row.state = state;
                row.deleted_at = Some(unit.now());
                row.provider_deleted_at.get_or_insert(unit.now());
                row.storage_key = None;
                tell(unit, file, row, Turn::Deleted, json!({"because": row.deleted_because}));
            }
        })
        .await?;
    Ok(Done::Yes)
}

enum Fetched {
    Kept,
    Not(Done),
}

struct About<'a> {
    app: &'a App,
    scope: CompanyScope,
    client: Client,
    id: RecordingId,
}

/// A change of the row and of its call's story.
struct Change<'a> {
    app: &'a App,
    scope: CompanyScope,
    id: RecordingId,
}

impl Change<'_> {
    async fn apply(
        &self,
        change: impl FnOnce(&mut Unit, &mut CallFile, &mut recording::Model),
    ) -> Result<()> {
        let mut unit = Unit::begin(self.app, self.scope).await?;
        let call = recordings::get(self.scope, unit.tx(), self.id).await?.call_id;
        let mut file = CallFile::open(&unit, call).await?;
        let mut row = recordings::get(self.scope, unit.tx(), self.id).await?;
        change(&mut unit, &mut file, &mut row);
        recordings::save(self.scope, unit.tx(), row).await?;
        file.save(&mut unit).await?;
        unit.commit().await
    }
}

impl About<'_> {
    async fn apply(
        &self,
        change: impl FnOnce(&mut Unit, &mut CallFile, &mut recording::Model),
    ) -> Result<()> {
        Change { app: self.app, scope: self.scope, id: self.id }.apply(change).await
    }

    async fn fetch(&self, row: &recording::Model) -> Result<Fetched> {
        let Some(sid) = &row.provider_sid else {
            // Whether it has begun is being found out by another job.
            return Ok(Fetched::Not(Done::Yes));
        };
        let key = format!("{}/recordings/{}.wav", self.scope.company(), self.id);
        match self.copy(sid, &key).await {
            Ok(kept) => {
                self.apply(|unit, file, row| stored(unit, file, row, key, &kept)).await?;
                Ok(Fetched::Kept)
            }
            Err(Trouble::Provider(error)) if error.is_gone() => {
                self.why_not(row, sid).await.map(Fetched::Not)
            }
            Err(Trouble::Provider(error @ RestError::TooLarge { .. })) => {
                let reason = error.to_string();
                self.apply(|unit, file, row| failed(unit, file, row, &reason)).await?;
                Ok(Fetched::Not(Done::Yes))
            }
            Err(Trouble::Provider(error)) => self.again(&error.to_string()).await.map(Fetched::Not),
            Err(Trouble::Ours(error)) => self.again(&format!("{error:?}")).await.map(Fetched::Not),
        }
    }

    /// Piece by piece; what was written before a failure is thrown away.
    async fn copy(&self, sid: &str, key: &str) -> std::result::Result<Kept, Trouble> {
        let mut file = self.client.download_recording(sid, RecordingFormat::Wav, MAX_BYTES).await?;
        let promised = file.length();
        let mut upload = files::begin(self.app, self.scope, key).await?;
        loop {
            let written = match file.chunk().await {
                Ok(None) => break,
                Ok(Some(piece)) => upload.write(piece).await.map_err(Trouble::Ours),
                Err(error) => Err(Trouble::Provider(error)),
            };
            if let Err(trouble) = written {
                upload.discard().await;
                return Err(trouble);
            }
        }
        if promised.is_some_and(|promised| promised != upload.size()) {
            upload.discard().await;
            return Err(RestError::Interrupted("the file is shorter than it should be".into()).into());
        }
        Ok(upload.finish().await?)
    }

    /// There is no file: it is not made yet, or there never will be one.
    async fn why_not(&self, row: &recording::Model, sid: &str) -> Result<Done> {
        let made = match self.client.fetch_recording(sid).await {
            Ok(made) => made,
            Err(error) if error.is_gone() => {
                self.apply(|unit, file, row| failed(unit, file, row, "it is gone at the provider")).await?;
                return Ok(Done::Yes);
            }
            Err(error) => return self.again(&error.to_string()).await,
        };
        match made.status {
            ProviderState::Absent => {
                self.apply(|unit, file, row| never_began(unit, file, row, "there was nothing to hear"))
                    .await?;
                return Ok(Done::Yes);
            }
            ProviderState::Failed => {
                self.apply(|unit, file, row| failed(unit, file, row, "the provider could not make it"))
                    .await?;
                return Ok(Done::Yes);
            }
            ProviderState::Deleted => {
                self.apply(|unit, file, row| failed(unit, file, row, "it is gone at the provider")).await?;
                return Ok(Done::Yes);
            }
            ProviderState::InProgress
            | ProviderState::Paused
            | ProviderState::Stopped
            | ProviderState::Processing
            | ProviderState::Completed
            | ProviderState::Other(_) => {}
        }
        let now = self.app.clock.now();
        if row.ended_at.unwrap_or(row.created_at) + MAKING < now {
            self.apply(|unit, file, row| failed(unit, file, row, "the provider has made no file")).await?;
            return Ok(Done::Yes);
        }
        Ok(Done::Again(now + self.app.settings.timing.check_call))
    }

    /// Tried again later and later; given up in the end.
    async fn again(&self, because: &str) -> Result<Done> {
        let mut tries = 0;
        self.apply(|unit, file, row| {
            row.tries += 1;
            row.failure = Some(shortened(because));
            tries = row.tries;
            if tries >= TRIES {
                failed(unit, file, row, because);
            }
        })
        .await?;
        Ok(if tries >= TRIES { Done::Yes } else { wait(self.app, tries, because) })
    }

    /// Only what is kept here is deleted there.
    async fn delete_there(&self, row: &recording::Model) -> Result<Done> {
        let sid = row.provider_sid.as_deref().unwrap_or_default();
        match self.client.delete_recording(sid).await {
            Ok(()) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => {
                let mut tries = 0;
                self.apply(|_, _, row| {
                    row.tries += 1;
                    tries = row.tries;
                })
                .await?;
                return Ok(wait(self.app, tries, &error.to_string()));
            }
        }
        self.apply(|unit, _, row| {
            row.tries = 0;
            row.provider_deleted_at.get_or_insert(unit.now());
        })
        .await?;
        Ok(Done::Yes)
    }
}

/// The file is here, whole and safe on the disk.
fn stored(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, key: String, kept: &Kept) {
    if !row.state.is_open() {
        return;
    }
    // Of one whose end nobody has told.
    row.state = row.state.advance(RecordingState::Processing).unwrap_or(row.state);
    let Some(state) = row.state.advance(RecordingState::Stored) else { return };
    row.state = state;
    row.ended_at.get_or_insert(unit.now());
    row.storage_key = Some(key);
    row.content_type = Some(CONTENT_TYPE.to_owned());
    row.size_bytes = i64::try_from(kept.size).ok();
    row.sha256 = Some(kept.sha256.clone());
    row.stored_at = Some(unit.now());
    (row.tries, row.failure) = (0, None);
    tell(unit, file, row, Turn::Stored, json!({"bytes": kept.size, "seconds": row.duration_seconds}));
    transcription::sound_is_here(unit, row);
}

fn wait(app: &App, tries: i32, because: &str) -> Done {
    let exponent = u32::try_from(tries.clamp(0, 12)).unwrap_or_default();
    let wait = Duration::from_millis(500).saturating_mul(2_u32.pow(exponent)).min(LONGEST_WAIT);
    tracing::warn!(tries, because, ?wait, "a recording's file is tried again");
    Done::Again(app.clock.now() + wait)
}

/// Who failed.
enum Trouble {
    Provider(RestError),
    Ours(Error),
}

impl From<RestError> for Trouble {
    fn from(error: RestError) -> Self {
        Self::Provider(error)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}
