//! Requests to take out, or to erase, what is held on a person.

use entity::id::PrivacyRequestId;
use entity::{CompanyScope, PrivacyKind, PrivacyState, privacy_request};
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn get<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: PrivacyRequestId,
) -> Result<privacy_request::Model> {
    let row = scope.find_by_id::<privacy_request::Entity>(id).one(db).await?;
    row.ok_or(Error::NotFound(Subject::PrivacyRequest))
}

/// The same, locked for this transaction.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: PrivacyRequestId) -> Result<privacy_request::Model> {
    let row = scope.find_by_id::<privacy_request::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::PrivacyRequest))
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: privacy_request::Model) -> Result<()> {
    Ok(scope.insert::<privacy_request::Entity, _>(tx, row).await?)
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: privacy_request::Model) -> Result<()> {
    let id = row.id;
    scope.save::<privacy_request::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Newest first, behind `before`.
pub async fn list<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    before: Option<PrivacyRequestId>,
    limit: u64,
) -> Result<Vec<privacy_request::Model>> {
    let mut query =
        scope.find::<privacy_request::Entity>().order_by_desc(privacy_request::Column::Id).limit(limit);
    if let Some(before) = before {
        query = query.filter(privacy_request::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// How many about this person are not settled.
pub async fn under_way<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    kind: PrivacyKind,
    subject_hash: &str,
) -> Result<u64> {
    Ok(scope
        .find::<privacy_request::Entity>()
        .filter(privacy_request::Column::Kind.eq(kind))
        .filter(privacy_request::Column::SubjectHash.eq(subject_hash))
        .filter(privacy_request::Column::State.is_in([PrivacyState::Queued, PrivacyState::Running]))
        .count(db)
        .await?)
}

/// The archives that were made about this person and are still here.
pub async fn archives<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    subject_hash: &str,
) -> Result<Vec<privacy_request::Model>> {
    Ok(scope
        .find::<privacy_request::Entity>()
        .filter(privacy_request::Column::SubjectHash.eq(subject_hash))
        .filter(privacy_request::Column::Kind.eq(PrivacyKind::Export))
        .filter(privacy_request::Column::State.eq(PrivacyState::Completed))
        .all(db)
        .await?)
}
