//! Stories: posted, seen, reacted to, deleted.

use chrono::{DateTime, Utc};
use entity::id::{MediaId, StoryId, UserId};
use entity::{StoryAudience, StoryKind, media};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, DeleteStories, ReadStories, WriteStories};
use crate::error::Result as OurResult;
use crate::media::links::{self, Links};
use crate::slice::Slice;
use crate::stories::shown::{Own, Shown};
use crate::stories::views::Viewed;
use crate::stories::{self as desk, Draft, Seers, remove, views};

pub struct Stories;

/// What somebody shows his colleagues for a day.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct StoryOut {
    pub id: Uuid,
    /// Who has posted it.
    pub user_id: Uuid,
    pub user_name: String,
    pub kind: Word<StoryKind>,
    /// The text, or what stands below a picture or a film.
    pub text: Option<String>,
    /// Behind a text: `#RRGGBB`.
    pub background: Option<String>,
    /// Of a picture and of a film, unless its author has deleted the file.
    pub media: Option<StoryMediaOut>,
    pub posted_at: DateTime<Utc>,
    /// When its day is over: only highlights show it from then on.
    pub expires_at: DateTime<Utc>,
    /// Whether the caller has seen it (`POST /api/stories/{id}/views`). An author has seen his own.
    pub seen: bool,
    /// What the caller thinks of it.
    pub reaction: Option<String>,
    /// Only for its author: who sees it, how many have, and which highlights have it.
    pub own: Option<StoryOwnOut>,
}

/// The file of a story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct StoryMediaOut {
    pub id: Uuid,
    pub content_type: Option<String>,
    pub size_bytes: i64,
    /// Pixels, as it is looked at.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub duration_ms: Option<i64>,
    /// Opens the file to whoever has this address, without a token, until `linksUntil`; no longer than the story is there.
    pub url: String,
    /// The same for a small picture of a picture.
    pub thumbnail_url: Option<String>,
    pub links_until: DateTime<Utc>,
}

/// What only the author of a story is told.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct StoryOwnOut {
    pub audience: StoryViewersOut,
    /// How many have seen it.
    pub views: i64,
    pub highlight_ids: Vec<Uuid>,
}

/// Who sees a story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct StoryViewersOut {
    pub who: Word<StoryAudience>,
    /// Who does not (`except`), or who alone does (`only`).
    pub user_ids: Vec<Uuid>,
}

/// Who is to see a story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct StoryViewersIn {
    who: Word<StoryAudience>,
    /// Members of the company: who does not see it (`except`), or who alone does (`only`).
    #[oai(validator(max_items = 500), default)]
    user_ids: Vec<Uuid>,
}

/// A story that is to be posted.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct StoryIn {
    /// The text, or what stands below a picture or a film.
    #[oai(validator(max_length = 700))]
    text: Option<String>,
    /// Behind a text: `#RRGGBB`.
    #[oai(validator(pattern = "^#[0-9a-fA-F]{6}$"))]
    background: Option<String>,
    /// A picture or a film that the caller has uploaded. It goes with the story.
    media_id: Option<Uuid>,
    /// Everybody in the company unless said.
    audience: Option<StoryViewersIn>,
}

/// What somebody thinks of a story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct StoryReactionIn {
    /// One emoji.
    #[oai(validator(min_length = 1, max_length = 40))]
    emoji: String,
}

/// Somebody who has seen a story.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct StoryViewOut {
    user_id: Uuid,
    user_name: String,
    /// For the first time.
    viewed_at: DateTime<Utc>,
    /// What he thinks of it.
    emoji: Option<String>,
    reacted_at: Option<DateTime<Utc>>,
}

impl From<StoryIn> for Draft {
    fn from(body: StoryIn) -> Self {
        let audience = body.audience.map(|audience| Seers {
            who: audience.who.0,
            listed: audience.user_ids.into_iter().map(UserId).collect(),
        });
        Self {
            text: body.text,
            background: body.background,
            media: body.media_id.map(MediaId),
            audience: audience.unwrap_or(Seers { who: StoryAudience::Everyone, listed: Vec::new() }),
        }
    }
}

impl StoryMediaOut {
    fn of(app: &App, row: media::Model) -> OurResult<Option<Self>> {
        let Some(Links { url, thumbnail_url, until }) = links::of(app, &row)? else { return Ok(None) };
        Ok(Some(Self {
            id: row.id.0,
            content_type: row.content_type,
            size_bytes: row.size_bytes,
            width: row.width,
            height: row.height,
            duration_ms: row.duration_ms,
            url,
            thumbnail_url,
            links_until: until,
        }))
    }
}

