//! An agent passes a call on. At most one transfer of a call is open.

use sea_orm::entity::prelude::*;

use crate::id::{
    AgentId, CallId, CompanyId, FlowId, LegId, QueueEntryId, QueueId, SegmentId, TransferId, UserId,
};
use crate::macros::company_owned;
use crate::{TransferMode, TransferState, TransferTarget};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "transfer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TransferId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    /// The agent's time with the call that this transfer ends, or would have ended.
    pub segment_id: SegmentId,
    pub agent_id: AgentId,
    /// Who asked for it: the agent himself, or a supervisor.
    pub requested_by: UserId,
    pub mode: TransferMode,
    pub target: TransferTarget,
    pub to_agent_id: Option<AgentId>,
    pub to_queue_id: Option<QueueId>,
    pub to_number: Option<String>,
    pub to_flow_id: Option<FlowId>,
    pub state: TransferState,
    /// The visit of a queue by which an agent is found.
    pub queue_entry_id: Option<QueueEntryId>,
    /// The leg of somebody outside who is asked while the agent stays.
    pub leg_id: Option<LegId>,
    pub started_at: DateTimeUtc,
    /// When the caller's line began to do it, where it is the line that does: from then on it is not sent there again.
    pub taken_up_at: Option<DateTimeUtc>,
    pub joined_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    /// Why it failed.
    pub reason: Option<String>,
}

company_owned!();
