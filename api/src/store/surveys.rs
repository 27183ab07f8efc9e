//! What callers answered.

use entity::id::CallId;
use entity::{CompanyScope, survey_answer};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use super::Tx;
use crate::error::Result;

pub async fn insert(scope: CompanyScope, tx: &Tx, row: survey_answer::Model) -> Result<()> {
    Ok(scope.insert::<survey_answer::Entity, _>(tx, row).await?)
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: survey_answer::Model) -> Result<()> {
    let id = row.id;
    scope.save::<survey_answer::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The answers of a call, oldest first.
pub async fn of_call<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<survey_answer::Model>> {
    Ok(scope
        .find::<survey_answer::Entity>()
        .filter(survey_answer::Column::CallId.eq(call))
        .order_by_asc(survey_answer::Column::Id)
        .all(db)
        .await?)
}
