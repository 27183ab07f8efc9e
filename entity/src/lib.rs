//! One SeaORM entity a table, typed ids, closed enums, and [`CompanyScope`], the only way to a company's rows.

#![expect(
    clippy::disallowed_methods,
    reason = "the scope and what SeaORM's derives generate stand here, and nothing else"
)]

mod life;
mod macros;
mod rules;
mod scope;

pub mod id;

pub mod agent;
pub mod agent_caller_id;
pub mod agent_change;
pub mod agent_skill;
pub mod agent_skill_today;
pub mod agent_slot;
pub mod audit;
pub mod availability_reason;
pub mod call;
pub mod call_event;
pub mod call_secret;
pub mod callback;
pub mod company;
pub mod contact;
pub mod engine_input;
pub mod export;
pub mod flow;
pub mod flow_import;
pub mod flow_request;
pub mod flow_test;
pub mod flow_version;
pub mod idempotency_key;
pub mod invitation;
pub mod job;
pub mod leg;
pub mod mail;
pub mod membership;
pub mod noted_call;
pub mod offer;
pub mod offer_round;
pub mod outbound_call;
pub mod outbound_rules;
pub mod outbox;
pub mod outbox_counter;
pub mod phone_number;
pub mod phone_number_pin;
pub mod prompt;
pub mod prompt_resource;
pub mod queue;
pub mod queue_entry;
pub mod queue_flows;
pub mod queue_member;
pub mod queue_recording;
pub mod recording;
pub mod recording_policy;
pub mod recording_refusal;
pub mod refresh_token;
pub mod registration;
pub mod routing_change;
pub mod routing_state;
pub mod segment;
pub mod session;
pub mod side_input;
pub mod side_session;
pub mod skill;
pub mod supervision;
pub mod survey_answer;
pub mod text_message;
pub mod transcription_hook;
pub mod transfer;
pub mod user;
pub mod webhook_request;

pub use export::{ExportDataset, ExportFormat, ExportState};
pub use life::*;
pub use rules::*;
pub use scope::{CompanyOwned, CompanyScope, Inserted, Updated};
