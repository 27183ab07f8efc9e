//! What a queue says about recording in place of its company. A queue without a row says nothing.

use sea_orm::entity::prelude::*;

use crate::RecordingRule;
use crate::id::{CompanyId, QueueId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue_recording")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub queue_id: QueueId,
    pub rule: RecordingRule,
}

company_owned!();
