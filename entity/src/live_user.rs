//! A member who has a socket on a node, which says so anew as long as it lives.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, NodeId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "live_user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: UserId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub node_id: NodeId,
    pub live_until: DateTimeUtc,
}

company_owned!();
