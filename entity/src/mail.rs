//! A mail on its way: a job whose reader may be in no company, kept until it is delivered.

use sea_orm::entity::prelude::*;

use crate::JobState;
use crate::id::{CompanyId, MailId, NodeId};
use crate::macros::plain_table;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailId,
    pub recipient: String,
    /// For which company it speaks, if for any: by that company's server it leaves, if it has one.
    pub company_id: Option<CompanyId>,
    /// Subject and bodies, sealed with the master key: a mail may hold a token.
    pub content_sealed: String,
    pub run_at: DateTimeUtc,
    /// After this it is of no use to anybody.
    pub give_up_at: DateTimeUtc,
    pub state: JobState,
    pub attempts: i32,
    pub node_id: Option<NodeId>,
    pub lease_until: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
}

plain_table!();
