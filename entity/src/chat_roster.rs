//! How often it has changed who is in the groups of a company: nodes that hold sockets read anew who is where when it has.

use sea_orm::entity::prelude::*;

use crate::id::CompanyId;
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "chat_roster")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub version: i64,
}

company_owned!();
