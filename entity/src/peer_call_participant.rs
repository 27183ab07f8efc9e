//! Somebody's part in a call among colleagues. A unique index lets nobody be in two at once.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CallId, CompanyId, ParticipantId, UserId};
use crate::macros::company_owned;
use crate::{PartyState, PeerRole};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "peer_call_participant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ParticipantId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub user_id: UserId,
    /// The agent whose capacity this takes.
    pub agent_id: Option<AgentId>,
    pub role: PeerRole,
    pub state: PartyState,
    pub invited_at: DateTimeUtc,
    /// Who has called him into a call that went on; `None` of who was called when it was made.
    pub invited_by: Option<UserId>,
    /// He has blocked who called him: he was not told, and does not see it.
    pub is_unwanted: bool,
    pub joined_at: Option<DateTimeUtc>,
    pub left_at: Option<DateTimeUtc>,
    /// The one of his devices that has the call; `None` when it was taken over REST.
    pub socket: Option<String>,
    /// Since when that socket is gone.
    pub lost_at: Option<DateTimeUtc>,
    /// `{platform, version, userAgent}`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub device: Option<Json>,
    /// `{ip, connectionType}`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub network: Option<Json>,
    /// 1 to 5.
    pub quality_score: Option<i32>,
    /// `{issues, comment, stats}`.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub feedback: Option<Json>,
}

company_owned!();
