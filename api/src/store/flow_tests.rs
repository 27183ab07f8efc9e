//! Tests that are kept with flows.

use entity::id::{FlowId, FlowTestId};
use entity::{CompanyScope, Inserted, flow_test};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder};

use super::Tx;

/// The tests of a flow by name.
pub async fn of_flow(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
) -> Result<Vec<flow_test::Model>, DbErr> {
    of(scope, flow).order_by_asc(flow_test::Column::Name).all(db).await
}

/// A test of this flow.
pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
    id: FlowTestId,
) -> Result<Option<flow_test::Model>, DbErr> {
    of(scope, flow).filter(flow_test::Column::Id.eq(id)).one(db).await
}

pub async fn count(scope: CompanyScope, tx: &Tx, flow: FlowId) -> Result<u64, DbErr> {
    of(scope, flow).count(tx).await
}

pub async fn has_other_named(
    scope: CompanyScope,
    tx: &Tx,
    flow: FlowId,
    name: &str,
    id: FlowTestId,
) -> Result<bool, DbErr> {
    let others =
        of(scope, flow).filter(flow_test::Column::Name.eq(name)).filter(flow_test::Column::Id.ne(id));
    Ok(others.one(tx).await?.is_some())
}

/// Inserts a test unless the flow has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, test: flow_test::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<flow_test::Entity, _>(tx, test).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, test: flow_test::Model) -> Result<(), DbErr> {
    scope.save::<flow_test::Entity, _>(tx, test.id, test).await.map(drop)
}

pub async fn delete(scope: CompanyScope, tx: &Tx, flow: FlowId, id: FlowTestId) -> Result<u64, DbErr> {
    let one = scope
        .delete_many::<flow_test::Entity>()
        .filter(flow_test::Column::FlowId.eq(flow))
        .filter(flow_test::Column::Id.eq(id));
    Ok(one.exec(tx).await?.rows_affected)
}

pub async fn delete_all(scope: CompanyScope, tx: &Tx, flow: FlowId) -> Result<(), DbErr> {
    let all = scope.delete_many::<flow_test::Entity>().filter(flow_test::Column::FlowId.eq(flow));
    all.exec(tx).await.map(drop)
}

fn of(scope: CompanyScope, flow: FlowId) -> sea_orm::Select<flow_test::Entity> {
    scope.find::<flow_test::Entity>().filter(flow_test::Column::FlowId.eq(flow))
}
