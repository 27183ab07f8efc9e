//! One error type without HTTP in it. What the client is told and what the log is told are two fields; `http::envelope`
//! alone turns an error into a response.

use std::borrow::Cow;

use sea_orm::DbErr;

mod code;

pub use code::Code;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug)]
pub enum Error {
    /// It does not exist, or not for this caller: the two are never told apart.
    NotFound(Subject),
    /// Not now: the state has moved on.
    Conflict { code: Code, message: Cow<'static, str> },
    /// The same, with what has moved on: a pointer and a word for each.
    Differs { code: Code, message: Cow<'static, str>, fields: Vec<FieldError> },
    /// The input is understood but not acceptable; every field that is wrong, as a JSON pointer.
    Invalid { code: Code, message: Cow<'static, str>, fields: Vec<FieldError> },
    /// Nobody we know.
    Unauthorized { code: Code, message: &'static str },
    /// Somebody, but he may not. Names the permission.
    Forbidden { permission: &'static str },
    /// A webhook that its provider did not sign, or not for us.
    BadSignature,
    /// The same request is being carried out; ask again after so long.
    UnderWay { retry_after: std::time::Duration },
    /// What was seen has changed since.
    PreconditionFailed,
    /// A version of tus that is not spoken here.
    TusVersion,
    /// A part of a file was asked for that it does not have; so many bytes it has.
    OutOfRange { size: u64 },
    /// Too many attempts; try again after so long.
    TooOften { retry_after: std::time::Duration },
    /// We cannot, for now, and it is not the request's fault.
    Unavailable { code: Code, message: &'static str },
    /// Ours. The client learns nothing but the request's id.
    Internal(InternalError),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

/// What was not found; makes the code (`CALL_NOT_FOUND`) and the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    Agent,
    ApiKey,
    AvailabilityReason,
    Call,
    Callback,
    Chat,
    ChatMessage,
    Company,
    Contact,
    ContactField,
    ContactImport,
    Device,
    Disposition,
    Export,
    Flow,
    FlowTest,
    FlowVersion,
    Integration,
    Invitation,
    Media,
    Offer,
    PasswordLink,
    PhoneNumber,
    PrivacyRequest,
    Prompt,
    PromptResource,
    Queue,
    Recording,
    Registration,
    ReportSchedule,
    Schedule,
    SecondFactor,
    Session,
    Skill,
    Story,
    StoryHighlight,
    TranscriptionHook,
    TwilioAccount,
    User,
    WebhookDelivery,
    WebhookEndpoint,
}

impl Subject {
    pub fn code(self) -> Code {
        match self {
            Self::Agent => Code::AgentNotFound,
            Self::ApiKey => Code::ApiKeyNotFound,
            Self::AvailabilityReason => Code::AvailabilityReasonNotFound,
            Self::Call => Code::CallNotFound,
            Self::Callback => Code::CallbackNotFound,
            Self::Chat => Code::ChatNotFound,
            Self::ChatMessage => Code::MessageNotFound,
            Self::Company => Code::CompanyNotFound,
            Self::Contact => Code::ContactNotFound,
            Self::ContactField => Code::ContactFieldNotFound,
            Self::ContactImport => Code::ContactImportNotFound,
            Self::Device => Code::DeviceNotFound,
            Self::Disposition => Code::DispositionNotFound,
            Self::Export => Code::ExportNotFound,
            Self::Flow => Code::FlowNotFound,
            Self::FlowTest => Code::FlowTestNotFound,
            Self::FlowVersion => Code::FlowVersionNotFound,
            Self::Integration => Code::IntegrationNotFound,
            Self::Invitation => Code::InvitationNotFound,
            Self::Media => Code::MediaNotFound,
            Self::Offer => Code::OfferNotFound,
            Self::PasswordLink => Code::PasswordLinkNotFound,
            Self::PhoneNumber => Code::PhoneNumberNotFound,
            Self::PrivacyRequest => Code::PrivacyRequestNotFound,
            Self::Prompt => Code::PromptNotFound,
            Self::PromptResource => Code::PromptResourceNotFound,
            Self::Queue => Code::QueueNotFound,
            Self::Recording => Code::RecordingNotFound,
            Self::Registration => Code::RegistrationNotFound,
            Self::ReportSchedule => Code::ReportScheduleNotFound,
            Self::Schedule => Code::ScheduleNotFound,
            Self::SecondFactor => Code::SecondFactorNotFound,
            Self::Session => Code::SessionNotFound,
            Self::Skill => Code::SkillNotFound,
            Self::Story => Code::StoryNotFound,
            Self::StoryHighlight => Code::StoryHighlightNotFound,
            Self::TranscriptionHook => Code::TranscriptionHookNotFound,
            Self::TwilioAccount => Code::TwilioAccountNotFound,
            Self::User => Code::UserNotFound,
            Self::WebhookDelivery => Code::WebhookDeliveryNotFound,
            Self::WebhookEndpoint => Code::WebhookNotFound,
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::Agent => "There is no such agent.",
            Self::ApiKey => "There is no such key.",
            Self::AvailabilityReason => "There is no such reason.",
            Self::Call => "There is no such call.",
            Self::Callback => "There is no such callback.",
            Self::Chat => "There is no such chat.",
            Self::ChatMessage => "There is no such message.",
            Self::Company => "There is no such company.",
            Self::Contact => "There is no such contact.",
            Self::ContactField => "The company's contacts have no such field.",
            Self::ContactImport => "There is no such import of contacts.",
            Self::Device => "There is no such device.",
            Self::Disposition => "There is no such disposition.",
            Self::Export => "There is no such export.",
            Self::Flow => "There is no such flow.",
            Self::FlowTest => "There is no such test of this flow.",
            Self::FlowVersion => "There is no such version of this flow.",
            Self::Integration => "The company has no such integration.",
            Self::Invitation => "This invitation is not valid, or no longer.",
            Self::Media => "There are no such media.",
            Self::Offer => "There is no such offer.",
            Self::PasswordLink => "This link is not valid, or no longer. Ask for a new one.",
            Self::PhoneNumber => "There is no such phone number.",
            Self::PrivacyRequest => "There is no such request.",
            Self::Prompt => "There is no such prompt.",
            Self::PromptResource => "The prompt has nothing in this language.",
            Self::Queue => "There is no such queue.",
            Self::Recording => "There is no such recording.",
            Self::Registration => "This registration is not valid, or no longer. Register again.",
            Self::ReportSchedule => "There is no such report, or it is mailed no more.",
            Self::Schedule => "There is no such schedule.",
            Self::SecondFactor => "There is no second factor.",
            Self::Session => "There is no such session.",
            Self::Skill => "There is no such skill.",
            Self::Story => "There is no such story, or no longer.",
            Self::StoryHighlight => "There is no such highlight.",
            Self::TranscriptionHook => "The company has no transcription hook.",
            Self::TwilioAccount => "The company has no Twilio account of its own.",
            Self::User => "There is no such user.",
            Self::WebhookDelivery => "There is no such delivery.",
            Self::WebhookEndpoint => "There is no such webhook.",
        }
    }
}

/// Cause for the log only: no Display, so that it cannot end in a reply by accident.
pub struct InternalError {
    pub doing: Cow<'static, str>,
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

impl InternalError {
    /// One line for whoever started the process; never for a client.
    pub fn for_operator(&self) -> String {
        format!("{}: {}", self.doing, self.cause)
    }
}

impl std::fmt::Debug for InternalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.doing, self.cause)
    }
}

impl Error {
    pub fn internal(
        doing: impl Into<Cow<'static, str>>,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal(InternalError { doing: doing.into(), cause: cause.into() })
    }

    pub fn conflict(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields: vec![FieldError { field: field.into(), message: message.into() }],
        }
    }

    /// Nothing is wrong, or all of this.
    pub fn unless_empty(wrong: Vec<FieldError>) -> Result<()> {
        if wrong.is_empty() {
            return Ok(());
        }
        let message = "Some fields are not valid.".into();
        Err(Self::Invalid { code: Code::ValidationFailed, message, fields: wrong })
    }

    /// The same of a part of something larger, in which it stands at `place`.
    pub fn within(mut self, place: &str) -> Self {
        if let Self::Invalid { fields, .. } = &mut self {
            for wrong in fields {
                wrong.field.insert_str(0, place);
            }
        }
        self
    }
}

impl From<DbErr> for Error {
    fn from(cause: DbErr) -> Self {
        Self::internal("database", cause)
    }
}
