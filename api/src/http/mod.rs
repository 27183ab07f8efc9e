//! HTTP: one file a resource with its operations and their bodies. A handler reads its input, calls a use case and wraps
//! the answer. No SQL here, and no rule about who may what: that is [`crate::authz`].

use std::sync::OnceLock;

use poem_openapi::{OpenApi, OpenApiService, Tags};

mod agent_history;
mod agents;
mod analytics;
mod api_keys;
mod audit;
mod auth;
mod availability;
mod availability_reasons;
mod blocked_users;
mod browsers;
mod bucket;
mod call_lists;
mod call_results;
mod callbacks;
mod calls;
mod chat_devices;
mod chat_integrations;
mod chat_shapes;
mod chats;
mod companies;
mod company_settings;
mod contact_desk;
mod contact_fields;
mod contact_imports;
mod contacts;
mod counted;
mod csv_body;
mod deadline;
mod devices;
mod directory;
mod dispositions;
pub mod envelope;
mod error_code;
mod etag;
mod export_file;
mod exports;
mod figures;
mod file_body;
mod health;
mod idempotency;
mod insights;
mod ivr;
pub mod json_body;
mod languages;
mod limited;
mod live;
mod measure;
mod media;
mod media_body;
mod media_library;
mod media_uploads;
mod messages;
mod ndjson;
mod new_call;
mod offers;
mod operator;
mod outbound;
pub mod page;
mod pages;
mod patience;
mod peer_call_invitations;
mod peer_call_shapes;
mod peer_calls;
mod phone;
mod presence;
mod privacy;
mod profile;
mod prompts;
mod push_services;
mod queue_flows;
mod queue_rules;
mod queues;
mod range;
mod recording_settings;
mod recordings;
mod repeats;
mod report_schedules;
mod schedules;
mod second_factor;
pub mod server;
mod skills;
mod smtp_server;
pub mod spec;
mod stories;
mod story_highlights;
mod supervision;
mod system_settings;
mod transcription_hook;
mod twilio_account;
mod users;
mod voice_token;
mod voicemails;
mod waiting_calls;
mod webhook_events;
mod webhooks;
mod why;
pub mod word;

pub use envelope::{Accepted, Created, Done, Failure, Reply, Success};
pub use json_body::{JsonBody, OptionalBody};
pub use spec::Spec;
pub use word::Word;

use crate::error::Result;

/// The operations that anybody may call, by their ids. Every other one takes a [`crate::authz::Can`].
pub const PUBLIC: &[&str] = &[
    "confirmRegistration",
    "forgotPassword",
    "getHealth",
    "getLiveness",
    "getReadiness",
    "listLanguages",
    "logIn",
    "logInWithFirebase",
    "refreshTokens",
    "refreshTokensAlias",
    "register",
    "resetPassword",
    "sendPhoneCode",
    "sendPhoneCodeAlias",
    "unsubscribeFromReport",
    "verifyPhoneCode",
];

/// The chapters of the specification.
#[derive(Tags)]
pub enum Tag {
    /// Who takes calls, what they want and what they do.
    Agents,
    /// What calls, queues and agents did: figures with their formulas, by interval.
    Analytics,
    /// Registration, tokens, sessions, the own profile.
    Auth,
    /// What people of a company say to each other.
    Chat,
    /// Companies, their phone numbers and settings.
    Companies,
    /// Whom the company knows by number.
    Contacts,
    /// Rows of the company as files.
    Exports,
    /// For probes and load balancers.
    Health,
    /// What stands out, and what the next week brings.
    Insights,
    /// Other systems of the company's.
    Integrations,
    /// Call flows.
    Ivr,
    /// In which this server speaks to people.
    Languages,
    /// Calls and their stories.
    Calls,
    /// What is done with a call while people talk.
    LiveCalls,
    /// Files that people upload, for messages and whatever else shows them.
    Media,
    /// Calls offered to agents.
    Offers,
    /// Calls among the people of a company, and who of them is there.
    PeerCalls,
    /// One person's data: taken out, or erased.
    Privacy,
    /// What flows say or play by name.
    Prompts,
    /// Where callers wait.
    Queues,
    /// Recordings and voicemails.
    Recordings,
    /// Of the platform and of its users.
    Settings,
    /// What people show their colleagues for a day.
    Stories,
    /// The people of a company.
    Users,
}

/// Every resource.
fn resources() -> impl OpenApi + 'static {
    (
        (auth::Auth, phone::Phone, profile::OwnProfile, users::Users, companies::Companies, of_contacts()),
        (
            second_factor::SecondFactor,
            directory::Directory,
            api_keys::ApiKeys,
            audit::Audit,
            devices::Devices,
        ),
        (ivr::Ivr, ivr::FlowTests, ivr::FlowTrials, ivr::FlowReplays, ivr::FlowImports),
        (prompts::Prompts, queues::Queues, skills::Skills),
        (
            agents::Agents,
            availability::AvailabilityOfAgents,
            availability_reasons::AvailabilityReasons,
            agent_history::HistoryOfAgents,
            supervision::Supervision,
        ),
        (calls::Calls, why::WhyCallsWait, waiting_calls::WaitingCalls, live::LiveCalls, offers::Offers),
        (outbound::Outbound, callbacks::Callbacks, media_library::MediaLibrary, media_uploads::MediaUploads),
        (recordings::Recordings, recording_settings::RecordingSettings, voicemails::Voicemails),
        (company_settings::CompanySettings, transcription_hook::TranscriptionHooks),
        (webhooks::Webhooks, chat_integrations::ChatIntegrations, smtp_server::SmtpServers, bucket::Buckets),
        push_services::PushServices,
        (
            call_results::CallResults,
            queue_flows::FlowsOfQueues,
            twilio_account::TwilioAccounts,
            voice_token::VoiceTokens,
            stories::Stories,
            story_highlights::StoryHighlights,
        ),
        (peer_calls::PeerCalls, presence::PresenceOfPeople),
        (call_lists::CallLists, dispositions::Dispositions, schedules::Schedules),
        (system_settings::Settings, analytics::Analytics, exports::Exports, insights::InsightsOfCompanies),
        (
            health::Health,
            languages::Languages,
            privacy::Privacy,
            report_schedules::ReportSchedules,
            of_chats(),
        ),
    )
}

fn of_contacts() -> impl OpenApi + 'static {
    (
        contacts::Contacts,
        contact_desk::ContactDesk,
        contact_fields::ContactFields,
        contact_imports::ContactImports,
    )
}

fn of_chats() -> impl OpenApi + 'static {
    (chats::Chats, messages::Messages, blocked_users::BlockedUsers, chat_devices::ChatDevices)
}

fn service() -> OpenApiService<impl OpenApi + 'static, ()> {
    OpenApiService::new(resources(), "CallDocker", env!("CARGO_PKG_VERSION"))
        .description("An open contact centre. Every answer with data, and every failure, has one envelope.")
}

/// The specification of all resources, made once a process.
///
/// # Errors
/// When an operation is open to anybody without being on the list of those that may be.
pub fn specification() -> Result<&'static Spec> {
    static MADE: OnceLock<Spec> = OnceLock::new();
    if let Some(made) = MADE.get() {
        return Ok(made);
    }
    let made = Spec::of(&service(), PUBLIC)?;
    Ok(MADE.get_or_init(|| made))
}
