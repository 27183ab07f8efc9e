//! What agents can take at once.

use entity::id::{AgentId, OfferId, UserId};
use entity::{CompanyScope, Inserted, SlotHolder, agent, agent_slot, membership};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect, QueryTrait};

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

/// The users whose agents talk with a customer, or are being connected with one.
pub async fn users_in_calls<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Vec<UserId>> {
    let held = scope
        .find::<agent_slot::Entity>()
        .select_only()
        .column(agent_slot::Column::AgentId)
        .filter(agent_slot::Column::Holder.eq(SlotHolder::Segment));
    let memberships = scope
        .find::<agent::Entity>()
        .select_only()
        .column(agent::Column::MembershipId)
        .filter(agent::Column::Id.in_subquery(held.into_query()));
    Ok(scope
        .find::<membership::Entity>()
        .select_only()
        .column(membership::Column::UserId)
        .filter(membership::Column::Id.in_subquery(memberships.into_query()))
        .into_tuple()
        .all(db)
        .await?)
}
