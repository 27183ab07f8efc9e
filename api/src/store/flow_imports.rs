//! What the last import of a flow has left to be named.

use entity::id::FlowId;
use entity::{CompanyScope, flow_import};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::Tx;

pub async fn of_flow(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
) -> Result<Option<flow_import::Model>, DbErr> {
    scope.find::<flow_import::Entity>().filter(flow_import::Column::FlowId.eq(flow)).one(db).await
}

/// Takes the place of what was known of an earlier import. The flow is locked.
pub async fn replace(scope: CompanyScope, tx: &Tx, row: flow_import::Model) -> Result<(), DbErr> {
    let old = scope.delete_many::<flow_import::Entity>().filter(flow_import::Column::FlowId.eq(row.flow_id));
    old.exec(tx).await?;
    scope.insert::<flow_import::Entity, _>(tx, row).await
}
