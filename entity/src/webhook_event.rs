//! Something of a company that its endpoints are told, in the words in which they are.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, WebhookEventId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    /// Also the `webhook-id` of each request that tells of it.
    pub id: WebhookEventId,
    pub company_id: CompanyId,
    pub kind: String,
    #[sea_orm(column_type = "Text")]
    pub body: String,
    pub created_at: DateTimeUtc,
}

company_owned!();
