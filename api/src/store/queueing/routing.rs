//! The lock of a company's routing, and the changes that it has yet to read.

use entity::{CompanyScope, routing_change, routing_state};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect};

use crate::error::Result;
use crate::store::Tx;

/// The company's routing lock, taken before any other.
pub async fn lock_routing(scope: CompanyScope, tx: &Tx) -> Result<Option<routing_state::Model>> {
    Ok(scope.find_by_id::<routing_state::Entity>(scope.company()).lock_exclusive().one(tx).await?)
}

pub async fn save_routing(scope: CompanyScope, tx: &Tx, row: routing_state::Model) -> Result<()> {
    scope.save::<routing_state::Entity, _>(tx, scope.company(), row).await?;
    Ok(())
}

/// Takes the changes that are there.
pub async fn take_changes(scope: CompanyScope, tx: &Tx) -> Result<Vec<routing_change::Model>> {
    let changes = scope.find::<routing_change::Entity>().all(tx).await?;
    if !changes.is_empty() {
        let ids: Vec<_> = changes.iter().map(|change| change.id).collect();
        for ids in ids.chunks(500) {
            let ids = ids.iter().copied();
            scope
                .delete_many::<routing_change::Entity>()
                .filter(routing_change::Column::Id.is_in(ids))
                .exec(tx)
                .await?;
        }
    }
    Ok(changes)
}
