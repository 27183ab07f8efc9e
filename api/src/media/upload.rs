//! Files on their way in: a small one by one request, any by parts that are kept as they come, so that a lost connection or a
//! killed node costs the last part at most. Neither is ever whole in memory.

use std::io::Result as IoResult;

use bytes::Bytes;
use chrono::TimeDelta;
use entity::id::{MediaId, UserId};
use entity::{CompanyScope, Inserted, JobKind, MediaKind, MediaState, MediaStore, media, media_part};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use serde_json::json;

use super::finish::{self, Whole};
use super::kinds::{self, Found, Said};
use super::{Announced, begin, fits, has_room, refused, remove, signed, unsigned};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::files;
use crate::storage::Upload;
use crate::store::Unit;
use crate::store::media as rows;

/// The pieces of a body, in order.
pub type Body = BoxStream<'static, IoResult<Bytes>>;

/// What is kept as one part of a longer upload.
const PART: u64 = 8 << 20;
/// What is read of a body at most that was refused already.
const DRAINED: u64 = 64 << 20;
/// How long one request may take with all of a file.
const AT_ONCE: TimeDelta = TimeDelta::hours(1);
/// When all of an upload is there and nobody has put it together, another node does.
const FINISHED_BY_OTHERS: TimeDelta = TimeDelta::seconds(60);

/// A file that comes in one request.
pub struct Single {
    pub owner: UserId,
    pub name: Option<String>,
    /// As the client calls its type.
    pub content_type: Option<String>,
    /// By its devices, so that nothing is known of it.
    pub encrypted: bool,
    pub body: Body,
}

/// How a part ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// There is more to come.
    Full,
    /// The client has sent what it wanted to.
    Whole,
    /// The connection is lost, or nothing came for long.
    Broken,
}

/// Takes a file that comes in one request.
///
/// # Errors
/// `Invalid` for what is not taken, and for more than `max_file_size` bytes.
pub async fn take(app: &App, scope: CompanyScope, single: Single) -> Result<media::Model> {
    let announced = Announced {
        owner: single.owner,
        name: single.name.clone(),
        size: 0,
        store: MediaStore::Files,
        kind: single.encrypted.then_some(MediaKind::Encrypted),
        within: AT_ONCE,
    };
    let row = begin(app, scope, announced).await?;
    match write(app, scope, &row, single).await {
        Ok(row) => Ok(row),
        Err(error) => {
            remove::remove(app, scope, super::Asker::Server, row.id).await?;
            Err(error)
        }
    }
}

async fn write(app: &App, scope: CompanyScope, row: &media::Model, single: Single) -> Result<media::Model> {
    let Single { owner: _, name, content_type, encrypted, mut body } = single;
    let said = Said { name: name.as_deref(), content_type: content_type.as_deref(), encrypted };
    let key = row.storage_key.clone().ok_or(Error::NotFound(Subject::Media))?;
    let limit = app.settings.max_file_size as u64;
    let mut whole = Whole::default();
    let mut upload = files::begin(app, scope, &key).await?;
    let went = async {
        loop {
            let piece = match next(app, row, &mut body).await {
                Ok(Some(piece)) => piece,
                Ok(None) => return Ok(()),
                Err(End::Full | End::Whole | End::Broken) => return Err(broken_off()),
            };
            if upload.size() + piece.len() as u64 > limit {
                return Err(too_large(limit));
            }
            if whole.looks_at(&piece) && kinds::recognize(whole.head(), said).is_none() {
                return Err(refused());
            }
            upload.write(piece).await?;
        }
    };
    let went: Result<()> = went.await;
    let judged = match went {
        Ok(()) => judge(app, scope, whole.head(), said, upload.size()).await,
        Err(error) => Err(error),
    };
    let found = match judged {
        Ok(found) => found,
        Err(error) => {
            upload.discard().await;
            if matches!(error, Error::Invalid { .. } | Error::Conflict { .. }) {
                drain(app, row, &mut body).await;
            }
            return Err(error);
        }
    };
    let kept = upload.finish().await?;
    finish::complete(app, scope, row.id, whole.measure(kept, found)?).await
}

