//! Highlights: stories of one's own under a title, which stay when their day is over. Each is seen by those whom it was
//! posted for, and a highlight of which somebody may see nothing is not there for him.

use std::collections::{HashMap, HashSet};

use entity::id::{StoryHighlightId, StoryId, UserId};
use entity::{CompanyScope, story, story_highlight};

use super::shown::{self, Shown};
use super::{remove, too_many};
use crate::app::App;
use crate::error::{Error, FieldError, Result, Subject};
use crate::store::story_highlights as rows;
use crate::store::{Unit, stories, users};

/// So many may one person have.
pub const MOST: u64 = 50;

/// A highlight with what the viewer may see of it.
#[derive(Clone, Debug)]
pub struct Highlight {
    pub row: story_highlight::Model,
    pub author: String,
    /// In the author's order.
    pub stories: Vec<StoryId>,
}

/// A highlight in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub highlight: Highlight,
    /// The first story of it.
    pub cover: Shown,
}

/// Those of an author's highlights of which this person may see something, the oldest first.
///
/// # Errors
/// `NotFound(User)` when nobody of this id works here.
pub async fn list(app: &App, scope: CompanyScope, viewer: UserId, author: UserId) -> Result<Vec<Listed>> {
    if stories::colleagues(scope, app.db.reader(), Some(&[author])).await?.is_empty() {
        return Err(Error::NotFound(Subject::User));
    }
    let rows = rows::of_author(scope, app.db.reader(), author).await?;
    let (highlights, visible) = seen(app, scope, viewer, author, rows).await?;
    let first: HashSet<_> = highlights.iter().filter_map(|highlight| highlight.stories.first()).collect();
    let covers = visible.into_iter().filter(|row| first.contains(&row.id)).collect();
    let covers = shown::all(app, scope, viewer, covers).await?;
    let covers: HashMap<_, _> = covers.into_iter().map(|shown| (shown.row.id, shown)).collect();
    let listed = highlights.into_iter().filter_map(|highlight| {
        let cover = covers.get(highlight.stories.first()?)?.clone();
        Some(Listed { highlight, cover })
    });
    Ok(listed.collect())
}

pub async fn get(app: &App, scope: CompanyScope, viewer: UserId, id: StoryHighlightId) -> Result<Highlight> {
    Ok(one(app, scope, viewer, id).await?.0)
}

/// The stories of a highlight that this person may see, in their author's order.
pub async fn shown(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    id: StoryHighlightId,
) -> Result<Vec<Shown>> {
    let (highlight, visible) = one(app, scope, viewer, id).await?;
    let mut visible: HashMap<_, _> = visible.into_iter().map(|row| (row.id, row)).collect();
    let rows = highlight.stories.iter().filter_map(|id| visible.remove(id)).collect();
    shown::all(app, scope, viewer, rows).await
}

async fn one(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    id: StoryHighlightId,
) -> Result<(Highlight, Vec<story::Model>)> {
    let row = rows::get(scope, app.db.reader(), id).await?;
    let author = row.user_id;
    let (mut highlights, visible) = seen(app, scope, viewer, author, vec![row]).await?;
    let highlight = highlights.pop().ok_or(Error::NotFound(Subject::StoryHighlight))?;
    Ok((highlight, visible))
}

/// Those of these of which the viewer may see something, and whatever of the author's highlighted stories he may see.
async fn seen(
    app: &App,
    scope: CompanyScope,
    viewer: UserId,
    author: UserId,
    highlights: Vec<story_highlight::Model>,
) -> Result<(Vec<Highlight>, Vec<story::Model>)> {
    let db = app.db.reader();
    let ids: Vec<_> = highlights.iter().map(|row| row.id).collect();
    let items = rows::items(scope, db, &ids).await?;
    let visible = stories::highlighted(scope, db, viewer, author).await?;
    let may_see: HashSet<StoryId> = visible.iter().map(|row| row.id).collect();
    let name = users::names(db, vec![author]).await?.remove(&author).unwrap_or_default();
    let highlights = highlights.into_iter().map(|row| {
        let items = items.iter().filter(|item| item.highlight_id == row.id).map(|item| item.story_id);
        Highlight {
            author: name.clone(),
            stories: items.filter(|story| may_see.contains(story)).collect(),
            row,
        }
    });
    Ok((highlights.filter(|highlight| !highlight.stories.is_empty()).collect(), visible))
}

