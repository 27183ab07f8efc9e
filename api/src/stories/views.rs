//! Who has seen a story, and what he thinks of it. The author is told, and nobody else.

use entity::id::{StoryId, StoryViewId, UserId};
use entity::{CompanyScope, Inserted, story, story_view};
use serde_json::json;

use super::emoji;
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::slice::{Slice, read_cursor};
use crate::store::story_views as rows;
use crate::store::{Audience, Unit, stories, users};

/// A view with its viewer's name.
#[derive(Clone, Debug)]
pub struct Viewed {
    pub row: story_view::Model,
    pub viewer: String,
}

/// Notes that somebody has seen a story; each counts once, and the author never.
pub async fn view(app: &App, scope: CompanyScope, viewer: UserId, id: StoryId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let story = stories::hold_shown(scope, unit.tx(), viewer, id, unit.now()).await?;
    if story.user_id == viewer || !note(&mut unit, &story, viewer).await? {
        return Ok(());
    }
    unit.commit().await
}

/// Whether it is the first time; then the author is told.
async fn note(unit: &mut Unit, story: &story::Model, viewer: UserId) -> Result<bool> {
    let (scope, now) = (unit.scope(), unit.now());
    let row = story_view::Model {
        id: unit.id(),
        company_id: scope.company(),
        story_id: story.id,
        user_id: viewer,
        viewed_at: now,
        emoji: None,
        reacted_at: None,
    };
    if rows::insert(scope, unit.tx(), row).await? == Inserted::Conflicted {
        return Ok(false);
    }
    let news = json!({"storyId": story.id, "userId": viewer, "viewedAt": now});
    unit.tell(&[Audience::User(story.user_id)], "story_viewed", news);
    Ok(true)
}

/// Says what a viewer thinks of a story, in the place of what he has said before; `None` takes it back. Whoever says something
/// has seen it.
///
/// # Errors
/// `Invalid` for what is no single emoji, and for a story of his own.
pub async fn react(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    id: StoryId,
    emoji: Option<String>,
) -> Result<()> {
    if emoji.as_deref().is_some_and(|emoji| !emoji::is_one(emoji)) {
        return Err(Error::invalid("/emoji", "must be one emoji"));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let (now, story) = (unit.now(), stories::hold_shown(scope, unit.tx(), viewer, id, unit.now()).await?);
    if story.user_id == viewer {
        return Err(Error::invalid("id", "is a story of your own"));
    }
    if emoji.is_some() {
        note(&mut unit, &story, viewer).await?;
    }
    let Some(view) = rows::lock(scope, unit.tx(), id, viewer).await? else { return Ok(()) };
    if view.emoji != emoji {
        let news = json!({"storyId": id, "userId": viewer, "emoji": emoji, "at": now});
        let reacted_at = emoji.is_some().then_some(now);
        rows::save(scope, unit.tx(), story_view::Model { emoji, reacted_at, ..view }).await?;
        unit.tell(&[Audience::User(story.user_id)], "story_reaction", news);
    }
    unit.commit().await
}

/// Who has seen it, newest first; for its author alone.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    author: UserId,
    id: StoryId,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Viewed>> {
    let (db, before) = (app.db.reader(), read_cursor::<StoryViewId>(cursor)?);
    let story = stories::one_shown(scope, db, author, id, app.clock.now()).await?;
    if story.user_id != author {
        return Err(Error::NotFound(Subject::Story));
    }
    let found = rows::list(scope, db, id, before, limit + 1).await?;
    let Slice { rows, next_cursor } = Slice::of(found, limit, |row| row.id);
    let names = users::names(db, rows.iter().map(|row| row.user_id).collect()).await?;
    let viewed =
        |row: story_view::Model| Viewed { viewer: names.get(&row.user_id).cloned().unwrap_or_default(), row };
    Ok(Slice { rows: rows.into_iter().map(viewed).collect(), next_cursor })
}
