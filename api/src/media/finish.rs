//! The end of an upload: its parts become one file, and the row says what that is.

use bytes::Bytes;
use entity::id::MediaId;
use entity::{CompanyScope, JobKind, MediaKind, MediaState, media};
use futures_util::TryStreamExt;
use serde_json::json;

use super::kinds::{self, Found, HEAD, Said};
use super::{fits, refused, remove, signed, thumbnails};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::files;
use crate::storage::Kept;
use crate::store::media as rows;
use crate::store::{Unit, jobs};

/// So much of the beginning is looked at for what the header of a picture or a sound says.
const LOOKED_AT: usize = 256 * 1024;

/// The beginning of a file that is going by.
#[derive(Default)]
pub struct Whole {
    head: Vec<u8>,
}

impl Whole {
    /// Whether with this piece there is enough to recognize the file by; that is so once.
    pub fn looks_at(&mut self, piece: &Bytes) -> bool {
        let before = self.head.len();
        let room = LOOKED_AT.saturating_sub(before).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        before < HEAD && self.head.len() >= HEAD
    }

    /// What a file is recognized by.
    pub fn head(&self) -> &[u8] {
        &self.head[..self.head.len().min(HEAD)]
    }

    /// What is known of the file once it is kept.
    ///
    /// # Errors
    /// `Invalid` for a picture of more pixels than anybody can show.
    pub fn measure(&self, kept: Kept, found: Found) -> Result<Measured> {
        let pixels = match found.kind {
            MediaKind::Image => thumbnails::pixels(&self.head)?,
            MediaKind::Audio | MediaKind::Video | MediaKind::Document | MediaKind::Encrypted => None,
        };
        let duration_ms = match found.kind {
            MediaKind::Audio => kinds::duration_of_wav(&self.head),
            MediaKind::Image | MediaKind::Video | MediaKind::Document | MediaKind::Encrypted => None,
        };
        Ok(Measured { kept, found, pixels, duration_ms })
    }
}

/// A file that is kept, and what it is.
pub struct Measured {
    kept: Kept,
    found: Found,
    /// Width and height.
    pixels: Option<(i32, i32)>,
    duration_ms: Option<i64>,
}

/// Puts the parts of an upload together, unless that was done; the job, and whoever took the last part. Two who do it at once
/// write the same file.
///
/// # Errors
/// `Invalid` for what is not taken; then it is deleted.
pub async fn finish(app: &App, scope: CompanyScope, id: MediaId) -> Result<media::Model> {
    let row = rows::get(scope, app.db.reader(), id).await?;
    match row.state {
        MediaState::Processing => {}
        MediaState::Uploading => return Err(Error::internal("finish an upload", "it is not complete")),
        MediaState::Ready => return Ok(row),
        MediaState::Deleted => return Err(Error::NotFound(Subject::Media)),
    }
    match join(app, scope, &row).await {
        Ok(measured) => complete(app, scope, id, measured).await,
        Err(error @ Error::Invalid { .. }) => {
            remove::remove(app, scope, super::Asker::Server, id).await?;
            Err(error)
        }
        Err(error) => Err(error),
    }
}

async fn join(app: &App, scope: CompanyScope, row: &media::Model) -> Result<Measured> {
    let key = row.storage_key.as_deref().ok_or(Error::NotFound(Subject::Media))?;
    let reading = |cause| Error::internal("read a part of an upload", cause);
    let mut whole = Whole::default();
    let mut upload = files::begin(app, scope, key).await?;
    for part in rows::parts(scope, app.db.reader(), row.id).await? {
        let pieces = files::read(app, scope, &part.storage_key, None).await?;
        let mut pieces = pieces.ok_or_else(|| Error::internal("finish an upload", "a part is missing"))?;
        while let Some(piece) = pieces.try_next().await.map_err(reading)? {
            whole.looks_at(&piece);
            upload.write(piece).await?;
        }
    }
    let found = kinds::recognize(whole.head(), Said::of(row)).ok_or_else(refused);
    let found = found.and_then(|found| fits(app, found.kind, upload.size()).map(|()| found));
    match found {
        Ok(found) if signed(upload.size()) == row.size_bytes => {
            let kept = upload.finish().await?;
            whole.measure(kept, found)
        }
        Ok(_) => {
            upload.discard().await;
            Err(Error::internal("finish an upload", "its parts are not what was received"))
        }
        Err(error) => {
            upload.discard().await;
            Err(error)
        }
    }
}

/// The file is there: the row says so, and what it is.
pub async fn complete(
    app: &App,
    scope: CompanyScope,
    id: MediaId,
    measured: Measured,
) -> Result<media::Model> {
    let Measured { kept, found, pixels, duration_ms } = measured;
    let mut unit = Unit::begin(app, scope).await?;
    let row = rows::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(MediaState::Ready) else {
        drop(unit);
        if row.state == MediaState::Ready {
            return Ok(row);
        }
        if let Some(key) = &row.storage_key {
            files::delete(app, scope, key).await?;
        }
        return Err(Error::NotFound(Subject::Media));
    };
    let now = unit.now();
    let in_parts = row.received_bytes > 0;
    let ready = media::Model {
        state,
        kind: Some(found.kind),
        content_type: Some(found.content_type.to_owned()),
        size_bytes: signed(kept.size),
        received_bytes: signed(kept.size),
        sha256: Some(kept.sha256),
        width: pixels.map(|(width, _)| width),
        height: pixels.map(|(_, height)| height),
        duration_ms,
        ready_at: Some(now),
        expires_at: None,
        ..row
    };
    rows::save(scope, unit.tx(), ready.clone()).await?;
    jobs::cancel(&unit, JobKind::ExpireMedia, id).await?;
    jobs::cancel(&unit, JobKind::FinishMedia, id).await?;
    if in_parts {
        unit.job(JobKind::DeleteMedia, id, json!({}), now);
    }
    if found.kind == MediaKind::Image {
        unit.job(JobKind::MakeThumbnail, id, json!({}), now);
    }
    unit.commit().await?;
    Ok(ready)
}
