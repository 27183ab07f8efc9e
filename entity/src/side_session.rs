//! Where a flow is that runs beside the call's own: for a caller who waits, or for an agent who is about to be joined.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, FlowVersionId, OfferId, QueueEntryId, SideSessionId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "side_session")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SideSessionId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    /// Whose visit of a queue it is for, or
    pub queue_entry_id: Option<QueueEntryId>,
    /// whose offer.
    pub offer_id: Option<OfferId>,
    pub flow_version_id: FlowVersionId,
    #[sea_orm(column_type = "JsonBinary")]
    pub session: Json,
    /// Goes up by one with each input.
    pub version: i32,
    /// How many inputs it had, over all its rounds.
    pub inputs: i32,
    /// Absent in rows of before there were inputs.
    pub begun_at: Option<DateTimeUtc>,
    /// What the line was told last.
    pub twiml: String,
    /// The flow has taken its caller out of the queue, and goes on with him.
    pub has_left_queue: bool,
    pub moved_at: DateTimeUtc,
}

company_owned!();
