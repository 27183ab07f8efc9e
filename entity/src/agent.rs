//! A member who takes calls.

use sea_orm::entity::prelude::*;

use crate::id::{AgentId, CompanyId, MembershipId, UserId};
use crate::macros::company_owned;
use crate::{Availability, Reach};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "agent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AgentId,
    pub company_id: CompanyId,
    pub membership_id: MembershipId,
    pub name: String,
    pub reach: Reach,
    pub number: Option<String>,
    pub capacity: i32,
    pub availability: Availability,
    pub availability_reason: Option<String>,
    pub available_since: DateTimeUtc,
    /// What he will want once his call and its wrap-up are over.
    pub next_availability: Option<Availability>,
    pub next_reason: Option<String>,
    pub next_asked_by: Option<UserId>,
    pub not_responding_since: Option<DateTimeUtc>,
    pub heartbeat_at: Option<DateTimeUtc>,
    pub last_offered_at: Option<DateTimeUtc>,
    pub last_call_ended_at: Option<DateTimeUtc>,
    pub calls_handled: i32,
    pub talk_ms: i64,
    /// May take a waiting call out of order.
    pub may_pick: bool,
    /// When the member ceased to be an agent; the row stays for the sake of his calls.
    pub removed_at: Option<DateTimeUtc>,
}

company_owned!();
