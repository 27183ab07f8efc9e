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
    agent agent_change agent_skill agent_skill_today agent_slot audit availability_reason call call_event
    company contact engine_input flow flow_version invitation job leg mail membership offer offer_round outbox
    outbox_counter phone_number phone_number_pin prompt prompt_resource queue queue_entry queue_member
    queue_recording recording recording_policy recording_refusal refresh_token registration routing_change
    routing_state segment session skill supervision transfer user webhook_request
}
