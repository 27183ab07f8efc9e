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
    agent agent_caller_id agent_change agent_skill agent_skill_today agent_slot audit availability_reason call
    call_event call_secret callback company contact engine_input flow flow_import flow_request flow_test flow_version
    idempotency_key invitation job leg mail membership noted_call offer offer_round outbound_call outbound_rules
    outbox outbox_counter phone_number phone_number_pin prompt prompt_resource queue queue_entry queue_flows
    queue_member queue_recording recording recording_policy recording_refusal refresh_token registration
    routing_change routing_state segment session side_input side_session skill supervision survey_answer text_message
    transcription_hook transfer user webhook_request
}
