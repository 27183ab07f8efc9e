//! Something to do at a time, kept until it is done.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, JobId, NodeId};
use crate::macros::company_owned;
use crate::{JobKind, JobState};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: JobId,
    pub company_id: CompanyId,
    pub kind: JobKind,
    pub subject_id: Uuid,
    #[sea_orm(column_type = "JsonBinary")]
    pub payload: Json,
    pub run_at: DateTimeUtc,
    pub state: JobState,
    pub attempts: i32,
    pub node_id: Option<NodeId>,
    pub lease_until: Option<DateTimeUtc>,
    pub last_error: Option<String>,
    pub created_at: DateTimeUtc,
}

company_owned!();
