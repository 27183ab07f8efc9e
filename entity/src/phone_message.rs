//! A message of the server's own to a number: a job whose subject may be in no company, kept for a while to say what
//! became of it.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, NodeId, PhoneMessageId};
use crate::macros::plain_table;
use crate::{MessageChannel, MessagePurpose, TextState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "phone_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PhoneMessageId,
    /// The company that wants it, if one does.
    pub company_id: Option<CompanyId>,
    /// With which it is sent: the company's or the platform's.
    pub account_sid: String,
    pub purpose: MessagePurpose,
    pub channel: MessageChannel,
    /// E.164, or a messaging service (`MG…`).
    pub sender: String,
    /// E.164.
    pub recipient: String,
    /// What it says, sealed with the master key; empty once the provider was asked.
    pub content_sealed: String,
    pub state: TextState,
    /// When there is something to do for it; nothing any more, without.
    pub run_at: Option<DateTimeUtc>,
    /// After this it is of no use to anybody.
    pub give_up_at: DateTimeUtc,
    pub attempts: i32,
    pub node_id: Option<NodeId>,
    pub lease_until: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub provider_sid: Option<String>,
    /// The provider's, of one that failed.
    pub error_code: Option<i32>,
    pub created_at: DateTimeUtc,
    /// When it was delivered or failed.
    pub settled_at: Option<DateTimeUtc>,
}

plain_table!();
