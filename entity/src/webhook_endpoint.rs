//! Where a company's events are sent.

use sea_orm::entity::prelude::*;

use crate::DisabledBecause;
use crate::id::{CompanyId, UserId, WebhookEndpointId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WebhookEndpointId,
    pub company_id: CompanyId,
    pub url: String,
    pub description: Option<String>,
    /// The names of those that are sent; every one when there are none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub events: Option<Json>,
    pub enabled: bool,
    /// Why we have switched it off ourselves.
    pub disabled_because: Option<DisabledBecause>,
    pub disabled_at: Option<DateTimeUtc>,
    /// With which it is proved that a request is ours.
    pub secret_sealed: String,
    /// The one before, with which requests are signed too until then.
    pub old_secret_sealed: Option<String>,
    pub old_secret_until: Option<DateTimeUtc>,
    /// Since when every attempt has failed, and how many have.
    pub failing_since: Option<DateTimeUtc>,
    pub failures: i32,
    pub created_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
    pub updated_by: UserId,
}

company_owned!();