/// Makes a highlight of stories of his own that are there still.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    author: UserId,
    title: &str,
    wanted: &[StoryId],
) -> Result<Highlight> {
    let title = read_title(title)?;
    let mut unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    if rows::count_of(scope, unit.tx(), author).await? >= MOST {
        return Err(too_many(MOST, "highlights"));
    }
    let id: StoryHighlightId = unit.id();
    own_stories(&unit, author, wanted, &[]).await?;
    let row = story_highlight::Model {
        id,
        company_id: scope.company(),
        user_id: author,
        title,
        created_at: now,
        updated_at: now,
    };
    rows::insert(scope, unit.tx(), row).await?;
    fill(&mut unit, id, wanted, Vec::new()).await?;
    unit.commit().await?;
    get(app, scope, author, id).await
}

/// Another title, or other stories in the place of those that are in it. What leaves it when its day is over goes.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    author: UserId,
    id: StoryHighlightId,
    title: Option<&str>,
    wanted: Option<&[StoryId]>,
) -> Result<Highlight> {
    let title = title.map(read_title).transpose()?;
    let mut unit = Unit::begin(app, scope).await?;
    let row = rows::lock_own(scope, unit.tx(), author, id).await?;
    let now = unit.now();
    if let Some(wanted) = wanted {
        let before = rows::items(scope, unit.tx(), &[id]).await?;
        let before: Vec<_> = before.iter().map(|item| item.story_id).collect();
        let locked = own_stories(&unit, author, wanted, &before).await?;
        let leaving = locked.into_iter().filter(|row| !wanted.contains(&row.id)).collect();
        fill(&mut unit, id, wanted, leaving).await?;
    }
    let title = title.unwrap_or_else(|| row.title.clone());
    rows::save(scope, unit.tx(), story_highlight::Model { title, updated_at: now, ..row }).await?;
    unit.commit().await?;
    get(app, scope, author, id).await
}

/// Its stories go with it where their day is over, unless another highlight has them.
pub async fn delete(app: &App, scope: CompanyScope, author: UserId, id: StoryHighlightId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    rows::lock_own(scope, unit.tx(), author, id).await?;
    let items = rows::items(scope, unit.tx(), &[id]).await?;
    let stories: Vec<_> = items.iter().map(|item| item.story_id).collect();
    let leaving = stories::lock_own(scope, unit.tx(), author, &stories).await?;
    fill(&mut unit, id, &[], leaving).await?;
    rows::delete(scope, unit.tx(), id).await?;
    unit.commit().await
}

fn read_title(title: &str) -> Result<String> {
    let title = title.trim();
    if title.is_empty() { Err(Error::invalid("/title", "must not be empty")) } else { Ok(title.to_owned()) }
}

/// Locks these stories and those that were in it, and answers all of them.
///
/// # Errors
/// Names each that is not his, is gone, or is wanted twice.
async fn own_stories(
    unit: &Unit,
    author: UserId,
    wanted: &[StoryId],
    before: &[StoryId],
) -> Result<Vec<story::Model>> {
    let all: HashSet<StoryId> = wanted.iter().chain(before).copied().collect();
    let locked =
        stories::lock_own(unit.scope(), unit.tx(), author, &all.into_iter().collect::<Vec<_>>()).await?;
    let ids: Vec<_> = locked.iter().map(|row| row.id).collect();
    let kept: HashSet<_> = rows::items_with(unit.scope(), unit.tx(), &ids)
        .await?
        .into_iter()
        .map(|item| item.story_id)
        .collect();
    let is_there = |row: &story::Model| row.expires_at > unit.now() || kept.contains(&row.id);
    let there: HashSet<_> = locked.iter().filter(|row| is_there(row)).map(|row| row.id).collect();
    let (mut wrong, mut seen) = (Vec::new(), HashSet::new());
    for (place, story) in wanted.iter().enumerate() {
        let message = if !there.contains(story) {
            "is no story of yours, or no longer"
        } else if !seen.insert(*story) {
            "is named twice"
        } else {
            continue;
        };
        wrong.push(FieldError { field: format!("/storyIds/{place}"), message: message.to_owned() });
    }
    Error::unless_empty(wrong)?;
    Ok(locked)
}

async fn fill(
    unit: &mut Unit,
    id: StoryHighlightId,
    wanted: &[StoryId],
    leaving: Vec<story::Model>,
) -> Result<()> {
    rows::fill(unit.scope(), unit.tx(), id, wanted).await?;
    for row in leaving {
        remove::let_go(unit, row).await?;
    }
    Ok(())
}
