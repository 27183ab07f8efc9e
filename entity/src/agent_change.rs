//! A change of what an agent wanted or was: who, why, from, to.

use sea_orm::entity::prelude::*;

use crate::ChangeCause;
use crate::id::{AgentId, ChangeId, CompanyId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChangeId,
    pub company_id: CompanyId,
    pub agent_id: AgentId,
    pub changed_by: Option<UserId>,
    pub because: ChangeCause,
    #[sea_orm(column_type = "JsonBinary")]
    pub before: Json,
    #[sea_orm(column_type = "JsonBinary")]
    pub after: Json,
    pub at: DateTimeUtc,
}

company_owned!();
