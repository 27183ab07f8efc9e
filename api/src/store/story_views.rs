//! Who has seen a story, and what he thinks of it.

use std::collections::HashMap;

use entity::id::{StoryId, StoryViewId, UserId};
use entity::{CompanyScope, Inserted, story_view};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::Result;

/// Each viewer counts once.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: story_view::Model) -> Result<Inserted> {
    Ok(scope.insert_or_ignore::<story_view::Entity, _>(tx, row).await?)
}

/// That of this viewer, locked.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    story: StoryId,
    viewer: UserId,
) -> Result<Option<story_view::Model>> {
    let his = scope
        .find::<story_view::Entity>()
        .filter(story_view::Column::StoryId.eq(story))
        .filter(story_view::Column::UserId.eq(viewer));
    Ok(his.lock_exclusive().one(tx).await?)
}

/// Writes one that this transaction has locked.
pub async fn save(scope: CompanyScope, tx: &Tx, row: story_view::Model) -> Result<()> {
    let id = row.id;
    scope.save::<story_view::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Of a story, newest first, behind `before`.
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    story: StoryId,
    before: Option<StoryViewId>,
    limit: u64,
) -> Result<Vec<story_view::Model>> {
    let mut query = scope
        .find::<story_view::Entity>()
        .filter(story_view::Column::StoryId.eq(story))
        .order_by_desc(story_view::Column::Id)
        .limit(limit);
    if let Some(before) = before {
        query = query.filter(story_view::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// What this viewer has seen of these.
pub async fn by_viewer(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    viewer: UserId,
    stories: &[StoryId],
) -> Result<Vec<story_view::Model>> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let his = scope
        .find::<story_view::Entity>()
        .filter(story_view::Column::StoryId.is_in(stories.iter().copied()))
        .filter(story_view::Column::UserId.eq(viewer));
    Ok(his.all(db).await?)
}

/// How many have seen each of these, where anybody has.
pub async fn counts(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    stories: &[StoryId],
) -> Result<HashMap<StoryId, i64>> {
    if stories.is_empty() {
        return Ok(HashMap::new());
    }
    let counted: Vec<(StoryId, i64)> = scope
        .find::<story_view::Entity>()
        .select_only()
        .column(story_view::Column::StoryId)
        .expr(Expr::col(story_view::Column::Id).count())
        .filter(story_view::Column::StoryId.is_in(stories.iter().copied()))
        .group_by(story_view::Column::StoryId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(counted.into_iter().collect())
}
