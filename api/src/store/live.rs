//! Transfers and supervisors of calls.

use entity::id::{CallId, LegId, QueueEntryId, SupervisionId, TransferId, UserId};
use entity::{CompanyScope, TransferState, supervision, transfer};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use super::Tx;
use crate::error::Result;

const OPEN: [TransferState; 2] = [TransferState::Pending, TransferState::Joined];

/// The transfer that is under way, if any.
pub async fn open_transfer<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Option<transfer::Model>> {
    Ok(scope
        .find::<transfer::Entity>()
        .filter(transfer::Column::CallId.eq(call))
        .filter(transfer::Column::State.is_in(OPEN))
        .one(db)
        .await?)
}

pub async fn transfer<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: TransferId,
) -> Result<Option<transfer::Model>> {
    Ok(scope.find_by_id::<transfer::Entity>(id).one(db).await?)
}

/// The transfer that this visit of a queue belongs to, if it is not an ordinary one.
pub async fn transfer_of_entry<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    entry: QueueEntryId,
) -> Result<Option<transfer::Model>> {
    Ok(scope
        .find::<transfer::Entity>()
        .filter(transfer::Column::QueueEntryId.eq(entry))
        .order_by_desc(transfer::Column::Id)
        .one(db)
        .await?)
}

/// The transfer for which somebody outside was called.
pub async fn transfer_of_leg<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    leg: LegId,
) -> Result<Option<transfer::Model>> {
    Ok(scope.find::<transfer::Entity>().filter(transfer::Column::LegId.eq(leg)).one(db).await?)
}

/// Oldest first.
pub async fn transfers<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<transfer::Model>> {
    Ok(scope
        .find::<transfer::Entity>()
        .filter(transfer::Column::CallId.eq(call))
        .order_by_asc(transfer::Column::Id)
        .all(db)
        .await?)
}

pub async fn save_transfer(scope: CompanyScope, tx: &Tx, row: transfer::Model) -> Result<()> {
    let id = row.id;
    scope.save::<transfer::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The supervisors who are in the call, or on their way.
pub async fn open_supervisions<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    call: CallId,
) -> Result<Vec<supervision::Model>> {
    Ok(scope
        .find::<supervision::Entity>()
        .filter(supervision::Column::CallId.eq(call))
        .filter(supervision::Column::EndedAt.is_null())
        .order_by_asc(supervision::Column::Id)
        .all(db)
        .await?)
}

/// What this supervisor is in, if anything.
pub async fn supervision_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
) -> Result<Option<supervision::Model>> {
    Ok(scope
        .find::<supervision::Entity>()
        .filter(supervision::Column::UserId.eq(user))
        .filter(supervision::Column::EndedAt.is_null())
        .one(db)
        .await?)
}

pub async fn supervision_of_leg<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    leg: LegId,
) -> Result<Option<supervision::Model>> {
    Ok(scope.find::<supervision::Entity>().filter(supervision::Column::LegId.eq(leg)).one(db).await?)
}

pub async fn save_supervision(scope: CompanyScope, tx: &Tx, row: supervision::Model) -> Result<()> {
    let id: SupervisionId = row.id;
    scope.save::<supervision::Entity, _>(tx, id, row).await?;
    Ok(())
}
