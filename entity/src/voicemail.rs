//! What people have done about a voicemail; nothing yet, without a row.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId, RecordingId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "voicemail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub recording_id: RecordingId,
    pub company_id: CompanyId,
    /// Who is to see to it.
    pub agent_id: Option<AgentId>,
    /// When somebody first said that he has heard it.
    pub heard_at: Option<DateTimeUtc>,
    pub heard_by: Option<UserId>,
    /// Since when nothing is left to do.
    pub done_at: Option<DateTimeUtc>,
    pub done_by: Option<UserId>,
}

company_owned!();