/// Whether all of a file is taken, and as what.
async fn judge(app: &App, scope: CompanyScope, head: &[u8], said: Said<'_>, size: u64) -> Result<Found> {
    let found = kinds::recognize(head, said).ok_or_else(refused)?;
    fits(app, found.kind, size)?;
    has_room(app, scope, app.db.reader(), size).await?;
    Ok(found)
}

/// Lets a client that was refused come to an end: one that still sends when the connection closes hears a reset and not why.
async fn drain(app: &App, row: &media::Model, body: &mut Body) {
    let mut left = DRAINED;
    while left > 0 {
        let Ok(Some(piece)) = next(app, row, body).await else { return };
        left = left.saturating_sub(piece.len() as u64);
    }
}

/// The next bytes. A client that sends none for long, or longer than an upload may be on its way, is given up.
async fn next(app: &App, row: &media::Model, body: &mut Body) -> Result<Option<Bytes>, End> {
    loop {
        if row.expires_at.is_some_and(|at| at <= app.clock.now()) {
            return Err(End::Broken);
        }
        match app.clock.timeout(app.settings.timing.client_stall, body.next()).await {
            Some(Some(Ok(piece))) if piece.is_empty() => {}
            Some(Some(Ok(piece))) => return Ok(Some(piece)),
            Some(None) => return Ok(None),
            Some(Some(Err(_))) | None => return Err(End::Broken),
        }
    }
}

/// Begins an upload in parts. `encrypted`: by its devices, so that nothing is known of it.
pub async fn announce(
    app: &App,
    scope: CompanyScope,
    owner: UserId,
    (name, encrypted): (Option<String>, bool),
    size: u64,
) -> Result<media::Model> {
    if size == 0 {
        return Err(Error::invalid("Upload-Length", "must be at least 1: there are no empty media"));
    }
    let within = TimeDelta::from_std(app.settings.media.upload_kept).unwrap_or(TimeDelta::days(1));
    let kind = encrypted.then_some(MediaKind::Encrypted);
    begin(app, scope, Announced { owner, name, size, store: MediaStore::Files, kind, within }).await
}

/// The upload of `owner`, as far as it has come: one that is ready as well, since a client may not have heard of the last part.
pub async fn progress(app: &App, scope: CompanyScope, owner: UserId, id: MediaId) -> Result<media::Model> {
    super::get(app, scope, super::Asker::Owner(owner), id).await
}

/// Takes the bytes of an upload from `offset` on, and answers how far it is then. When they are the last, the file is put
/// together, and ready.
///
/// The work goes on when nobody waits for its end any more: what has come over a connection that is lost is kept.
///
/// # Errors
/// `Conflict` when the upload goes on elsewhere; `Invalid` for what is not taken.
pub async fn receive(
    app: &App,
    scope: CompanyScope,
    owner: UserId,
    id: MediaId,
    offset: u64,
    mut body: Body,
) -> Result<media::Model> {
    let row = progress(app, scope, owner, id).await?;
    if row.state != MediaState::Uploading || unsigned(row.received_bytes) != offset {
        drain(app, &row, &mut body).await;
        return Err(goes_on_at(&row));
    }
    let (app, busy) = (app.clone(), app.clock.busy());
    let work = tokio::spawn(async move {
        let went = take_parts(&app, scope, row, body).await;
        drop(busy);
        went
    });
    work.await.map_err(|cause| Error::internal("take the parts of an upload", cause))?
}

async fn take_parts(
    app: &App,
    scope: CompanyScope,
    mut row: media::Model,
    mut body: Body,
) -> Result<media::Model> {
    loop {
        let went = take_part(app, scope, &row, &mut body).await;
        if went.is_err() {
            drain(app, &row, &mut body).await;
        }
        let (taken, end) = went?;
        row = taken;
        if row.state == MediaState::Processing {
            return finish::finish(app, scope, row.id).await;
        }
        match end {
            End::Full => {}
            End::Whole => return Ok(row),
            End::Broken => return Err(broken_off()),
        }
    }
}

