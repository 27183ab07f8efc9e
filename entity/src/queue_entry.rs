//! One visit of one queue; open until it has an outcome.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, QueueEntryId, QueueId};
use crate::macros::company_owned;
use crate::{EntryOutcome, EntryPurpose, VisitPlan};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_entry")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QueueEntryId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub queue_id: QueueId,
    pub priority: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub skills: Json,
    pub entered_at: DateTimeUtc,
    /// `entered_at` less the age credit: the moment that decides the place in the line.
    pub waiting_since: DateTimeUtc,
    pub purpose: EntryPurpose,
    /// Only this agent is asked; the company's routing passes over the visit as long as there is one.
    pub wanted_agent_id: Option<AgentId>,
    pub max_wait_until: Option<DateTimeUtc>,
    #[sea_orm(column_type = "JsonBinary")]
    pub plan: VisitPlan,
    pub outcome: Option<EntryOutcome>,
    pub left_at: Option<DateTimeUtc>,
}

company_owned!();
