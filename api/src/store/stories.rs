//! Stories, and whom they are for. A story is shown while its day lasts, and beyond it as long as a highlight has it.

use chrono::{DateTime, Utc};
use entity::id::{MediaId, StoryId, UserId};
use entity::{
    CompanyScope, MembershipStatus, StoryAudience, membership, story, story_highlight_item, story_listed,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

/// Whether a row of another table, by these columns, belongs to the story that is looked at.
fn of_the_story<C: ColumnTrait>(column: C, own: story::Column) -> Expr {
    Expr::col(column.as_column_ref()).equals((story::Entity, own))
}

/// A highlight has it.
fn is_highlighted(scope: CompanyScope) -> Expr {
    use story_highlight_item::Column as Item;
    let item = scope.find::<story_highlight_item::Entity>();
    Expr::exists(item.filter(of_the_story(Item::StoryId, story::Column::Id)).into_query())
}

/// Whatever this person may see, of those who work here; over or not.
fn for_viewer(scope: CompanyScope, viewer: UserId) -> Select<story::Entity> {
    use story::Column as S;
    let author = scope
        .find::<membership::Entity>()
        .filter(of_the_story(membership::Column::UserId, S::UserId))
        .filter(membership::Column::Status.eq(MembershipStatus::Active));
    let is_listed = || {
        let listed = scope
            .find::<story_listed::Entity>()
            .filter(of_the_story(story_listed::Column::StoryId, S::Id))
            .filter(story_listed::Column::ListedUserId.eq(viewer));
        Expr::exists(listed.into_query())
    };
    let may_see = Condition::any()
        .add(S::UserId.eq(viewer))
        .add(S::Audience.eq(StoryAudience::Everyone))
        .add(Condition::all().add(S::Audience.eq(StoryAudience::Except)).add(is_listed().not()))
        .add(Condition::all().add(S::Audience.eq(StoryAudience::Only)).add(is_listed()));
    scope.find::<story::Entity>().filter(Expr::exists(author.into_query())).filter(may_see)
}

/// Those of which this person may see one by its id.
fn shown(scope: CompanyScope, viewer: UserId, now: DateTime<Utc>) -> Select<story::Entity> {
    let is_there = Condition::any().add(story::Column::ExpiresAt.gt(now)).add(is_highlighted(scope));
    for_viewer(scope, viewer).filter(is_there)
}

/// Which stories a feed has.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// Who looks.
    pub viewer: UserId,
    /// Only this person's.
    pub author: Option<UserId>,
    pub now: DateTime<Utc>,
}

