//! What only outbound calls have: the company's rules, caller ids, what was asked for; and calls written down by hand.

use std::collections::{HashMap, HashSet};

use entity::id::{AgentId, CallId, PhoneNumberId, QueueId};
use entity::{
    CallKind, CompanyScope, agent_caller_id, agent_slot, call, noted_call, outbound_call, outbound_rules,
    phone_number, queue, queue_member,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::Tx;

pub async fn rules(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Option<outbound_rules::Model>, DbErr> {
    scope.find_by_id::<outbound_rules::Entity>(scope.company()).one(db).await
}

pub async fn save_rules(scope: CompanyScope, tx: &Tx, row: outbound_rules::Model) -> Result<(), DbErr> {
    scope.delete_many::<outbound_rules::Entity>().exec(tx).await?;
    scope.insert::<outbound_rules::Entity, _>(tx, row).await
}

/// The company's numbers, the oldest first.
pub async fn numbers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<phone_number::Model>, DbErr> {
    scope.find::<phone_number::Entity>().order_by_asc(phone_number::Column::Id).all(db).await
}

pub async fn caller_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
) -> Result<Option<PhoneNumberId>, DbErr> {
    let row = scope.find_by_id::<agent_caller_id::Entity>(agent).one(db).await?;
    Ok(row.map(|row| row.phone_number_id))
}

/// Gives the agent a number of his own, or takes it.
pub async fn set_caller_id(
    scope: CompanyScope,
    tx: &Tx,
    agent: AgentId,
    number: Option<PhoneNumberId>,
) -> Result<(), DbErr> {
    let old = scope.delete_many::<agent_caller_id::Entity>();
    old.filter(agent_caller_id::Column::AgentId.eq(agent)).exec(tx).await?;
    match number {
        Some(phone_number_id) => {
            let row =
                agent_caller_id::Model { agent_id: agent, company_id: scope.company(), phone_number_id };
            scope.insert::<agent_caller_id::Entity, _>(tx, row).await
        }
        None => Ok(()),
    }
}

/// The queues that an agent serves, by name.
pub async fn queues_of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
) -> Result<Vec<queue::Model>, DbErr> {
    let served = scope
        .find::<queue_member::Entity>()
        .select_only()
        .column(queue_member::Column::QueueId)
        .filter(queue_member::Column::AgentId.eq(agent));
    scope
        .find::<queue::Entity>()
        .filter(queue::Column::Id.in_subquery(served.into_query()))
        .order_by_asc(queue::Column::Name)
        .all(db)
        .await
}

pub async fn queue(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: QueueId,
) -> Result<Option<queue::Model>, DbErr> {
    scope.find_by_id::<queue::Entity>(id).one(db).await
}

/// Whether the agent is held by an outbound call to this number.
pub async fn is_calling(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    number: &str,
) -> Result<bool, DbErr> {
    let held = scope
        .find::<agent_slot::Entity>()
        .select_only()
        .column(agent_slot::Column::CallId)
        .filter(agent_slot::Column::AgentId.eq(agent));
    let calling = scope
        .find::<call::Entity>()
        .filter(call::Column::Id.in_subquery(held.into_query()))
        .filter(call::Column::Kind.eq(CallKind::Outbound))
        .filter(call::Column::EndedAt.is_null())
        .filter(call::Column::ToAddress.eq(number));
    Ok(calling.count(db).await? > 0)
}

pub async fn of_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: CallId,
) -> Result<Option<outbound_call::Model>, DbErr> {
    scope.find_by_id::<outbound_call::Entity>(call).one(db).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: outbound_call::Model) -> Result<(), DbErr> {
    let id = row.call_id;
    scope.save::<outbound_call::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// What these calls have as outbound ones, and which of them were handled elsewhere.
pub async fn of_calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<(HashMap<CallId, outbound_call::Model>, HashSet<CallId>), DbErr> {
    let outbound = scope
        .find::<outbound_call::Entity>()
        .filter(outbound_call::Column::CallId.is_in(calls.iter().copied()))
        .all(db)
        .await?;
    let noted = scope
        .find::<noted_call::Entity>()
        .filter(noted_call::Column::CallId.is_in(calls.iter().copied()))
        .all(db)
        .await?;
    let outbound = outbound.into_iter().map(|row| (row.call_id, row)).collect();
    Ok((outbound, noted.into_iter().map(|row| row.call_id).collect()))
}
