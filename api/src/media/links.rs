//! Links to media: addresses that open a file to whoever has them, for an hour or two and without a token. They end with their
//! time, and at once when the media are deleted.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use entity::id::{CompanyId, MediaId};
use entity::{CompanyScope, MediaKind, MediaState, MediaStore, media};

use super::{cloudinary, names, thumbnails, unsigned};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::files;
use crate::signed_link;
use crate::storage::{Link, Pieces};
use crate::store::media as rows;

/// Links of one such span end together: who asks again has the same address, and his browser has the file.
const SPAN: TimeDelta = TimeDelta::hours(1);
/// Good for this long at the least.
const AT_LEAST: TimeDelta = TimeDelta::hours(1);
/// How long a link to the store itself is good, to which ours leads.
const AT_STORE: Duration = Duration::from_secs(300);

/// Where media can be fetched.
#[derive(Clone, Debug)]
pub struct Links {
    pub url: String,
    /// Of a picture, once there is one.
    pub thumbnail_url: Option<String>,
    pub until: DateTime<Utc>,
}

/// `None` for what is not ready.
pub fn of(app: &App, row: &media::Model) -> Result<Option<Links>> {
    if row.state != MediaState::Ready {
        return Ok(None);
    }
    let until = app.clock.now() + AT_LEAST + SPAN;
    let until = until.duration_trunc(SPAN).map_err(|cause| Error::internal("end a link", cause))?;
    let sign = |path: &str| -> Result<String> {
        Ok(format!("{}{}", app.settings.public_url, signed_link::sign(&app.keys, path, until)?))
    };
    let path = path(row.company_id, row.id);
    let thumbnail_url = row.thumbnail_key.as_ref().map(|_| sign(&format!("{path}/thumbnail"))).transpose()?;
    Ok(Some(Links { url: sign(&path)?, thumbnail_url, until }))
}

fn path(company: CompanyId, id: MediaId) -> String {
    format!("/media/{company}/files/{id}")
}

/// An address as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    pub company: &'a str,
    pub media: &'a str,
    /// `/thumbnail`, or nothing.
    pub part: &'a str,
    pub until: &'a str,
    pub signature: &'a str,
}

/// The row at this address and how long the address is good still; `None` when it is not one of ours, its time is over, or
/// there is no file any more.
async fn open(app: &App, address: Address<'_>) -> Result<Option<(media::Model, Duration)>> {
    let (Ok(company), Ok(id), Ok(until)) =
        (address.company.parse(), address.media.parse(), address.until.parse::<i64>())
    else {
        return Ok(None);
    };
    let (now, path) = (app.clock.now(), format!("{}{}", path(company, id), address.part));
    if !signed_link::opens(&app.keys, &path, until, address.signature, now)? {
        return Ok(None);
    }
    let left = u64::try_from(until - now.timestamp()).map(Duration::from_secs).unwrap_or_default();
    match rows::get(mint(company), app.db.reader(), id).await {
        Ok(row) if row.state == MediaState::Ready => Ok(Some((row, left))),
        Ok(_) | Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// After our own signature over the company's id and that of the media.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}

/// A file that may be fetched.
#[derive(Clone, Debug)]
pub struct File {
    scope: CompanyScope,
    row: media::Model,
    key: String,
    pub size: u64,
    /// Changes with the file.
    pub tag: String,
    pub content_type: String,
    pub disposition: String,
    /// How long a browser need not ask again.
    pub fresh_for: Duration,
}

pub async fn fetch(app: &App, address: Address<'_>) -> Result<Option<File>> {
    let Some((row, left)) = open(app, address).await? else { return Ok(None) };
    let (Some(key), Some(content_type)) = (row.storage_key.clone(), row.content_type.clone()) else {
        return Ok(None);
    };
    Ok(Some(File {
        scope: mint(row.company_id),
        key,
        size: unsigned(row.size_bytes),
        tag: row.sha256.clone().unwrap_or_default(),
        content_type: with_charset(content_type),
        disposition: names::disposition(how(&row), row.name.as_deref()),
        fresh_for: left,
        row,
    }))
}

/// A document is never shown in the place of a page of ours, nor what nobody knows.
fn how(row: &media::Model) -> &'static str {
    match row.kind {
        Some(MediaKind::Image | MediaKind::Audio | MediaKind::Video) => "inline",
        Some(MediaKind::Document | MediaKind::Encrypted) | None => "attachment",
    }
}

fn with_charset(content_type: String) -> String {
    if content_type.starts_with("text/") { format!("{content_type}; charset=utf-8") } else { content_type }
}

impl File {
    /// An address at which the store itself has it for some minutes, when it is there or the settings want that.
    pub async fn link(&self, app: &App) -> Result<Option<String>> {
        match self.row.store {
            MediaStore::Cloudinary => cloudinary::link(app, &self.row, AT_STORE).map(Some),
            MediaStore::Files => {
                let (content_type, disposition) = (&self.content_type, &self.disposition);
                files::link(
                    app,
                    self.scope,
                    &self.key,
                    Link { valid_for: AT_STORE, content_type, disposition },
                )
                .await
            }
        }
    }

    pub async fn read(&self, app: &App, range: Option<Range<u64>>) -> Result<Pieces> {
        files::read(app, self.scope, &self.key, range).await?.ok_or(Error::NotFound(Subject::Media))
    }
}

/// A small picture: all of it, since it is small.
pub struct Thumbnail {
    pub bytes: Bytes,
    pub content_type: &'static str,
    pub tag: String,
    pub fresh_for: Duration,
}

pub async fn fetch_thumbnail(app: &App, address: Address<'_>) -> Result<Option<Thumbnail>> {
    let Some((row, fresh_for)) = open(app, address).await? else { return Ok(None) };
    let Some(key) = row.thumbnail_key else { return Ok(None) };
    let content_type = thumbnails::content_type(&key);
    let tag = key.rsplit('/').next().unwrap_or_default().to_owned();
    let bytes = files::get(app, mint(row.company_id), &key).await?;
    Ok(bytes.map(|bytes| Thumbnail { bytes, content_type, tag, fresh_for }))
}
