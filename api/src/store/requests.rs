//! Requests that flows wait for: at most one a call.

use entity::id::{CallId, RequestId};
use entity::{CompanyScope, Updated, flow_request};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect};

use super::Tx;

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: RequestId,
) -> Result<Option<flow_request::Model>, DbErr> {
    scope.find_by_id::<flow_request::Entity>(id).one(db).await
}

pub async fn of_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: CallId,
) -> Result<Option<flow_request::Model>, DbErr> {
    scope.find::<flow_request::Entity>().filter(flow_request::Column::CallId.eq(call)).one(db).await
}

/// The request, locked until the transaction ends. The call's lock comes first.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: RequestId) -> Result<Option<flow_request::Model>, DbErr> {
    scope.find_by_id::<flow_request::Entity>(id).lock_exclusive().one(tx).await
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: flow_request::Model) -> Result<(), DbErr> {
    scope.insert::<flow_request::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: flow_request::Model) -> Result<Updated, DbErr> {
    scope.save::<flow_request::Entity, _>(tx, row.id, row).await
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: RequestId) -> Result<(), DbErr> {
    let gone = scope.delete_many::<flow_request::Entity>().filter(flow_request::Column::Id.eq(id));
    gone.exec(tx).await.map(drop)
}

/// Forgets what a call's request was answered, if it was.
pub async fn forget_answered(scope: CompanyScope, tx: &Tx, call: CallId) -> Result<(), DbErr> {
    let answered = scope
        .delete_many::<flow_request::Entity>()
        .filter(flow_request::Column::CallId.eq(call))
        .filter(flow_request::Column::Outcome.is_not_null());
    answered.exec(tx).await.map(drop)
}