impl StoryOut {
    pub fn of(app: &App, shown: Shown) -> OurResult<Self> {
        let Shown { row, author, media, view, own } = shown;
        let media = media.map(|media| StoryMediaOut::of(app, media)).transpose()?.flatten();
        let audience = row.audience;
        Ok(Self {
            id: row.id.0,
            user_id: row.user_id.0,
            user_name: author,
            kind: Word(row.kind),
            text: row.text,
            background: row.background,
            media,
            posted_at: row.posted_at,
            expires_at: row.expires_at,
            seen: own.is_some() || view.is_some(),
            reaction: view.and_then(|view| view.emoji),
            own: own.map(|own| StoryOwnOut::of(audience, own)),
        })
    }

    pub fn all(app: &App, shown: Vec<Shown>) -> OurResult<Vec<Self>> {
        shown.into_iter().map(|shown| Self::of(app, shown)).collect()
    }
}

impl StoryOwnOut {
    fn of(who: StoryAudience, own: Own) -> Self {
        let Own { listed, views, highlights } = own;
        let user_ids = listed.into_iter().map(|user| user.0).collect();
        let highlight_ids = highlights.into_iter().map(|id| id.0).collect();
        Self { audience: StoryViewersOut { who: Word(who), user_ids }, views, highlight_ids }
    }
}

impl From<Viewed> for StoryViewOut {
    fn from(Viewed { row, viewer }: Viewed) -> Self {
        Self {
            user_id: row.user_id.0,
            user_name: viewer,
            viewed_at: row.viewed_at,
            emoji: row.emoji,
            reacted_at: row.reacted_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/stories", tag = "Tag::Stories")]
impl Stories {
    /// Lists the stories that the caller may see, newest first.
    ///
    /// His own and his colleagues', none of which is older than 24 hours.
    #[oai(path = "/", method = "get", operation_id = "listStories")]
    async fn list(
        &self,
        can: Can<ReadStories>,
        Data(app): Data<&App>,
        /// Only this person's.
        #[oai(name = "userId")]
        Query(user): Query<Option<Uuid>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<StoryOut>> {
        let (scope, viewer) = (can.scope()?, can.caller().user);
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        let Slice { rows, next_cursor } =
            desk::feed(app, scope, viewer, user.map(UserId), cursor.as_deref(), limit).await?;
        Ok(Json(Success { next_cursor, ..Success::of(StoryOut::all(app, rows)?) }))
    }

    /// Posts a story, which is gone 24 hours later.
    ///
    /// A text, or a picture or film (`POST /api/media`) with or without one. 409 `MEDIA_NOT_UPLOADED` while the file is on its
    /// way, 409 `TOO_MANY_STORIES` for who has 100.
    #[oai(path = "/", method = "post", operation_id = "postStory")]
    async fn post(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<StoryIn>,
    ) -> Result<Created<StoryOut>, Failure> {
        let shown = desk::post(app, can.scope()?, can.caller().user, body.into()).await?;
        Created::of(StoryOut::of(app, shown)?)
    }

    /// Shows a story that the caller may see.
    #[oai(path = "/:id", method = "get", operation_id = "getStory")]
    async fn get(
        &self,
        can: Can<ReadStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<StoryOut> {
        let shown = desk::get(app, can.scope()?, can.caller().user, StoryId(id)).await?;
        Success::ok(StoryOut::of(app, shown)?)
    }

    /// Deletes a story, with its file.
    ///
    /// The caller's own; who may delete everybody's any other, though it is not shown to him. That is noted in the audit.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteStory")]
    async fn delete(
        &self,
        can: Can<DeleteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        remove::delete(app, can.scope()?, can.caller().user, can.rows(), StoryId(id)).await?;
        Done::saying("The story is deleted.")
    }

    /// Lists who has seen a story of the caller's, newest first.
    #[oai(path = "/:id/views", method = "get", operation_id = "listStoryViews")]
    async fn views(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<StoryViewOut>> {
        let (scope, author, limit) = (can.scope()?, can.caller().user, limit_within(limit, LARGEST_LIMIT)?);
        views::list(app, scope, author, StoryId(id), cursor.as_deref(), limit).await?.reply()
    }

    /// Notes that the caller has seen a story.
    ///
    /// The first time counts. Its author, who is told, does not count himself.
    #[oai(path = "/:id/views", method = "post", operation_id = "viewStory")]
    async fn view(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        views::view(app, can.scope()?, can.caller().user, StoryId(id)).await?;
        Done::saying("The story is seen.")
    }

    /// Says what the caller thinks of a colleague's story, in the place of what he has said before.
    #[oai(path = "/:id/react", method = "post", operation_id = "reactToStory")]
    async fn react(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<StoryReactionIn>,
    ) -> Result<Json<Done>, Failure> {
        views::react(app, can.scope()?, can.caller().user, StoryId(id), Some(body.emoji)).await?;
        Done::saying("The reaction is noted.")
    }

    /// Takes back what the caller has said of a story.
    #[oai(path = "/:id/react", method = "delete", operation_id = "takeBackStoryReaction")]
    async fn take_back(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        views::react(app, can.scope()?, can.caller().user, StoryId(id), None).await?;
        Done::saying("The reaction is taken back.")
    }
}
