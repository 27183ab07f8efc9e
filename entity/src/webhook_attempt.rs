//! A request that was made to deliver an event, and what came of it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, WebhookDeliveryId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_attempt")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: WebhookDeliveryId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub at: DateTimeUtc,
    pub duration_ms: i32,
    /// Of the answer, if there was one.
    pub status: Option<i32>,
    /// Why there was none.
    pub failure: Option<String>,
    /// How the answer begins.
    #[sea_orm(column_type = "Text", nullable)]
    pub answer: Option<String>,
}

company_owned!();
