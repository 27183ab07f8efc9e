//! Which node keeps the company's routing index; its row is the routing lock.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, NodeId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    pub node_id: Option<NodeId>,
    pub lease_until: Option<DateTimeUtc>,
}

company_owned!();
