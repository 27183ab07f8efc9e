//! Stories as somebody is shown them: with their author's name and their media, what he has done with them, and of his own
//! what only their author is told.

use std::collections::{HashMap, HashSet};

use entity::id::{StoryHighlightId, StoryId, UserId};
use entity::{CompanyScope, MediaState, media, story, story_view};

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::{media as media_rows, stories, story_highlights, story_views, users};

#[derive(Clone, Debug)]
pub struct Shown {
    pub row: story::Model,
    pub author: String,
    /// Unless they were deleted by themselves.
    pub media: Option<media::Model>,
    /// What the viewer has seen of it, and thinks of it.
    pub view: Option<story_view::Model>,
    /// Of the viewer's own.
    pub own: Option<Own>,
}

/// What only the author is told.
#[derive(Clone, Debug, Default)]
pub struct Own {
    pub listed: Vec<UserId>,
    pub views: i64,
    pub highlights: Vec<StoryHighlightId>,
}

pub async fn one(app: &App, scope: CompanyScope, viewer: UserId, row: story::Model) -> Result<Shown> {
    all(app, scope, viewer, vec![row]).await?.pop().ok_or(Error::NotFound(Subject::Story))
}

/// In their order. Whether he may see them is known before.
pub async fn all(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    rows: Vec<story::Model>,
) -> Result<Vec<Shown>> {
    let db = app.db.reader();
    let (own, others): (Vec<&story::Model>, Vec<_>) = rows.iter().partition(|row| row.user_id == viewer);
    let (own, others) = (ids(&own), ids(&others));
    let authors: HashSet<UserId> = rows.iter().map(|row| row.user_id).collect();
    let names = users::names(db, authors.into_iter().collect()).await?;
    let media_ids: Vec<_> = rows.iter().filter_map(|row| row.media_id).collect();
    let media = media_rows::of_ids(scope, db, &media_ids).await?;
    let media: HashMap<_, _> = media.into_iter().map(|row| (row.id, row)).collect();
    let views = story_views::by_viewer(scope, db, viewer, &others).await?;
    let mut views: HashMap<_, _> = views.into_iter().map(|view| (view.story_id, view)).collect();
    let mut told: HashMap<StoryId, Own> = own.iter().map(|id| (*id, Own::default())).collect();
    for (id, views) in story_views::counts(scope, db, &own).await? {
        told.entry(id).or_default().views = views;
    }
    for row in stories::listed(scope, db, &own).await? {
        told.entry(row.story_id).or_default().listed.push(row.listed_user_id);
    }
    for item in story_highlights::items_with(scope, db, &own).await? {
        told.entry(item.story_id).or_default().highlights.push(item.highlight_id);
    }
    let shown = rows.into_iter().map(|row| Shown {
        author: names.get(&row.user_id).cloned().unwrap_or_default(),
        media: row
            .media_id
            .and_then(|id| media.get(&id))
            .filter(|row| row.state == MediaState::Ready)
            .cloned(),
        view: views.remove(&row.id),
        own: told.remove(&row.id),
        row,
    });
    Ok(shown.collect())
}

fn ids(rows: &[&story::Model]) -> Vec<StoryId> {
    rows.iter().map(|row| row.id).collect()
}
