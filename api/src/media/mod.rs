//! Media: files that people upload and that others of the company are shown. Whatever shows them (messages, stories) keeps
//! their id and nothing else. docs/media.md is the contract.
//!
//! Owns their rows and their files, from the first byte to the last link. A file is there when it is complete and was
//! recognized by its content, and not before; no part of one is ever served. Knows nothing of what names it: who may see
//! media because of a message is the message's to say.

pub mod cloudinary;
pub mod finish;
mod kinds;
pub mod links;
mod names;
pub mod remove;
mod thumbnails;
pub mod upload;

pub use thumbnails::make as make_thumbnail;

use chrono::TimeDelta;
use entity::id::{MediaId, UserId};
use entity::{CompanyScope, JobKind, MediaKind, MediaState, MediaStore, media};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::config::Settings;
use crate::error::{Code, Error, Result, Subject};
use crate::slice::{Slice, read_cursor};
use crate::store::Unit;
use crate::store::media::{self as rows, Filter};
use cloudinary::Cloudinary;

/// What a node has of its own for media.
pub struct MediaDesk {
    /// One picture is made small at a time: a large one takes a quarter of a gigabyte meanwhile.
    thumbnails: Semaphore,
    cloudinary: Option<Cloudinary>,
}

impl MediaDesk {
    pub fn new(settings: &Settings) -> Result<Self> {
        let cloudinary = settings.cloudinary.as_ref().map(Cloudinary::new).transpose()?;
        Ok(Self { thumbnails: Semaphore::new(1), cloudinary })
    }
}

/// A file as it is announced.
#[derive(Clone, Debug)]
pub struct Announced {
    pub owner: UserId,
    /// As its owner calls it.
    pub name: Option<String>,
    /// 0 when nobody has said.
    pub size: u64,
    pub store: MediaStore,
    /// Where there is somebody who knows before the file is there.
    pub kind: Option<MediaKind>,
    /// How long it may be on its way.
    pub within: TimeDelta,
}

/// Begins an upload. Whatever becomes of it, it is forgotten in time unless it is complete.
async fn begin(app: &App, scope: CompanyScope, announced: Announced) -> Result<media::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    has_room(app, scope, unit.tx(), announced.size).await?;
    let (id, now): (MediaId, _) = (unit.id(), unit.now());
    let expires_at = now + announced.within;
    let row = media::Model {
        id,
        company_id: scope.company(),
        user_id: announced.owner,
        state: MediaState::Uploading,
        kind: announced.kind,
        content_type: None,
        name: announced.name.as_deref().and_then(names::plain),
        size_bytes: signed(announced.size),
        received_bytes: 0,
        sha256: None,
        width: None,
        height: None,
        duration_ms: None,
        store: announced.store,
        storage_key: Some(match announced.store {
            MediaStore::Files => new_key(&unit, id),
            MediaStore::Cloudinary => format!("{}-{id}", scope.company()),
        }),
        thumbnail_key: None,
        created_at: now,
        ready_at: None,
        expires_at: Some(expires_at),
        deleted_at: None,
        shown_at: None,
    };
    rows::insert(scope, unit.tx(), row.clone()).await?;
    unit.job(JobKind::ExpireMedia, id, json!({}), expires_at);
    unit.commit().await?;
    Ok(row)
}

/// A key that is given once.
fn new_key(unit: &Unit, id: MediaId) -> String {
    let file: uuid::Uuid = unit.id();
    format!("{}/media/{id}/{}", unit.company(), file.simple())
}

/// # Errors
/// When the company's media may not take so many bytes more.
async fn has_room<C: sea_orm::ConnectionTrait>(
    app: &App,
    scope: CompanyScope,
    db: &C,
    more: u64,
) -> Result<()> {
    let Some(quota) = app.settings.media.quota else { return Ok(()) };
    let used = u64::try_from(rows::used(scope, db).await?).unwrap_or_default();
    if used.saturating_add(more) <= quota {
        return Ok(());
    }
    let message = format!("The company's media may take {quota} bytes, and take {used} now.");
    Err(Error::conflict(Code::MediaQuotaExceeded, message))
}

/// # Errors
/// When a file of this kind may not be so large.
fn fits(app: &App, kind: MediaKind, size: u64) -> Result<()> {
    let limit = app.settings.media.limit(kind);
    if size <= limit {
        return Ok(());
    }
    Err(Error::Invalid {
        code: Code::MediaTooLarge,
        message: format!("A file of the kind {} may have at most {limit} bytes.", kind.as_str()).into(),
        fields: Vec::new(),
    })
}

fn refused() -> Error {
    Error::Invalid {
        code: Code::MediaTypeRefused,
        message: "This is no picture, sound, film or document that is taken here. See docs/media.md.".into(),
        fields: Vec::new(),
    }
}

/// A size as rows keep it.
fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn unsigned(size: i64) -> u64 {
    u64::try_from(size).unwrap_or_default()
}

/// Who asks for media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Somebody, for his own.
    Owner(UserId),
    /// Somebody who may see the company's: not those that others have shown in a chat or a story, which are for those who see that.
    Manager(UserId),
    /// The server itself.
    Server,
}

impl Asker {
    fn sees(self, row: &media::Model) -> bool {
        match self {
            Self::Owner(user) => row.user_id == user,
            Self::Manager(user) => row.user_id == user || row.shown_at.is_none(),
            Self::Server => true,
        }
    }
}

/// Media that are there, and that who asks may see.
pub async fn get(app: &App, scope: CompanyScope, by: Asker, id: MediaId) -> Result<media::Model> {
    let row = rows::get(scope, app.db.reader(), id).await?;
    if by.sees(&row) && row.state != MediaState::Deleted {
        Ok(row)
    } else {
        Err(Error::NotFound(Subject::Media))
    }
}

/// Those that are ready, newest first.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    filter: Filter,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<media::Model>> {
    let before = read_cursor(cursor)?;
    let rows = rows::list(scope, app.db.reader(), filter, before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}
