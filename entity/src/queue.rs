//! A queue and its rules.

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, QueueId};
use crate::macros::company_owned;
use crate::{IdleReading, QueueRules, Strategy};

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
    /// After so long on hold the agent is reminded, and again each time.
    pub hold_reminder_seconds: i32,
    /// After so long the caller comes back to the agent by himself.
    pub hold_limit_seconds: i32,
    #[sea_orm(column_type = "JsonBinary")]
    pub rules: QueueRules,
    pub created_at: DateTimeUtc,
    /// Nobody can wait here any more; kept for the calls that did.
    pub deleted_at: Option<DateTimeUtc>,
}

company_owned!();
