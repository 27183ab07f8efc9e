//! A row that the routing index has yet to read again.

use sea_orm::entity::prelude::*;

use crate::RoutingSubject;
use crate::id::{ChangeId, CompanyId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "routing_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ChangeId,
    pub company_id: CompanyId,
    pub subject: RoutingSubject,
    pub subject_id: Uuid,
}

company_owned!();
