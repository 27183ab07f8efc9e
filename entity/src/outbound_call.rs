//! What only a call has that an agent of ours makes.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, UserId};
use crate::macros::company_owned;
use crate::{AnsweredBy, MachineDetection};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "outbound_call")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub call_id: CallId,
    pub company_id: CompanyId,
    pub requested_by: UserId,
    /// What the provider is asked to listen for, if anything.
    pub machine_detection: Option<MachineDetection>,
    pub answered_by: Option<AnsweredBy>,
    pub answered_by_at: Option<DateTimeUtc>,
    /// Whether it is recorded; as the company's rules say without a word of who has called.
    pub record: Option<bool>,
}

company_owned!();
