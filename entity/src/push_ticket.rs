//! A notice that Expo has taken, and of which it says later what became of it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, PushDeviceId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "push_ticket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket: String,
    pub device_id: PushDeviceId,
    pub sent_at: DateTimeUtc,
}

company_owned!();
