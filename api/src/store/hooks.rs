//! Endpoints of webhooks, what they are told, and how that went.

use entity::id::{WebhookDeliveryId, WebhookEndpointId, WebhookEventId};
use entity::{
    CompanyScope, DeliveryState, Inserted, Updated, chat_integration, incoming_secret, outbox_counter,
    webhook_attempt, webhook_delivery, webhook_endpoint, webhook_event,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{Tx, Unit};
use crate::error::Result;

/// The company's endpoints, the oldest first.
pub async fn endpoints(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<webhook_endpoint::Model>, DbErr> {
    scope.find::<webhook_endpoint::Entity>().order_by_asc(webhook_endpoint::Column::Id).all(db).await
}

pub async fn endpoint(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: WebhookEndpointId,
) -> Result<Option<webhook_endpoint::Model>, DbErr> {
    scope.find_by_id::<webhook_endpoint::Entity>(id).one(db).await
}

/// The endpoint, locked until the transaction ends.
pub async fn lock_endpoint(
    scope: CompanyScope,
    tx: &Tx,
    id: WebhookEndpointId,
) -> Result<Option<webhook_endpoint::Model>, DbErr> {
    scope.find_by_id::<webhook_endpoint::Entity>(id).lock_exclusive().one(tx).await
}

pub async fn insert_endpoint(
    scope: CompanyScope,
    tx: &Tx,
    row: webhook_endpoint::Model,
) -> Result<(), DbErr> {
    scope.insert::<webhook_endpoint::Entity, _>(tx, row).await
}

pub async fn save_endpoint(
    scope: CompanyScope,
    tx: &Tx,
    row: webhook_endpoint::Model,
) -> Result<Updated, DbErr> {
    scope.save::<webhook_endpoint::Entity, _>(tx, row.id, row).await
}

/// Deletes an endpoint with all that it was told; how many there were.
pub async fn delete_endpoint(scope: CompanyScope, tx: &Tx, id: WebhookEndpointId) -> Result<u64, DbErr> {
    let endpoint = scope.delete_many::<webhook_endpoint::Entity>();
    Ok(endpoint.filter(webhook_endpoint::Column::Id.eq(id)).exec(tx).await?.rows_affected)
}

/// Locks what says whether anybody outside is told what happens. Whoever changes endpoints or chat apps holds it, so that two at
/// once count each other's.
pub async fn lock_listeners(unit: &Unit) -> Result<()> {
    unit.scope()
        .update_many::<outbox_counter::Entity>()
        .col_expr(outbox_counter::Column::FactsWanted, Expr::col(outbox_counter::Column::FactsWanted))
        .exec(unit.tx())
        .await?;
    Ok(())
}

/// Says anew whether anybody outside is told what happens.
pub async fn count_listeners(unit: &Unit) -> Result<()> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let endpoints = scope.find::<webhook_endpoint::Entity>();
    let endpoints = endpoints.filter(webhook_endpoint::Column::Enabled.eq(true)).count(tx).await?;
    let chat_apps = scope.find::<chat_integration::Entity>();
    let chat_apps = chat_apps.filter(chat_integration::Column::UrlSealed.is_not_null()).count(tx).await?;
    scope
        .update_many::<outbox_counter::Entity>()
        .col_expr(outbox_counter::Column::FactsWanted, Expr::value(endpoints + chat_apps > 0))
        .exec(tx)
        .await?;
    Ok(())
}

/// Writes an event down once.
pub async fn insert_event(
    scope: CompanyScope,
    tx: &Tx,
    row: webhook_event::Model,
) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<webhook_event::Entity, _>(tx, row).await
}

pub async fn event(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: WebhookEventId,
) -> Result<Option<webhook_event::Model>, DbErr> {
    scope.find_by_id::<webhook_event::Entity>(id).one(db).await
}

pub async fn insert_deliveries(
    scope: CompanyScope,
    tx: &Tx,
    rows: Vec<webhook_delivery::Model>,
) -> Result<(), DbErr> {
    scope.insert_many::<webhook_delivery::Entity, _>(tx, rows).await
}

pub async fn delivery(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: WebhookDeliveryId,
) -> Result<Option<webhook_delivery::Model>, DbErr> {
    scope.find_by_id::<webhook_delivery::Entity>(id).one(db).await
}

/// The delivery, locked until the transaction ends.
pub async fn lock_delivery(
    scope: CompanyScope,
    tx: &Tx,
    id: WebhookDeliveryId,
) -> Result<Option<webhook_delivery::Model>, DbErr> {
    scope.find_by_id::<webhook_delivery::Entity>(id).lock_exclusive().one(tx).await
}

pub async fn save_delivery(
    scope: CompanyScope,
    tx: &Tx,
    row: webhook_delivery::Model,
) -> Result<Updated, DbErr> {
    scope.save::<webhook_delivery::Entity, _>(tx, row.id, row).await
}

/// Up to `limit` deliveries of an endpoint older than `before`, the newest first.
pub async fn deliveries(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    endpoint: WebhookEndpointId,
    state: Option<DeliveryState>,
    before: Option<WebhookDeliveryId>,
    limit: u64,
) -> Result<Vec<webhook_delivery::Model>, DbErr> {
    let mut rows = scope
        .find::<webhook_delivery::Entity>()
        .filter(webhook_delivery::Column::EndpointId.eq(endpoint))
        .order_by_desc(webhook_delivery::Column::Id)
        .limit(limit);
    if let Some(state) = state {
        rows = rows.filter(webhook_delivery::Column::State.eq(state));
    }
    if let Some(before) = before {
        rows = rows.filter(webhook_delivery::Column::Id.lt(before));
    }
    rows.all(db).await
}

pub async fn events(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ids: Vec<WebhookEventId>,
) -> Result<Vec<webhook_event::Model>, DbErr> {
    scope.find::<webhook_event::Entity>().filter(webhook_event::Column::Id.is_in(ids)).all(db).await
}

/// The attempts of these deliveries, in their order.
pub async fn attempts(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    deliveries: Vec<WebhookDeliveryId>,
) -> Result<Vec<webhook_attempt::Model>, DbErr> {
    scope
        .find::<webhook_attempt::Entity>()
        .filter(webhook_attempt::Column::DeliveryId.is_in(deliveries))
        .order_by_asc(webhook_attempt::Column::DeliveryId)
        .order_by_asc(webhook_attempt::Column::Number)
        .all(db)
        .await
}

pub async fn insert_attempt(scope: CompanyScope, tx: &Tx, row: webhook_attempt::Model) -> Result<(), DbErr> {
    scope.insert::<webhook_attempt::Entity, _>(tx, row).await
}

pub async fn incoming_secret(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Option<incoming_secret::Model>, DbErr> {
    scope.find_by_id::<incoming_secret::Entity>(scope.company()).one(db).await
}

/// The company's secret in place of the one before.
pub async fn put_incoming_secret(
    scope: CompanyScope,
    tx: &Tx,
    row: incoming_secret::Model,
) -> Result<(), DbErr> {
    scope.delete_many::<incoming_secret::Entity>().exec(tx).await?;
    scope.insert::<incoming_secret::Entity, _>(tx, row).await
}
