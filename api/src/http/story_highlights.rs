//! Highlights: stories that stay.

use chrono::{DateTime, Utc};
use entity::id::{StoryHighlightId, StoryId, UserId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::stories::StoryOut;
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadStories, WriteStories};
use crate::error::Result as OurResult;
use crate::stories::highlights::{self as desk, Highlight, Listed};

pub struct StoryHighlights;

/// Stories of one person's that stay beyond their day.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct StoryHighlightOut {
    id: Uuid,
    /// Whose stories they are.
    user_id: Uuid,
    user_name: String,
    title: String,
    /// Those that the caller may see, in their author's order.
    story_ids: Vec<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A highlight in a list, with what it is shown by.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ListedStoryHighlightOut {
    #[oai(flatten)]
    highlight: StoryHighlightOut,
    /// The first of its stories that the caller may see.
    cover: StoryOut,
}

/// A highlight that is to be made.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewStoryHighlightIn {
    #[oai(validator(min_length = 1, max_length = 60))]
    title: String,
    /// The caller's own, in the order in which they are shown.
    #[oai(validator(min_items = 1, max_items = 100))]
    story_ids: Vec<Uuid>,
}

/// What is absent stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct StoryHighlightIn {
    #[oai(validator(min_length = 1, max_length = 60))]
    title: Option<String>,
    /// In the place of those that are in it. One that leaves it when its day is over is gone.
    #[oai(validator(min_items = 1, max_items = 100))]
    story_ids: Option<Vec<Uuid>>,
}

impl From<Highlight> for StoryHighlightOut {
    fn from(Highlight { row, author, stories }: Highlight) -> Self {
        Self {
            id: row.id.0,
            user_id: row.user_id.0,
            user_name: author,
            title: row.title,
            story_ids: stories.into_iter().map(|id| id.0).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl ListedStoryHighlightOut {
    fn of(app: &App, Listed { highlight, cover }: Listed) -> OurResult<Self> {
        Ok(Self { highlight: highlight.into(), cover: StoryOut::of(app, cover)? })
    }
}

fn ids(ids: Vec<Uuid>) -> Vec<StoryId> {
    ids.into_iter().map(StoryId).collect()
}

#[OpenApi(prefix_path = "/api/stories/highlights", tag = "Tag::Stories")]
impl StoryHighlights {
    /// Lists somebody's highlights, the oldest first.
    ///
    /// Each with the first story that the caller may see; a highlight of which he may see nothing is not there for him.
    #[oai(path = "/", method = "get", operation_id = "listStoryHighlights")]
    async fn list(
        &self,
        can: Can<ReadStories>,
        Data(app): Data<&App>,
        /// Whose; the caller's own unless said.
        #[oai(name = "userId")]
        Query(user): Query<Option<Uuid>>,
    ) -> Reply<Vec<ListedStoryHighlightOut>> {
        let viewer = can.caller().user;
        let found = desk::list(app, can.scope()?, viewer, user.map_or(viewer, UserId)).await?;
        let data =
            found.into_iter().map(|one| ListedStoryHighlightOut::of(app, one)).collect::<OurResult<_>>()?;
        Ok(Json(Success::of(data)))
    }

    /// Keeps stories of the caller's under a title.
    ///
    /// Those that are there still: what is gone after its day cannot be kept any more. 409 `TOO_MANY_STORIES` for who has 50
    /// highlights.
    #[oai(path = "/", method = "post", operation_id = "createStoryHighlight")]
    async fn post(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewStoryHighlightIn>,
    ) -> Result<Created<StoryHighlightOut>, Failure> {
        let (scope, author) = (can.scope()?, can.caller().user);
        Created::of(desk::create(app, scope, author, &body.title, &ids(body.story_ids)).await?)
    }

    /// Shows a highlight.
    #[oai(path = "/:id", method = "get", operation_id = "getStoryHighlight")]
    async fn get(
        &self,
        can: Can<ReadStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<StoryHighlightOut> {
        Success::ok(desk::get(app, can.scope()?, can.caller().user, StoryHighlightId(id)).await?)
    }

    /// Lists the stories of a highlight that the caller may see, in their author's order.
    #[oai(path = "/:id/stories", method = "get", operation_id = "listStoriesOfHighlight")]
    async fn stories(
        &self,
        can: Can<ReadStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<StoryOut>> {
        let found = desk::shown(app, can.scope()?, can.caller().user, StoryHighlightId(id)).await?;
        Ok(Json(Success::of(StoryOut::all(app, found)?)))
    }

    /// Changes a highlight of the caller's.
    #[oai(path = "/:id", method = "put", operation_id = "updateStoryHighlight")]
    async fn put(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<StoryHighlightIn>,
    ) -> Reply<StoryHighlightOut> {
        let (scope, author, id) = (can.scope()?, can.caller().user, StoryHighlightId(id));
        let stories = body.story_ids.map(ids);
        Success::ok(desk::change(app, scope, author, id, body.title.as_deref(), stories.as_deref()).await?)
    }

    /// Deletes a highlight of the caller's. Its stories go with it where their day is over.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteStoryHighlight")]
    async fn delete(
        &self,
        can: Can<WriteStories>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        desk::delete(app, can.scope()?, can.caller().user, StoryHighlightId(id)).await?;
        Done::saying("The highlight is deleted.")
    }
}
