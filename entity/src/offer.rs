//! A call offered to an agent.

use sea_orm::entity::prelude::*;

use crate::OfferState;
use crate::id::{AgentId, CallId, CompanyId, OfferId, QueueEntryId, RoundId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "offer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OfferId,
    pub company_id: CompanyId,
    pub round_id: RoundId,
    pub queue_entry_id: QueueEntryId,
    pub call_id: CallId,
    pub agent_id: AgentId,
    pub state: OfferState,
    pub offered_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub settled_at: Option<DateTimeUtc>,
}

company_owned!();
