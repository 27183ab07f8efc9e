//! A text message: one that a flow sends, or one that somebody has sent to a number of the company.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, MessageId};
use crate::macros::company_owned;
use crate::{TextDirection, TextState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "text_message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub company_id: CompanyId,
    /// Whose flow sends it.
    pub call_id: Option<CallId>,
    pub direction: TextDirection,
    /// E.164, or as the provider has it: a short code, a name. A number of the company where it goes out.
    pub from_number: String,
    /// A number of the company where it comes in.
    pub to_number: String,
    pub body: String,
    /// How many pictures, sounds and files came with it.
    pub media: i32,
    pub state: TextState,
    pub provider_sid: Option<String>,
    /// The provider's, of one that failed.
    pub error_code: Option<i32>,
    pub created_at: DateTimeUtc,
    /// When it was delivered, failed, or received.
    pub settled_at: Option<DateTimeUtc>,
}

company_owned!();
