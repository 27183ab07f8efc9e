//! The flows that a queue has for those who wait, those who are held, and its agents before they are joined.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_flows")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
    pub company_id: CompanyId,
    pub wait_flow_id: Option<FlowId>,
    pub hold_flow_id: Option<FlowId>,
    pub whisper_flow_id: Option<FlowId>,
}

company_owned!();
