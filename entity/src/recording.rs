//! A recording and where it is.

use sea_orm::entity::prelude::*;

use crate::id::{CallId, CompanyId, RecordingId};
use crate::macros::company_owned;
use crate::{RecordingKind, RecordingState};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "recording")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RecordingId,
    pub company_id: CompanyId,
    pub call_id: CallId,
    pub kind: RecordingKind,
    pub state: RecordingState,
    pub provider_sid: String,
    pub mailbox: Option<String>,
    pub duration_seconds: Option<i32>,
    pub storage_key: Option<String>,
    pub content_type: Option<String>,
    pub size_bytes: Option<i64>,
    pub created_at: DateTimeUtc,
    pub stored_at: Option<DateTimeUtc>,
}

company_owned!();
