//! One agent's time with a call, from the reservation to the end of wrap-up.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, OfferId, QueueEntryId, QueueId, SegmentId};
use crate::macros::company_owned;
use crate::{EndedBy, SegmentPart, SegmentState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SegmentId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub queue_entry_id: QueueEntryId,
    pub offer_id: OfferId,
    pub agent_id: AgentId,
    pub queue_id: QueueId,
    pub part: SegmentPart,
    /// The offer after which the room is named where this agent meets the caller: his own, or that of the agent who asked him.
    pub room_id: OfferId,
    pub state: SegmentState,
    pub reserved_at: DateTimeUtc,
    pub agent_joined_at: Option<DateTimeUtc>,
    pub connected_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub ended_by: Option<EndedBy>,
    /// How long the caller was on hold; without the hold that is on.
    pub hold_ms: i64,
    pub held_since: Option<DateTimeUtc>,
    pub wrap_up_until: Option<DateTimeUtc>,
    pub wrap_up_extensions: i32,
    pub wrapped_up_at: Option<DateTimeUtc>,
    pub disposition: Option<String>,
    pub notes: Option<String>,
}

company_owned!();
