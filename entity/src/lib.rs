//! One SeaORM entity a table, typed ids, closed enums, and [`CompanyScope`], the only way to a company's rows.

#![expect(
    clippy::disallowed_methods,
    reason = "the scope and what SeaORM's derives generate stand here, and nothing else"
)]

pub mod id;
mod life;
mod macros;
mod rules;
mod scope;

pub use life::*;
pub use rules::*;
pub use scope::{CompanyOwned, CompanyScope, Inserted, Updated};

macros::tables! {
    agent agent_change agent_skill agent_slot audit call call_event company engine_input flow flow_version invitation
    job leg membership offer offer_round outbox outbox_counter phone_number queue queue_entry queue_member recording
    refresh_token routing_change routing_state segment session skill user webhook_request
}
