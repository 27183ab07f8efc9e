//! What callers have keyed in for the next request of their call, sealed.

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{CompanyScope, call_secret};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::Tx;

/// Those of a call, unless it is too late for them.
pub async fn of_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: CallId,
    now: DateTime<Utc>,
) -> Result<Option<call_secret::Model>, DbErr> {
    let row = scope.find_by_id::<call_secret::Entity>(call).filter(call_secret::Column::ExpiresAt.gt(now));
    row.one(db).await
}

/// Puts them in the place of those that are there. The call is locked.
pub async fn put(scope: CompanyScope, tx: &Tx, row: call_secret::Model) -> Result<(), DbErr> {
    forget(scope, tx, row.call_id).await?;
    scope.insert::<call_secret::Entity, _>(tx, row).await
}

pub async fn forget(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<(), DbErr> {
    let gone = scope.delete_many::<call_secret::Entity>().filter(call_secret::Column::CallId.eq(call));
    gone.exec(tx).await.map(drop)
}
