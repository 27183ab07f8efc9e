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

impl Model {
    /// A member as he becomes an agent at a moment: at a browser, one call at a time, not there yet; the rest is the caller's to say.
    pub fn begun(
        id: AgentId,
        company_id: CompanyId,
        membership_id: MembershipId,
        name: String,
        at: DateTimeUtc,
    ) -> Self {
        Self {
            id,
            company_id,
            membership_id,
            name,
            reach: Reach::Browser,
            number: None,
            capacity: 1,
            availability: Availability::Offline,
            availability_reason: None,
            available_since: at,
            next_availability: None,
            next_reason: None,
            next_asked_by: None,
            not_responding_since: None,
            heartbeat_at: None,
            last_offered_at: None,
            last_call_ended_at: None,
            calls_handled: 0,
            talk_ms: 0,
            may_pick: false,
            removed_at: None,
        }
    }
}
