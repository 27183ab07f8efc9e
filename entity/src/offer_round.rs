//! A round of offers for an entry: one agent, or several with one winner. At most one is open.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, QueueEntryId, RoundId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "offer_round")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RoundId,
    pub company_id: CompanyId,
    pub queue_entry_id: QueueEntryId,
    pub opened_at: DateTimeUtc,
    pub closed_at: Option<DateTimeUtc>,
}

company_owned!();
