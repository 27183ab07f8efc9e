//! Highlights, and which stories are in them.

use entity::id::{StoryHighlightId, StoryId, UserId};
use entity::{CompanyScope, story_highlight, story_highlight_item};
use sea_orm::{
    ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

use story_highlight::Column as Highlight;
use story_highlight_item::Column as Item;

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: StoryHighlightId,
) -> Result<story_highlight::Model> {
    let found = scope.find_by_id::<story_highlight::Entity>(id).one(db).await?;
    found.ok_or(Error::NotFound(Subject::StoryHighlight))
}

/// That of this person, locked. Highlights are locked before stories, as everywhere.
pub async fn lock_own(
    scope: CompanyScope,
    tx: &Tx,
    author: UserId,
    id: StoryHighlightId,
) -> Result<story_highlight::Model> {
    let his = scope.find_by_id::<story_highlight::Entity>(id).filter(Highlight::UserId.eq(author));
    his.lock_exclusive().one(tx).await?.ok_or(Error::NotFound(Subject::StoryHighlight))
}

/// Those that have this story, locked in their order.
pub async fn lock_with(scope: CompanyScope, tx: &Tx, story: StoryId) -> Result<Vec<StoryHighlightId>> {
    let holding = scope
        .find::<story_highlight_item::Entity>()
        .select_only()
        .column(Item::HighlightId)
        .filter(Item::StoryId.eq(story));
    let rows = scope
        .find::<story_highlight::Entity>()
        .filter(Highlight::Id.in_subquery(holding.into_query()))
        .order_by_asc(Highlight::Id)
        .lock_exclusive();
    Ok(rows.all(tx).await?.into_iter().map(|row| row.id).collect())
}

/// The oldest first.
pub async fn of_author(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    author: UserId,
) -> Result<Vec<story_highlight::Model>> {
    let his = scope.find::<story_highlight::Entity>().filter(Highlight::UserId.eq(author));
    Ok(his.order_by_asc(Highlight::Id).all(db).await?)
}

pub async fn count_of(scope: CompanyScope, db: &impl ConnectionTrait, author: UserId) -> Result<u64> {
    let his = scope.find::<story_highlight::Entity>().filter(Highlight::UserId.eq(author));
    Ok(his.count(db).await?)
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: story_highlight::Model) -> Result<()> {
    Ok(scope.insert::<story_highlight::Entity, _>(tx, row).await?)
}

/// Writes one that this transaction has locked.
pub async fn save(scope: CompanyScope, tx: &Tx, row: story_highlight::Model) -> Result<()> {
    let id = row.id;
    scope.save::<story_highlight::Entity, _>(tx, id, row).await?;
    Ok(())
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: StoryHighlightId) -> Result<()> {
    scope.delete_many::<story_highlight::Entity>().filter(Highlight::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Whatever these people have kept is kept no more.
pub async fn delete_all_of(scope: CompanyScope, tx: &Tx, authors: &[UserId]) -> Result<u64> {
    let theirs = Highlight::UserId.is_in(authors.iter().copied());
    Ok(scope.delete_many::<story_highlight::Entity>().filter(theirs).exec(tx).await?.rows_affected)
}

/// What is in these, in its order.
pub async fn items(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    highlights: &[StoryHighlightId],
) -> Result<Vec<story_highlight_item::Model>> {
    if highlights.is_empty() {
        return Ok(Vec::new());
    }
    let items = scope
        .find::<story_highlight_item::Entity>()
        .filter(Item::HighlightId.is_in(highlights.iter().copied()))
        .order_by_asc(Item::HighlightId)
        .order_by_asc(Item::Place);
    Ok(items.all(db).await?)
}

/// In which highlights these stories are.
pub async fn items_with(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    stories: &[StoryId],
) -> Result<Vec<story_highlight_item::Model>> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let items =
        scope.find::<story_highlight_item::Entity>().filter(Item::StoryId.is_in(stories.iter().copied()));
    // In the database's order it would be looked through by the highlights.
    let mut items = items.all(db).await?;
    items.sort_by_key(|item| item.highlight_id);
    Ok(items)
}

/// Puts these into a highlight, in the place of what was in it.
pub async fn fill(scope: CompanyScope, tx: &Tx, id: StoryHighlightId, stories: &[StoryId]) -> Result<()> {
    scope.delete_many::<story_highlight_item::Entity>().filter(Item::HighlightId.eq(id)).exec(tx).await?;
    let items = stories.iter().zip(0..).map(|(story, place)| story_highlight_item::Model {
        company_id: scope.company(),
        highlight_id: id,
        story_id: *story,
        place,
    });
    Ok(scope.insert_many::<story_highlight_item::Entity, _>(tx, items.collect()).await?)
}
