//! The schema, one change a file.
//!
//! Changes are written as SQL once for both databases, with placeholders for the few types whose names differ
//! ([`sql::apply`]). Each runs in a transaction. A change that has landed is never edited: add a file.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_identity;
mod m0002_flows_and_numbers;
mod m0003_agents_and_queues;
mod m0004_calls;
mod m0005_queueing;
mod m0006_work;
mod m0007_recordings;
mod m0008_calls_by_index;
mod m0009_registration_and_mail;
mod m0010_live_calls;
mod m0011_agents_next_state;
mod m0012_flow_history;
mod m0013_prompts;
mod m0014_queue_rules;
mod m0015_recording_life;
mod m0016_flow_tests;
mod m0017_contacts;
mod m0017b_flow_requests;
mod m0018_surveys_and_messages;
mod m0018b_flows_of_queues;
mod m0019_outbound;
mod m0020_callbacks;
mod m0021_transcripts;
mod m0022_side_inputs;
mod m0023_reports;
mod m0024_exports;
mod m0025_webhooks;
mod m0026_accounts;
mod m0027_api_keys;
mod m0028_accounts_tags_dispositions;
mod m0029_schedules_and_desks;
mod m0030_messages_and_privacy;
mod m0031_integrations;
mod m0032_figures;
mod m0033_kept_answers;
mod m0034_contacts_by_word;
mod m0035_phone;
mod m0036_media;
mod m0037_calls_behind_figures;
mod m0038_peer_calls;
mod m0039_chat;
mod m0040_stories;
mod m0041_push;
mod m0042_encrypted_chats;
mod m0043_blocked_contacts;
mod m0044_invited_parties;
mod m0045_chat_receipts;
mod m0046_people_by_word;
mod sql;

pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_identity::Migration),
            Box::new(m0002_flows_and_numbers::Migration),
            Box::new(m0003_agents_and_queues::Migration),
            Box::new(m0004_calls::Migration),
            Box::new(m0005_queueing::Migration),
            Box::new(m0006_work::Migration),
            Box::new(m0007_recordings::Migration),
            Box::new(m0008_calls_by_index::Migration),
            Box::new(m0009_registration_and_mail::Migration),
            Box::new(m0010_live_calls::Migration),
            Box::new(m0011_agents_next_state::Migration),
            Box::new(m0012_flow_history::Migration),
            Box::new(m0013_prompts::Migration),
            Box::new(m0014_queue_rules::Migration),
            Box::new(m0015_recording_life::Migration),
            Box::new(m0016_flow_tests::Migration),
            Box::new(m0017_contacts::Migration),
            Box::new(m0017b_flow_requests::Migration),
            Box::new(m0018_surveys_and_messages::Migration),
            Box::new(m0018b_flows_of_queues::Migration),
            Box::new(m0019_outbound::Migration),
            Box::new(m0020_callbacks::Migration),
            Box::new(m0021_transcripts::Migration),
            Box::new(m0022_side_inputs::Migration),
            Box::new(m0023_reports::Migration),
            Box::new(m0024_exports::Migration),
            Box::new(m0025_webhooks::Migration),
            Box::new(m0026_accounts::Migration),
            Box::new(m0027_api_keys::Migration),
            Box::new(m0028_accounts_tags_dispositions::Migration),
            Box::new(m0029_schedules_and_desks::Migration),
            Box::new(m0030_messages_and_privacy::Migration),
            Box::new(m0031_integrations::Migration),
            Box::new(m0032_figures::Migration),
            Box::new(m0033_kept_answers::Migration),
            Box::new(m0034_contacts_by_word::Migration),
            Box::new(m0035_phone::Migration),
            Box::new(m0036_media::Migration),
            Box::new(m0037_calls_behind_figures::Migration),
            Box::new(m0038_peer_calls::Migration),
            Box::new(m0039_chat::Migration),
            Box::new(m0040_stories::Migration),
            Box::new(m0041_push::Migration),
            Box::new(m0042_encrypted_chats::Migration),
            Box::new(m0043_blocked_contacts::Migration),
            Box::new(m0044_invited_parties::Migration),
            Box::new(m0045_chat_receipts::Migration),
            Box::new(m0046_people_by_word::Migration),
        ]
    }
}