/// Those whose day is not over, newest first, behind `before`.
pub async fn feed(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    feed: Feed,
    before: Option<StoryId>,
    limit: u64,
) -> Result<Vec<story::Model>> {
    let mut query = for_viewer(scope, feed.viewer)
        .filter(story::Column::KeptAt.is_null())
        .filter(story::Column::ExpiresAt.gt(feed.now))
        .order_by_desc(story::Column::Id)
        .limit(limit);
    if let Some(author) = feed.author {
        query = query.filter(story::Column::UserId.eq(author));
    }
    if let Some(before) = before {
        query = query.filter(story::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// One that this person may see now.
pub async fn one_shown(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    viewer: UserId,
    id: StoryId,
    now: DateTime<Utc>,
) -> Result<story::Model> {
    let found = shown(scope, viewer, now).filter(story::Column::Id.eq(id)).one(db).await?;
    found.ok_or(Error::NotFound(Subject::Story))
}

/// The same, which does not go before the transaction ends.
pub async fn hold_shown(
    scope: CompanyScope,
    tx: &Tx,
    viewer: UserId,
    id: StoryId,
    now: DateTime<Utc>,
) -> Result<story::Model> {
    let found = shown(scope, viewer, now).filter(story::Column::Id.eq(id)).lock_shared().one(tx).await?;
    found.ok_or(Error::NotFound(Subject::Story))
}

/// Those of an author's stories in highlights that this person may see.
pub async fn highlighted(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    viewer: UserId,
    author: UserId,
) -> Result<Vec<story::Model>> {
    let his = for_viewer(scope, viewer)
        .filter(story::Column::UserId.eq(author))
        .filter(is_highlighted(scope))
        .order_by_asc(story::Column::Id);
    Ok(his.all(db).await?)
}

/// The story, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: StoryId) -> Result<story::Model> {
    let found = scope.find_by_id::<story::Entity>(id).lock_exclusive().one(tx).await?;
    found.ok_or(Error::NotFound(Subject::Story))
}

/// Those of these that are this person's, locked in their order.
pub async fn lock_own(
    scope: CompanyScope,
    tx: &Tx,
    author: UserId,
    ids: &[StoryId],
) -> Result<Vec<story::Model>> {
    let his = scope
        .find::<story::Entity>()
        .filter(story::Column::Id.is_in(ids.iter().copied()))
        .filter(story::Column::UserId.eq(author))
        .order_by_asc(story::Column::Id)
        .lock_exclusive();
    Ok(his.all(tx).await?)
}

/// All that these people have posted and that is there, locked in their order.
pub async fn lock_all_of(scope: CompanyScope, tx: &Tx, authors: &[UserId]) -> Result<Vec<story::Model>> {
    let theirs = scope
        .find::<story::Entity>()
        .filter(story::Column::UserId.is_in(authors.iter().copied()))
        .order_by_asc(story::Column::Id)
        .lock_exclusive();
    Ok(theirs.all(tx).await?)
}

/// How many of this person's are in feeds.
pub async fn count_live(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    author: UserId,
    now: DateTime<Utc>,
) -> Result<u64> {
    let live = scope
        .find::<story::Entity>()
        .filter(story::Column::UserId.eq(author))
        .filter(story::Column::ExpiresAt.gt(now));
    Ok(live.count(db).await?)
}

/// A new one, and whom its audience names.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: story::Model, listed: &[UserId]) -> Result<()> {
    let (company_id, story_id) = (scope.company(), row.id);
    scope.insert::<story::Entity, _>(tx, row).await?;
    let listed =
        listed.iter().map(|user| story_listed::Model { company_id, story_id, listed_user_id: *user });
    Ok(scope.insert_many::<story_listed::Entity, _>(tx, listed.collect()).await?)
}

/// Its day is over, and a highlight keeps it.
pub async fn keep(scope: CompanyScope, tx: &Tx, id: StoryId, now: DateTime<Utc>) -> Result<()> {
    let kept = story::ActiveModel { kept_at: Set(Some(now)), ..Default::default() };
    scope.update::<story::Entity, _>(tx, id, kept).await?;
    Ok(())
}

/// With its views, and with its places in highlights.
pub async fn delete(scope: CompanyScope, tx: &Tx, id: StoryId) -> Result<()> {
    scope.delete_many::<story::Entity>().filter(story::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Whether a story shows these media.
pub async fn shows_media(scope: CompanyScope, tx: &Tx, media: MediaId) -> Result<bool> {
    let showing = scope.find::<story::Entity>().filter(story::Column::MediaId.eq(media));
    Ok(showing.count(tx).await? > 0)
}

/// Whom the audiences of these stories name.
pub async fn listed(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    stories: &[StoryId],
) -> Result<Vec<story_listed::Model>> {
    if stories.is_empty() {
        return Ok(Vec::new());
    }
    let listed = scope
        .find::<story_listed::Entity>()
        .filter(story_listed::Column::StoryId.is_in(stories.iter().copied()))
        .order_by_asc(story_listed::Column::ListedUserId);
    Ok(listed.all(db).await?)
}

/// The users who work here: all, or those of these.
pub async fn colleagues(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    among: Option<&[UserId]>,
) -> Result<Vec<UserId>> {
    let mut query = scope
        .find::<membership::Entity>()
        .select_only()
        .column(membership::Column::UserId)
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .order_by_asc(membership::Column::UserId);
    if let Some(among) = among {
        query = query.filter(membership::Column::UserId.is_in(among.iter().copied()));
    }
    Ok(query.into_tuple().all(db).await?)
}
