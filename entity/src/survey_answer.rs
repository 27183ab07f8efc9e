//! What a caller thinks of his call.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, QueueId, RecordingId, SurveyAnswerId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "survey_answer")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SurveyAnswerId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    /// The survey's name in its flow.
    pub survey: String,
    /// 1 to 5, the best.
    pub score: i32,
    /// With whom he had talked last, and in which queue he had waited for him.
    pub agent_id: Option<AgentId>,
    pub queue_id: Option<QueueId>,
    /// What he said about it.
    pub recording_id: Option<RecordingId>,
    pub answered_at: DateTimeUtc,
}

company_owned!();
