//! A call, whole. Its status is a projection of legs, entries, offers and segments.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, FlowVersionId, PhoneNumberId, QueueId};
use crate::macros::company_owned;
use crate::{CallKind, CallOutcome, CallStatus, EndedBy};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CallId,
    pub company_id: CompanyId,
    pub kind: CallKind,
    pub status: CallStatus,
    pub outcome: Option<CallOutcome>,
    pub from_address: String,
    pub to_address: String,
    pub caller_name: Option<String>,
    pub account_sid: String,
    /// Of the caller's leg. As long as an outbound call has none there, and of a call that was handled elsewhere, the
    /// call's own id.
    pub provider_sid: String,
    pub phone_number_id: Option<PhoneNumberId>,
    pub flow_version_id: Option<FlowVersionId>,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub session: Option<Json>,
    pub session_version: i32,
    pub current_twiml: Option<String>,
    pub event_seq: i32,
    pub last_event_at: DateTimeUtc,
    pub queue_id: Option<QueueId>,
    pub agent_id: Option<AgentId>,
    pub conference_sid: Option<String>,
    pub disposition: Option<String>,
    pub notes: Option<String>,
    pub started_at: DateTimeUtc,
    pub answered_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub ended_by: Option<EndedBy>,
    /// When it was counted for the reports; None: it has to be, anew. Whoever writes its story says so.
    pub reported_at: Option<DateTimeUtc>,
}

company_owned!();

impl Model {
    /// A call that has begun at a moment, of which nothing is known but who has called whom; the rest is the caller's to say.
    pub fn begun(
        id: CallId,
        company_id: CompanyId,
        kind: CallKind,
        (from_address, to_address): (String, String),
        at: DateTimeUtc,
    ) -> Self {
        Self {
            id,
            company_id,
            kind,
            status: CallStatus::Received,
            outcome: None,
            from_address,
            to_address,
            caller_name: None,
            account_sid: String::new(),
            provider_sid: id.to_string(),
            phone_number_id: None,
            flow_version_id: None,
            session: None,
            session_version: 0,
            current_twiml: None,
            event_seq: 0,
            last_event_at: at,
            queue_id: None,
            agent_id: None,
            conference_sid: None,
            disposition: None,
            notes: None,
            started_at: at,
            answered_at: None,
            ended_at: None,
            ended_by: None,
            reported_at: None,
        }
    }

    /// The number of the company that the other party sees.
    pub fn our_address(&self) -> &str {
        match self.kind {
            CallKind::Inbound | CallKind::Peer => &self.to_address,
            CallKind::Outbound => &self.from_address,
        }
    }

    /// Who has called, or was called.
    pub fn their_address(&self) -> &str {
        match self.kind {
            CallKind::Inbound | CallKind::Peer => &self.from_address,
            CallKind::Outbound => &self.to_address,
        }
    }

    /// What that one is called, as far as it is known, else his number.
    pub fn their_name(&self) -> &str {
        self.caller_name.as_deref().unwrap_or(self.their_address())
    }
}
