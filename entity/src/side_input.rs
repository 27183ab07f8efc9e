//! One input of a flow beside a call's own; see [`engine_input`](crate::engine_input).

use sea_orm::entity::prelude::*;

use crate::id::{CompanyId, FlowVersionId, SideSessionId};
use crate::macros::company_owned;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "side_input")]
pub struct Model {
    pub company_id: CompanyId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub side_session_id: SideSessionId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i32,
    /// The flow that it went into: a wait flow may be published anew between two of its rounds.
    pub flow_version_id: FlowVersionId,
    pub at: DateTimeUtc,
    #[sea_orm(column_type = "JsonBinary")]
    pub input: Json,
    pub engine_version: i32,
    pub time_zone_version: String,
}

company_owned!();
