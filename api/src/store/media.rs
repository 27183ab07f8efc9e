//! Media, and the parts of those that are on their way.

use std::collections::HashMap;

use entity::id::{MediaId, UserId};
use entity::{CompanyScope, Inserted, MediaKind, MediaState, media, media_part};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn get<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: MediaId) -> Result<media::Model> {
    scope.find_by_id::<media::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Media))
}

/// These by their ids, whatever has become of them.
pub async fn by_ids<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Vec<MediaId>,
) -> Result<HashMap<MediaId, media::Model>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = scope.find::<media::Entity>().filter(media::Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The same, locked for this transaction.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: MediaId) -> Result<media::Model> {
    let row = scope.find_by_id::<media::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::Media))
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: media::Model) -> Result<()> {
    Ok(scope.insert::<media::Entity, _>(tx, row).await?)
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: media::Model) -> Result<()> {
    let id = row.id;
    scope.save::<media::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Forgets a row of which nobody has heard.
pub async fn forget(scope: CompanyScope, tx: &Tx, id: MediaId) -> Result<()> {
    scope.delete_many::<media::Entity>().filter(media::Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

/// Which media are asked for; `None` asks for all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    pub owner: Option<UserId>,
    pub kind: Option<MediaKind>,
}

/// Those that are ready, newest first, behind `before`.
pub async fn list<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    filter: Filter,
    before: Option<MediaId>,
    limit: u64,
) -> Result<Vec<media::Model>> {
    let mut query = scope
        .find::<media::Entity>()
        .filter(media::Column::State.eq(MediaState::Ready))
        .order_by_desc(media::Column::Id)
        .limit(limit);
    if let Some(owner) = filter.owner {
        query = query.filter(media::Column::UserId.eq(owner));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(media::Column::Kind.eq(kind));
    }
    if let Some(before) = before {
        query = query.filter(media::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// Those of these ids.
pub async fn of_ids<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: &[MediaId],
) -> Result<Vec<media::Model>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let those = scope.find::<media::Entity>().filter(media::Column::Id.is_in(ids.iter().copied()));
    Ok(those.all(db).await?)
}

/// Whatever these people have uploaded and nobody has deleted.
pub async fn of_users<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    users: &[UserId],
) -> Result<Vec<media::Model>> {
    let theirs = scope
        .find::<media::Entity>()
        .filter(media::Column::UserId.is_in(users.iter().copied()))
        .filter(media::Column::State.ne(MediaState::Deleted))
        .order_by_asc(media::Column::Id);
    Ok(theirs.all(db).await?)
}

/// Bytes that the company's media take, with those that are announced.
pub async fn used<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<i64> {
    let sum = Expr::col(media::Column::SizeBytes).sum().cast_as("bigint");
    let used: Option<Option<i64>> = scope
        .find::<media::Entity>()
        .filter(media::Column::State.ne(MediaState::Deleted))
        .select_only()
        .expr(sum)
        .into_tuple()
        .one(db)
        .await?;
    Ok(used.flatten().unwrap_or_default())
}

/// In their order.
pub async fn parts<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: MediaId,
) -> Result<Vec<media_part::Model>> {
    let parts = scope
        .find::<media_part::Entity>()
        .filter(media_part::Column::MediaId.eq(id))
        .order_by_asc(media_part::Column::StartsAt);
    Ok(parts.all(db).await?)
}

/// Adds a part, unless there is one at its place.
pub async fn add_part(scope: CompanyScope, tx: &Tx, row: media_part::Model) -> Result<Inserted> {
    Ok(scope.insert_or_ignore::<media_part::Entity, _>(tx, row).await?)
}

pub async fn forget_parts(scope: CompanyScope, tx: &Tx, id: MediaId) -> Result<()> {
    scope.delete_many::<media_part::Entity>().filter(media_part::Column::MediaId.eq(id)).exec(tx).await?;
    Ok(())
}
