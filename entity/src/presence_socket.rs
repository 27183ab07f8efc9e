//! A connected socket of a member. Its node renews the lease; a node that dies renews none.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, NodeId, UserId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "presence_socket")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub socket: String,
    pub company_id: CompanyId,
    pub user_id: UserId,
    pub node_id: NodeId,
    pub connected_at: DateTimeUtc,
    pub lease_until: DateTimeUtc,
}

company_owned!();
