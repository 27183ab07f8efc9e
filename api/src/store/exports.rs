//! Exports that are made as jobs: what was asked for, and how far it has come.

use entity::id::ExportId;
use entity::{CompanyScope, ExportState, export};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn get<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: ExportId) -> Result<export::Model> {
    scope.find_by_id::<export::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Export))
}

/// The same, locked for this transaction.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ExportId) -> Result<export::Model> {
    let row = scope.find_by_id::<export::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::Export))
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: export::Model) -> Result<()> {
    Ok(scope.insert::<export::Entity, _>(tx, row).await?)
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: export::Model) -> Result<()> {
    let id = row.id;
    scope.save::<export::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// Newest first, behind `before`.
pub async fn list<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    before: Option<ExportId>,
    limit: u64,
) -> Result<Vec<export::Model>> {
    let mut query = scope.find::<export::Entity>().order_by_desc(export::Column::Id).limit(limit);
    if let Some(before) = before {
        query = query.filter(export::Column::Id.lt(before));
    }
    Ok(query.all(db).await?)
}

/// How many are not settled.
pub async fn unsettled<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<u64> {
    let states = [ExportState::Queued, ExportState::Running];
    Ok(scope.find::<export::Entity>().filter(export::Column::State.is_in(states)).count(db).await?)
}

/// Whether an export is still to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Still,
    /// It was cancelled.
    NoMore,
}

/// Notes how far a running one has come.
pub async fn progress(scope: CompanyScope, tx: &Tx, id: ExportId, rows: u64) -> Result<Wanted> {
    let done = scope
        .update_many::<export::Entity>()
        .col_expr(export::Column::RowsWritten, Expr::value(i64::try_from(rows).unwrap_or(i64::MAX)))
        .filter(export::Column::Id.eq(id))
        .filter(export::Column::State.eq(ExportState::Running))
        .exec(tx)
        .await?;
    Ok(if done.rows_affected > 0 { Wanted::Still } else { Wanted::NoMore })
}
