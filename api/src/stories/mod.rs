//! Stories: what somebody shows his colleagues for a day. docs/stories.md is the contract.
//!
//! Owns their rows, who sees them, who has seen them, and how they go: when their day is over (unless a highlight keeps
//! them), by their author's hand or a manager's. Every read asks the clock, so a story whose day is over is shown to nobody
//! though the job that ends it has not come yet. Media are another's; a story names them, and takes them along when it goes.

mod emoji;
pub mod highlights;
pub mod remove;
pub mod shown;
pub mod views;

use chrono::TimeDelta;
use entity::id::{MediaId, StoryId, UserId};
use entity::{CompanyScope, JobKind, MediaKind, MediaState, StoryAudience, StoryKind, media, story};
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::slice::{Slice, read_cursor};
use crate::store::stories::{self as rows, Feed};
use crate::store::{Audience, Unit, chats, media as media_rows};
use shown::Shown;

/// How long a story is in feeds.
pub const DAY: TimeDelta = TimeDelta::hours(24);
/// So many may one person have in feeds.
pub const MOST_LIVE: u64 = 100;

/// A story that is to be posted.
#[derive(Clone, Debug)]
pub struct Draft {
    pub text: Option<String>,
    pub background: Option<String>,
    pub media: Option<MediaId>,
    pub audience: Seers,
}

/// Who sees it.
#[derive(Clone, Debug)]
pub struct Seers {
    pub who: StoryAudience,
    /// Who does not, or who alone does.
    pub listed: Vec<UserId>,
}

impl Seers {
    /// Whether it is for somebody who has not posted it.
    fn includes(&self, user: UserId) -> bool {
        match self.who {
            StoryAudience::Everyone => true,
            StoryAudience::Except => !self.listed.contains(&user),
            StoryAudience::Only => self.listed.contains(&user),
        }
    }
}

