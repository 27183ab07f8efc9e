//! A unit of an agent's capacity that is held now. The key is what keeps an agent from having two calls at once.

use sea_orm::entity::prelude::*;

use crate::SlotHolder;
use crate::id::{AgentId, CallId, CompanyId, OfferId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_slot")]
pub struct Model {
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub agent_id: AgentId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub slot: i32,
    pub holder: SlotHolder,
    pub offer_id: OfferId,
    pub call_id: CallId,
    pub held_since: DateTimeUtc,
}

company_owned!();
