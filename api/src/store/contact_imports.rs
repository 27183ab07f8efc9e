//! Imports of contacts: how far they are, and what is to be told of their rows.

use chrono::{DateTime, Utc};
use entity::id::ContactImportId;
use entity::{CompanyScope, ContactImportState, contact_import, contact_import_line};
use sea_orm::{
    ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactImportId,
) -> Result<contact_import::Model> {
    let row = scope.find_by_id::<contact_import::Entity>(id).one(db).await?;
    row.ok_or(Error::NotFound(Subject::ContactImport))
}

/// The same, locked for this transaction.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ContactImportId) -> Result<contact_import::Model> {
    let row = scope.find_by_id::<contact_import::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::ContactImport))
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: contact_import::Model) -> Result<()> {
    Ok(scope.insert::<contact_import::Entity, _>(tx, row).await?)
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: contact_import::Model) -> Result<()> {
    let id = row.id;
    scope.save::<contact_import::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Newest first, behind `before`.
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    before: Option<ContactImportId>,
    limit: u64,
) -> Result<Vec<contact_import::Model>> {
    let query = scope.find::<contact_import::Entity>().order_by_desc(contact_import::Column::Id).limit(limit);
    let query = query.apply_if(before, |query, before| query.filter(contact_import::Column::Id.lt(before)));
    Ok(query.all(db).await?)
}

/// How many are not settled.
pub async fn unsettled(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<u64> {
    Ok(those_unsettled(scope).count(db).await?)
}

/// How many of those that were asked for before this moment are not settled.
pub async fn under_way_since(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    before: DateTime<Utc>,
) -> Result<u64> {
    let created_at = contact_import::Column::CreatedAt;
    Ok(those_unsettled(scope).filter(created_at.lt(before)).count(db).await?)
}

fn those_unsettled(scope: CompanyScope) -> Select<contact_import::Entity> {
    let states = [ContactImportState::Queued, ContactImportState::Running];
    scope.find::<contact_import::Entity>().filter(contact_import::Column::State.is_in(states))
}

pub async fn insert_lines(
    scope: CompanyScope,
    tx: &Tx,
    lines: Vec<contact_import_line::Model>,
) -> Result<()> {
    Ok(scope.insert_many::<contact_import_line::Entity, _>(tx, lines).await?)
}

/// Lines of the report in the order of the file, behind the row `after`.
pub async fn lines(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactImportId,
    after: i64,
    limit: u64,
) -> Result<Vec<contact_import_line::Model>> {
    let query = scope.find::<contact_import_line::Entity>();
    let query = query.filter(contact_import_line::Column::ImportId.eq(id));
    let query = query.filter(contact_import_line::Column::Line.gt(after));
    Ok(query.order_by_asc(contact_import_line::Column::Line).limit(limit).all(db).await?)
}
