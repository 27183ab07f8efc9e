//! A disposition is for calls of this queue; one without any such row is for all.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, DispositionId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "disposition_queue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub disposition_id: DispositionId,
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
}

company_owned!();
