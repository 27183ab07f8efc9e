//! Flows beside the call's own: which a queue has, and where each is.

use entity::id::{FlowId, FlowVersionId, OfferId, QueueEntryId, QueueId};
use entity::{CompanyScope, flow, queue_flows, side_session};
use sea_orm::{ColumnTrait, ConnectionTrait, ExprTrait, QueryFilter, QuerySelect, Select};

use super::Tx;
use crate::error::Result;

pub async fn of_queue<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    queue: QueueId,
) -> Result<Option<queue_flows::Model>> {
    Ok(scope.find::<queue_flows::Entity>().filter(queue_flows::Column::QueueId.eq(queue)).one(db).await?)
}

/// Puts these in the place of those that the queue has.
pub async fn replace(scope: CompanyScope, tx: &Tx, row: queue_flows::Model) -> Result<()> {
    let old =
        scope.delete_many::<queue_flows::Entity>().filter(queue_flows::Column::QueueId.eq(row.queue_id));
    old.exec(tx).await?;
    Ok(scope.insert::<queue_flows::Entity, _>(tx, row).await?)
}

/// The queues that have this flow for something.
pub async fn queues_of(scope: CompanyScope, tx: &Tx, flow: FlowId) -> Result<Vec<queue_flows::Model>> {
    let has = queue_flows::Column::WaitFlowId
        .eq(flow)
        .or(queue_flows::Column::HoldFlowId.eq(flow))
        .or(queue_flows::Column::WhisperFlowId.eq(flow));
    Ok(scope.find::<queue_flows::Entity>().filter(has).all(tx).await?)
}

pub async fn published<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    flow: FlowId,
) -> Result<Option<FlowVersionId>> {
    let found = scope.find_by_id::<flow::Entity>(flow).one(db).await?;
    Ok(found.and_then(|flow| flow.published_version_id))
}

/// For whom a flow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Waits(QueueEntryId),
    IsOffered(OfferId),
}

/// Where the flow is that runs for him.
pub async fn session_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    whose: Whose,
) -> Result<Option<side_session::Model>> {
    Ok(select(scope, whose).one(db).await?)
}

/// The same, locked.
pub async fn lock(scope: CompanyScope, tx: &Tx, whose: Whose) -> Result<Option<side_session::Model>> {
    Ok(select(scope, whose).lock_exclusive().one(tx).await?)
}

fn select(scope: CompanyScope, whose: Whose) -> Select<side_session::Entity> {
    let by = match whose {
        Whose::Waits(entry) => side_session::Column::QueueEntryId.eq(entry),
        Whose::IsOffered(offer) => side_session::Column::OfferId.eq(offer),
    };
    scope.find::<side_session::Entity>().filter(by)
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: side_session::Model) -> Result<()> {
    Ok(scope.insert::<side_session::Entity, _>(tx, row).await?)
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: side_session::Model) -> Result<()> {
    let id = row.id;
    scope.save::<side_session::Entity, _>(tx, id, row).await?;
    Ok(())
}
