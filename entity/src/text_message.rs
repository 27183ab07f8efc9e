//! A text message that a flow sends.

use sea_orm::entity::prelude::*;

use crate::TextState;
use crate::id::{CallId, CompanyId, MessageId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "text_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    /// E.164, a number of the company.
    pub from_number: String,
    pub to_number: String,
    pub body: String,
    pub state: TextState,
    pub provider_sid: Option<String>,
    /// The provider's, of one that failed.
    pub error_code: Option<i32>,
    pub created_at: DateTimeUtc,
    /// When it was delivered or failed.
    pub settled_at: Option<DateTimeUtc>,
}

company_owned!();
