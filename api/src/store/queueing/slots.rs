//! What agents can take at once.

use entity::id::{AgentId, OfferId};
use entity::{CompanyScope, Inserted, SlotHolder, agent_slot};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter};

use crate::error::Result;
use crate::store::Tx;

/// Takes a slot of the agent: the primary key keeps anybody from taking the same one.
pub async fn take_slot(scope: CompanyScope, tx: &Tx, slot: agent_slot::Model) -> Result<Inserted> {
    Ok(scope.insert_or_ignore::<agent_slot::Entity, _>(tx, slot).await?)
}

pub async fn slots_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    agents: &[AgentId],
) -> Result<Vec<agent_slot::Model>> {
    Ok(scope
        .find::<agent_slot::Entity>()
        .filter(agent_slot::Column::AgentId.is_in(agents.iter().copied()))
        .all(db)
        .await?)
}

/// Every slot that is held in the company.
pub async fn held_slots<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<agent_slot::Model>> {
    Ok(scope.find::<agent_slot::Entity>().all(db).await?)
}

pub async fn pass_slot_on(scope: CompanyScope, tx: &Tx, offer: OfferId, to: SlotHolder) -> Result<()> {
    scope
        .update_many::<agent_slot::Entity>()
        .col_expr(agent_slot::Column::Holder, Expr::value(to.as_str()))
        .filter(agent_slot::Column::OfferId.eq(offer))
        .exec(tx)
        .await?;
    Ok(())
}

pub async fn release_slot(scope: CompanyScope, tx: &Tx, offer: OfferId) -> Result<()> {
    scope.delete_many::<agent_slot::Entity>().filter(agent_slot::Column::OfferId.eq(offer)).exec(tx).await?;
    Ok(())
}
