//! A chat between people of a company.

use sea_orm::entity::prelude::*;

use crate::id::{ChatId, CompanyId, UserId};
use crate::macros::{closed_enum, company_owned};

closed_enum!(
    /// Between how many.
    ChatKind {
        /// Between two; of each two there is one.
        Private,
        Group,
    }
);

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChatId,
    pub company_id: CompanyId,
    pub kind: ChatKind,
    /// Of a private one: the ids of the two, so that there is one of them.
    pub pair: Option<String>,
    /// Of a group.
    pub title: Option<String>,
    /// The number of the last message. Whoever gives out the next one holds this row.
    pub last_seq: i64,
    /// When it was last written to, or made.
    pub active_at: DateTimeUtc,
    pub created_by: UserId,
    pub created_at: DateTimeUtc,
}

company_owned!();
