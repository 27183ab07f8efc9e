//! Flows, their published versions, and what a flow may refer to.

use std::collections::HashMap;

use entity::id::{FlowId, FlowVersionId};
use entity::{CompanyScope, Inserted, Updated, flow, flow_version, skill};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Set};
use serde_json::Value;

use super::Tx;

/// The company's flows by name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<flow::Model>, DbErr> {
    scope.find::<flow::Entity>().order_by_asc(flow::Column::Name).all(db).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: FlowId,
) -> Result<Option<flow::Model>, DbErr> {
    scope.find_by_id::<flow::Entity>(id).one(db).await
}

/// The flow, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: FlowId) -> Result<Option<flow::Model>, DbErr> {
    scope.find_by_id::<flow::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts a flow unless the company has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, flow: flow::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<flow::Entity, _>(tx, flow).await
}

pub async fn has_other_named(scope: CompanyScope, tx: &Tx, name: &str, id: FlowId) -> Result<bool, DbErr> {
    let other =
        scope.find::<flow::Entity>().filter(flow::Column::Name.eq(name)).filter(flow::Column::Id.ne(id));
    Ok(other.one(tx).await?.is_some())
}

pub async fn update(
    scope: CompanyScope,
    tx: &Tx,
    id: FlowId,
    changes: flow::ActiveModel,
) -> Result<Updated, DbErr> {
    scope.update::<flow::Entity, _>(tx, id, changes).await
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: FlowId) -> Result<u64, DbErr> {
    Ok(scope.delete_many::<flow::Entity>().filter(flow::Column::Id.eq(id)).exec(tx).await?.rows_affected)
}

/// The versions of a flow, the newest first.
pub async fn versions(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
) -> Result<Vec<flow_version::Model>, DbErr> {
    scope
        .find::<flow_version::Entity>()
        .filter(flow_version::Column::FlowId.eq(flow))
        .order_by_desc(flow_version::Column::Number)
        .all(db)
        .await
}

pub async fn version(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
    number: i32,
) -> Result<Option<flow_version::Model>, DbErr> {
    scope
        .find::<flow_version::Entity>()
        .filter(flow_version::Column::FlowId.eq(flow))
        .filter(flow_version::Column::Number.eq(number))
        .one(db)
        .await
}

pub async fn version_by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: FlowVersionId,
) -> Result<Option<flow_version::Model>, DbErr> {
    scope.find_by_id::<flow_version::Entity>(id).one(db).await
}

pub async fn last_number(scope: CompanyScope, tx: &Tx, flow: FlowId) -> Result<i32, DbErr> {
    let last = scope
        .find::<flow_version::Entity>()
        .filter(flow_version::Column::FlowId.eq(flow))
        .order_by_desc(flow_version::Column::Number)
        .one(tx)
        .await?;
    Ok(last.map_or(0, |version| version.number))
}

/// Adds a version and makes it the one that new calls get.
pub async fn publish(
    scope: CompanyScope,
    tx: &Tx,
    version: flow_version::Model,
    now: DateTimeUtc,
) -> Result<FlowVersionId, DbErr> {
    let (id, flow) = (version.id, version.flow_id);
    scope.insert::<flow_version::Entity, _>(tx, version).await?;
    let changes =
        flow::ActiveModel { published_version_id: Set(Some(id)), updated_at: Set(now), ..Default::default() };
    scope.update::<flow::Entity, _>(tx, flow, changes).await?;
    Ok(id)
}

/// A flow by its id or name, as other flows call it.
pub async fn by_name(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: &str,
) -> Result<Option<flow::Model>, DbErr> {
    let by = match flow.parse::<FlowId>() {
        Ok(id) => flow::Column::Id.eq(id),
        Err(_) => flow::Column::Name.eq(flow),
    };
    scope.find::<flow::Entity>().filter(by).one(db).await
}

/// The drafts of the company's flows and what new calls get of them, each with its flow's name.
pub async fn documents(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<(String, Value)>, DbErr> {
    let flows = all(scope, db).await?;
    let published = flows.iter().filter_map(|flow| flow.published_version_id);
    let versions = scope
        .find::<flow_version::Entity>()
        .filter(flow_version::Column::Id.is_in(published))
        .all(db)
        .await?;
    let names: HashMap<_, _> = flows.iter().map(|flow| (flow.id, flow.name.clone())).collect();
    let published = versions
        .into_iter()
        .map(|version| (names.get(&version.flow_id).cloned().unwrap_or_default(), version.document));
    let published: Vec<_> = published.collect();
    Ok(flows.into_iter().map(|flow| (flow.name, flow.draft)).chain(published).collect())
}

/// The version that a flow which is called by its id or name runs in: its latest published one.
pub async fn published(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: &str,
) -> Result<Option<FlowVersionId>, DbErr> {
    Ok(by_name(scope, db, flow).await?.and_then(|flow| flow.published_version_id))
}

/// Ids and names of the company's queues, and of its skills: what a flow may refer to.
pub async fn references(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> crate::error::Result<(Vec<String>, Vec<String>)> {
    let queues = super::queueing::queues(scope, db).await?;
    let skills = scope.find::<skill::Entity>().all(db).await?;
    Ok((
        queues.into_iter().flat_map(|queue| [queue.id.to_string(), queue.name]).collect(),
        skills.into_iter().flat_map(|skill| [skill.id.to_string(), skill.name]).collect(),
    ))
}
