//! A notice that waits to be sent, with others if there are some by then.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, WebhookEventId};
use crate::macros::company_owned;
use crate::{ChatApp, Notice};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_notice")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub chat: ChatApp,
    #[sea_orm(primary_key, auto_increment = false)]
    /// Of the event that it tells of.
    pub id: WebhookEventId,
    pub notice: Notice,
    #[sea_orm(column_type = "JsonBinary")]
    pub told: Json,
    pub created_at: DateTimeUtc,
}

company_owned!();
