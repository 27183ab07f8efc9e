//! An event on its way to one endpoint.

use sea_orm::entity::prelude::*;

use crate::DeliveryState;
use crate::id::{CompanyId, WebhookDeliveryId, WebhookEndpointId, WebhookEventId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookDeliveryId,
    pub company_id: CompanyId,
    pub endpoint_id: WebhookEndpointId,
    pub event_id: WebhookEventId,
    pub state: DeliveryState,
    /// In all.
    pub attempts: i32,
    /// Since it was asked for last.
    pub tries: i32,
    pub next_attempt_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
}

company_owned!();
