//! A request to somebody else's server that a call's flow waits for. It is there until the flow has had its answer.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, RequestId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "flow_request")]
pub struct Model {
    /// Goes out as `Idempotency-Key`, the same at every attempt.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RequestId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    /// `ivr_engine::RequestCall`, with gaps for secrets.
    pub request: Json,
    /// Attempts that are over.
    pub attempts: i32,
    /// `ivr_engine::RequestOutcome`, once there is one.
    pub outcome: Option<Json>,
    pub created_at: DateTimeUtc,
    /// When the flow goes on without an answer.
    pub deadline_at: DateTimeUtc,
}

company_owned!();
