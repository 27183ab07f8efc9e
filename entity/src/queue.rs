//! A queue and its rules.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, QueueId};
use crate::macros::company_owned;
use crate::{IdleReading, QueueRules, Strategy};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "queue")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: QueueId,
    pub company_id: CompanyId,
    pub name: String,
    pub strategy: Strategy,
    pub idle_reading: IdleReading,
    pub ring_seconds: i32,
    pub wrap_up_seconds: i32,
    pub decline_cool_off_seconds: i32,
    pub hold_music_url: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub rules: QueueRules,
    pub created_at: DateTimeUtc,
    /// Nobody can wait here any more; kept for the calls that did.
    pub deleted_at: Option<DateTimeUtc>,
}

company_owned!();