/// Posts a story, and tells those who may see it.
///
/// # Errors
/// `NotFound(Media)` for media that are not the author's own; `Invalid` names each wrong field.
pub async fn post(app: &App, scope: CompanyScope, author: UserId, draft: Draft) -> Result<Shown> {
    let Draft { text, background, media, audience } = draft;
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let audience = check_audience(app, scope, author, audience).await?;
    if media.is_none() && text.is_none() {
        return Err(Error::invalid("/text", "must say something where there is no picture and no film"));
    }
    if media.is_some() && background.is_some() {
        return Err(Error::invalid("/background", "is for texts without a picture or a film"));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let kind = match media {
        Some(media) => kind_of(&media_rows::lock(scope, unit.tx(), media).await?, author)?,
        None => StoryKind::Text,
    };
    let now = unit.now();
    if rows::count_live(scope, unit.tx(), author, now).await? >= MOST_LIVE {
        return Err(too_many(MOST_LIVE, "stories at once"));
    }
    let row = story::Model {
        id: unit.id(),
        company_id: scope.company(),
        user_id: author,
        kind,
        text,
        background,
        media_id: media,
        audience: audience.who,
        posted_at: now,
        expires_at: now + DAY,
        kept_at: None,
    };
    if let Some(media) = media {
        media_rows::was_shown(scope, unit.tx(), media, now).await?;
    }
    rows::insert(scope, unit.tx(), row.clone(), &audience.listed).await?;
    unit.job(JobKind::ExpireStory, row.id, json!({}), row.expires_at);
    let seers = seers(&unit, &row, &audience).await?;
    let news = json!({"storyId": row.id, "userId": author, "kind": row.kind, "postedAt": row.posted_at, "expiresAt": row.expires_at});
    unit.tell(&seers, "new_story", news);
    unit.commit().await?;
    shown::one(app, scope, author, row).await
}

/// # Errors
/// `NotFound` for media that are not his, or gone.
fn kind_of(row: &media::Model, author: UserId) -> Result<StoryKind> {
    let gone = || Error::NotFound(crate::error::Subject::Media);
    if row.user_id != author {
        return Err(gone());
    }
    match row.state {
        MediaState::Ready => {}
        MediaState::Uploading | MediaState::Processing => {
            return Err(Error::conflict(Code::MediaNotUploaded, "The file is not uploaded yet."));
        }
        MediaState::Deleted => return Err(gone()),
    }
    match row.kind {
        Some(MediaKind::Image) => Ok(StoryKind::Image),
        Some(MediaKind::Video) => Ok(StoryKind::Video),
        Some(MediaKind::Audio | MediaKind::Document | MediaKind::Encrypted) | None => {
            Err(Error::invalid("/mediaId", "is neither a picture nor a film"))
        }
    }
}

/// Each once, and without the author, who sees his own in any case.
async fn check_audience(app: &App, scope: CompanyScope, author: UserId, wanted: Seers) -> Result<Seers> {
    let Seers { who, mut listed } = wanted;
    match (who, listed.is_empty()) {
        (StoryAudience::Everyone, true) => return Ok(Seers { who, listed }),
        (StoryAudience::Everyone, false) => {
            return Err(Error::invalid("/audience/userIds", "is for `except` and `only`"));
        }
        (StoryAudience::Except | StoryAudience::Only, _) => {}
    }
    let known = rows::colleagues(scope, app.db.reader(), Some(&listed)).await?;
    let strangers = listed.iter().enumerate().filter(|(_, user)| !known.contains(user));
    let wrong = strangers.map(|(place, _)| crate::error::FieldError {
        field: format!("/audience/userIds/{place}"),
        message: "is no member of the company".to_owned(),
    });
    Error::unless_empty(wrong.collect())?;
    listed.retain(|user| *user != author);
    listed.sort();
    listed.dedup();
    if listed.is_empty() {
        return Err(Error::invalid("/audience/userIds", "must name somebody else"));
    }
    Ok(Seers { who, listed })
}

/// The rooms of those who may see a story: not of who has blocked its author, or is blocked by him.
async fn seers(unit: &Unit, row: &story::Model, audience: &Seers) -> Result<Vec<Audience<'static>>> {
    let blocked = chats::blocked_with(unit.scope(), unit.tx(), row.user_id).await?;
    if audience.who == StoryAudience::Everyone && blocked.is_empty() {
        return Ok(vec![Audience::Company]);
    }
    let colleagues = rows::colleagues(unit.scope(), unit.tx(), None).await?;
    let may_see = |user: &UserId| audience.includes(*user) && !blocked.contains(user);
    let seers = colleagues.into_iter().filter(|user| *user == row.user_id || may_see(user));
    Ok(seers.map(Audience::User).collect())
}

/// The audience of a story as it was posted.
async fn audience_of(unit: &Unit, row: &story::Model) -> Result<Seers> {
    let listed = rows::listed(unit.scope(), unit.tx(), &[row.id]).await?;
    Ok(Seers { who: row.audience, listed: listed.into_iter().map(|row| row.listed_user_id).collect() })
}

fn too_many(most: u64, what: &str) -> Error {
    Error::conflict(Code::TooManyStories, format!("One person may have {most} {what}."))
}

/// The stories that this person may see now, his own among them, newest first; with `author`, only that person's.
pub async fn feed(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    author: Option<UserId>,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Shown>> {
    let before: Option<StoryId> = read_cursor(cursor)?;
    let feed = Feed { viewer, author, now: app.clock.now() };
    let found = rows::feed(scope, app.db.reader(), feed, before, limit + 1).await?;
    let Slice { rows, next_cursor } = Slice::of(found, limit, |row| row.id);
    Ok(Slice { rows: shown::all(app, scope, viewer, rows).await?, next_cursor })
}

/// One that this person may see now, in its day or in a highlight.
pub async fn get(app: &App, scope: CompanyScope, viewer: UserId, id: StoryId) -> Result<Shown> {
    let row = rows::one_shown(scope, app.db.reader(), viewer, id, app.clock.now()).await?;
    shown::one(app, scope, viewer, row).await
}
