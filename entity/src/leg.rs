//! One party's connection with the provider.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, LegId, OfferId};
use crate::macros::company_owned;
use crate::{LegKind, LegState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "leg")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LegId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub kind: LegKind,
    pub offer_id: Option<OfferId>,
    pub agent_id: Option<AgentId>,
    pub address: String,
    pub provider_sid: Option<String>,
    pub state: LegState,
    /// What we want of him in the conference; the provider is told by a job.
    pub held: bool,
    pub muted: bool,
    pub last_sequence: Option<i32>,
    pub dialled_at: Option<DateTimeUtc>,
    pub joined_at: Option<DateTimeUtc>,
    pub left_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub created_at: DateTimeUtc,
}

company_owned!();