/// Writes what comes to a file of its own, and then notes it. The file of which nobody has noted anything is deleted.
async fn take_part(
    app: &App,
    scope: CompanyScope,
    row: &media::Model,
    body: &mut Body,
) -> Result<(media::Model, End)> {
    let (offset, size) = (unsigned(row.received_bytes), unsigned(row.size_bytes));
    let mut whole = Whole::default();
    let mut part: Option<(String, Upload)> = None;
    let end = loop {
        let piece = match next(app, row, body).await {
            Ok(Some(piece)) => piece,
            Ok(None) => break End::Whole,
            Err(end) => break end,
        };
        let (key, mut upload) = match part.take() {
            Some(begun) => begun,
            None => {
                let file: uuid::Uuid = app.ids.next();
                let key = format!("{}/media/{}/part-{}", scope.company(), row.id, file.simple());
                let upload = files::begin(app, scope, &key).await?;
                (key, upload)
            }
        };
        if offset + upload.size() + piece.len() as u64 > size {
            upload.discard().await;
            return Err(too_large(size));
        }
        if offset == 0
            && whole.looks_at(&piece)
            && let Err(error) = check(app, row, whole.head())
        {
            upload.discard().await;
            remove::remove(app, scope, super::Asker::Server, row.id).await?;
            return Err(error);
        }
        upload.write(piece).await?;
        let is_full = upload.size() >= PART;
        part = Some((key, upload));
        if is_full {
            break End::Full;
        }
    };
    let Some((key, upload)) = part else { return Ok((row.clone(), end)) };
    let kept = upload.finish().await?;
    match note_part(app, scope, row, &key, kept.size).await {
        Ok(row) => Ok((row, end)),
        Err(error) => {
            files::delete(app, scope, &key).await?;
            Err(error)
        }
    }
}

/// The part counts from here on. Of two at the same place the first does.
async fn note_part(
    app: &App,
    scope: CompanyScope,
    begun: &media::Model,
    key: &str,
    size: u64,
) -> Result<media::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = rows::lock(scope, unit.tx(), begun.id).await?;
    if row.state != MediaState::Uploading || row.received_bytes != begun.received_bytes {
        return Err(goes_on_at(&row));
    }
    let part = media_part::Model {
        company_id: scope.company(),
        media_id: row.id,
        starts_at: row.received_bytes,
        size_bytes: signed(size),
        storage_key: key.to_owned(),
    };
    if rows::add_part(scope, unit.tx(), part).await? == Inserted::Conflicted {
        return Err(goes_on_at(&row));
    }
    row.received_bytes += signed(size);
    if row.received_bytes >= row.size_bytes {
        row.state = row.state.advance(MediaState::Processing).unwrap_or(row.state);
        let later = unit.now() + FINISHED_BY_OTHERS;
        unit.job(JobKind::FinishMedia, row.id, json!({}), later);
    }
    rows::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(row)
}

/// Whether a file that begins so is taken.
fn check(app: &App, row: &media::Model, head: &[u8]) -> Result<()> {
    let found = kinds::recognize(head, Said::of(row)).ok_or_else(refused)?;
    fits(app, found.kind, unsigned(row.size_bytes))
}

fn goes_on_at(row: &media::Model) -> Error {
    if row.state == MediaState::Deleted {
        return Error::NotFound(Subject::Media);
    }
    let message = format!("The upload goes on at byte {}.", row.received_bytes);
    Error::conflict(Code::UploadOffset, message)
}

fn broken_off() -> Error {
    Error::Unavailable { code: Code::UploadBrokenOff, message: "The upload broke off. Go on where it is." }
}

fn too_large(limit: u64) -> Error {
    Error::Invalid {
        code: Code::MediaTooLarge,
        message: format!("The file has more than {limit} bytes.").into(),
        fields: Vec::new(),
    }
}
