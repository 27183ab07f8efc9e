//! What only a call has that the people of a company have with each other. The call itself is a row of `call`, of the kind
//! `peer`.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, UserId};
use crate::macros::company_owned;
use crate::{CallType, ConnectionType, PeerMedia, PeerStatus};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "peer_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    pub called_by: UserId,
    pub call_type: CallType,
    pub status: PeerStatus,
    pub media: PeerMedia,
    pub is_group: bool,
    /// E.164, when who is called was named by his number.
    pub to_number: Option<String>,
    /// Why it ended, as clients are told it.
    pub end_reason: Option<String>,
    /// The caller's session description, for devices that come while it rings; gone afterwards.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub offer: Option<Json>,
    pub connection_type: ConnectionType,
    pub region: Option<String>,
    /// `{audioEnabled, videoEnabled, recordingEnabled}` as the caller's device has them.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub call_settings: Option<Json>,
    /// `{errorCode, errorMessage, timestamp}` of a call that failed.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub error_info: Option<Json>,
}

company_owned!();
