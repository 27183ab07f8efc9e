//! One error type without HTTP in it. What the client is told and what the log is told are two fields; `http::envelope`
//! alone turns an error into a response.

use std::borrow::Cow;

use sea_orm::DbErr;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug)]
pub enum Error {
    /// It does not exist, or not for this caller: the two are never told apart.
    NotFound(Subject),
    /// Not now: the state has moved on. `code` is part of the contract.
    Conflict { code: &'static str, message: Cow<'static, str> },
    /// The input is understood but not acceptable; every field that is wrong, as a JSON pointer.
    Invalid { code: &'static str, message: Cow<'static, str>, fields: Vec<FieldError> },
    /// Nobody we know.
    Unauthorized { code: &'static str, message: &'static str },
    /// Somebody, but he may not. Names the permission.
    Forbidden { permission: &'static str },
    /// A webhook that its provider did not sign, or not for us.
    BadSignature,
    /// What was seen has changed since.
    PreconditionFailed,
    /// A part of a file was asked for that it does not have; so many bytes it has.
    OutOfRange { size: u64 },
    /// Too many attempts; try again after so long.
    TooOften { retry_after: std::time::Duration },
    /// We cannot, for now, and it is not the request's fault.
    Unavailable { code: &'static str, message: &'static str },
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
    Company,
    Contact,
    Disposition,
    Export,
    Flow,
    FlowTest,
    FlowVersion,
    Integration,
    Invitation,
    Offer,
    PasswordLink,
    PhoneNumber,
    Prompt,
    PromptResource,
    Queue,
    Recording,
    Registration,
    Schedule,
    SecondFactor,
    Session,
    Skill,
    TranscriptionHook,
    TwilioAccount,
    User,
    WebhookDelivery,
    WebhookEndpoint,
}

impl Subject {
    pub fn code(self) -> &'static str {
        match self {
            Self::Agent => "AGENT_NOT_FOUND",
            Self::ApiKey => "API_KEY_NOT_FOUND",
            Self::AvailabilityReason => "AVAILABILITY_REASON_NOT_FOUND",
            Self::Call => "CALL_NOT_FOUND",
            Self::Callback => "CALLBACK_NOT_FOUND",
            Self::Company => "COMPANY_NOT_FOUND",
            Self::Contact => "CONTACT_NOT_FOUND",
            Self::Disposition => "DISPOSITION_NOT_FOUND",
            Self::Export => "EXPORT_NOT_FOUND",
            Self::Flow => "FLOW_NOT_FOUND",
            Self::FlowTest => "FLOW_TEST_NOT_FOUND",
            Self::FlowVersion => "FLOW_VERSION_NOT_FOUND",
            Self::Integration => "INTEGRATION_NOT_FOUND",
            Self::Invitation => "INVITATION_NOT_FOUND",
            Self::Offer => "OFFER_NOT_FOUND",
            Self::PasswordLink => "PASSWORD_LINK_NOT_FOUND",
            Self::PhoneNumber => "PHONE_NUMBER_NOT_FOUND",
            Self::Prompt => "PROMPT_NOT_FOUND",
            Self::PromptResource => "PROMPT_RESOURCE_NOT_FOUND",
            Self::Queue => "QUEUE_NOT_FOUND",
            Self::Recording => "RECORDING_NOT_FOUND",
            Self::Registration => "REGISTRATION_NOT_FOUND",
            Self::Schedule => "SCHEDULE_NOT_FOUND",
            Self::SecondFactor => "SECOND_FACTOR_NOT_FOUND",
            Self::Session => "SESSION_NOT_FOUND",
            Self::Skill => "SKILL_NOT_FOUND",
            Self::TranscriptionHook => "TRANSCRIPTION_HOOK_NOT_FOUND",
            Self::TwilioAccount => "TWILIO_ACCOUNT_NOT_FOUND",
            Self::User => "USER_NOT_FOUND",
            Self::WebhookDelivery => "WEBHOOK_DELIVERY_NOT_FOUND",
            Self::WebhookEndpoint => "WEBHOOK_NOT_FOUND",
        }
    }

    pub fn message(self) -> &'static str {
        match self {
            Self::Agent => "There is no such agent.",
            Self::ApiKey => "There is no such key.",
            Self::AvailabilityReason => "There is no such reason.",
            Self::Call => "There is no such call.",
            Self::Callback => "There is no such callback.",
            Self::Company => "There is no such company.",
            Self::Contact => "There is no such contact.",
            Self::Disposition => "There is no such disposition.",
            Self::Export => "There is no such export.",
            Self::Flow => "There is no such flow.",
            Self::FlowTest => "There is no such test of this flow.",
            Self::FlowVersion => "There is no such version of this flow.",
            Self::Integration => "The company has no such integration.",
            Self::Invitation => "This invitation is not valid, or no longer.",
            Self::Offer => "There is no such offer.",
            Self::PasswordLink => "This link is not valid, or no longer. Ask for a new one.",
            Self::PhoneNumber => "There is no such phone number.",
            Self::Prompt => "There is no such prompt.",
            Self::PromptResource => "The prompt has nothing in this language.",
            Self::Queue => "There is no such queue.",
            Self::Recording => "There is no such recording.",
            Self::Registration => "This registration is not valid, or no longer. Register again.",
            Self::Schedule => "There is no such schedule.",
            Self::SecondFactor => "There is no second factor.",
            Self::Session => "There is no such session.",
            Self::Skill => "There is no such skill.",
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

    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid {
            code: "VALIDATION_FAILED",
            message: "Some fields are not valid.".into(),
            fields: vec![FieldError { field: field.into(), message: message.into() }],
        }
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
