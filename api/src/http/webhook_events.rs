//! What webhooks are told, as the specification describes it. The server writes these bodies in `calls/facts.rs` and where
//! else something happens; the tests hold each against what stands here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    Availability, CallKind, CallOutcome, CallStatus, CallbackState, ChangeCause, EndedBy, EntryOutcome,
};
use poem_openapi::payload::Json;
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{Object, Webhook};
use uuid::Uuid;

use super::{Tag, Word};

/// What a webhook is told of.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookMessage<T: ParseFromJSON + ToJSON + Type + Send + Sync> {
    /// The name of the event.
    r#type: String,
    /// When it happened.
    timestamp: DateTime<Utc>,
    data: T,
}

/// A call, as it stood when this was written down.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookCall {
    call_id: Uuid,
    kind: Word<CallKind>,
    status: Word<CallStatus>,
    outcome: Option<Word<CallOutcome>>,
    from: String,
    to: String,
    caller_name: Option<String>,
    queue_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    disposition: Option<String>,
    started_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// Of `call.ended`.
    ended_by: Option<Word<EndedBy>>,
    /// Of `call.queued`: 0 to 100.
    priority: Option<i32>,
    /// Of `call.queued`: the moment that decides his place in the line.
    waiting_since: Option<DateTime<Utc>>,
    /// Of `call.offered`.
    offer_id: Option<Uuid>,
}

/// A recording whose file is here.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookRecording {
    recording_id: Uuid,
    call_id: Uuid,
    from: String,
    to: String,
    seconds: Option<i32>,
    /// Of a voicemail.
    mailbox: Option<String>,
    agent_id: Option<Uuid>,
    queue_id: Option<Uuid>,
}

/// A voicemail that was written down. The text is read with the recording.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookTranscript {
    recording_id: Uuid,
    call_id: Uuid,
    from: String,
    /// BCP 47 tag.
    language: Option<String>,
}

/// Somebody who is to be called back, or was.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookCallback {
    callback_id: Uuid,
    queue_id: Uuid,
    number: String,
    state: Word<CallbackState>,
    waiting_since: DateTime<Utc>,
    due_at: DateTime<Utc>,
    wanted_at: Option<DateTime<Utc>>,
    attempts: i32,
    agent_id: Option<Uuid>,
    call_id: Option<Uuid>,
    reason: Option<String>,
}

/// A visit of a queue that took longer than its service level allows.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookMissedTarget {
    call_id: Uuid,
    from: String,
    queue_id: Uuid,
    /// Its name.
    queue: String,
    waited_seconds: i64,
    target_seconds: u32,
    outcome: Word<EntryOutcome>,
}

/// What an agent wants now.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookAvailability {
    agent_id: Uuid,
    name: String,
    availability: Word<Availability>,
    reason: Option<String>,
    previous: Option<Word<Availability>>,
    because: Word<ChangeCause>,
}

/// An agent who let a call ring.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookNotResponding {
    agent_id: Uuid,
    name: String,
    since: DateTime<Utc>,
}

/// A contact, without its notes.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookContact {
    contact_id: Uuid,
    number: String,
    name: Option<String>,
    email: Option<String>,
    language: Option<String>,
    company: Option<String>,
    tags: Vec<String>,
    custom: HashMap<String, String>,
    blocked: bool,
}

/// A contact that was deleted.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookDeletedContact {
    contact_id: Uuid,
    number: String,
}

/// Asked for by a person, to try a webhook out.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookTest {
    webhook_id: Uuid,
}

#[Webhook(tag = "Tag::Integrations")]
#[allow(dead_code)]
pub trait WebhookEvents: Sync {
    /// Somebody calls, or an agent calls somebody.
    #[oai(name = "call.started", method = "post", operation_id = "onCallStarted")]
    fn call_started(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// A call waits in a queue.
    #[oai(name = "call.queued", method = "post", operation_id = "onCallQueued")]
    fn call_queued(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// A call was offered to an agent.
    #[oai(name = "call.offered", method = "post", operation_id = "onCallOffered")]
    fn call_offered(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// An agent and the other party are connected; again after each transfer.
    #[oai(name = "call.answered", method = "post", operation_id = "onCallAnswered")]
    fn call_answered(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// A caller gave up waiting.
    #[oai(name = "call.abandoned", method = "post", operation_id = "onCallAbandoned")]
    fn call_abandoned(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// A call is over for everybody.
    #[oai(name = "call.ended", method = "post", operation_id = "onCallEnded")]
    fn call_ended(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// An agent is done with a call.
    #[oai(name = "call.wrapped_up", method = "post", operation_id = "onCallWrappedUp")]
    fn call_wrapped_up(&self, message: Json<WebhookMessage<WebhookCall>>);

    /// A voicemail can be heard.
    #[oai(name = "voicemail.stored", method = "post", operation_id = "onVoicemailStored")]
    fn voicemail_stored(&self, message: Json<WebhookMessage<WebhookRecording>>);

    /// A voicemail was written down.
    #[oai(name = "voicemail.transcribed", method = "post", operation_id = "onVoicemailTranscribed")]
    fn voicemail_transcribed(&self, message: Json<WebhookMessage<WebhookTranscript>>);

    /// A recording can be heard.
    #[oai(name = "recording.stored", method = "post", operation_id = "onRecordingStored")]
    fn recording_stored(&self, message: Json<WebhookMessage<WebhookRecording>>);

    /// Somebody is to be called back.
    #[oai(name = "callback.requested", method = "post", operation_id = "onCallbackRequested")]
    fn callback_requested(&self, message: Json<WebhookMessage<WebhookCallback>>);

    /// Nobody is called back any more: `state` and `reason` say why.
    #[oai(name = "callback.done", method = "post", operation_id = "onCallbackDone")]
    fn callback_done(&self, message: Json<WebhookMessage<WebhookCallback>>);

    /// A caller has waited longer than the queue's service level allows.
    #[oai(name = "queue.target_missed", method = "post", operation_id = "onQueueTargetMissed")]
    fn queue_target_missed(&self, message: Json<WebhookMessage<WebhookMissedTarget>>);

    /// An agent wants something else from now on.
    #[oai(
        name = "agent.availability_changed",
        method = "post",
        operation_id = "onAgentAvailabilityChanged"
    )]
    fn agent_availability_changed(&self, message: Json<WebhookMessage<WebhookAvailability>>);

    /// An agent let a call ring.
    #[oai(name = "agent.not_responding", method = "post", operation_id = "onAgentNotResponding")]
    fn agent_not_responding(&self, message: Json<WebhookMessage<WebhookNotResponding>>);

    /// A contact was made.
    #[oai(name = "contact.created", method = "post", operation_id = "onContactCreated")]
    fn contact_created(&self, message: Json<WebhookMessage<WebhookContact>>);

    /// A contact was changed.
    #[oai(name = "contact.updated", method = "post", operation_id = "onContactUpdated")]
    fn contact_updated(&self, message: Json<WebhookMessage<WebhookContact>>);

    /// A contact was deleted.
    #[oai(name = "contact.deleted", method = "post", operation_id = "onContactDeleted")]
    fn contact_deleted(&self, message: Json<WebhookMessage<WebhookDeletedContact>>);

    /// Somebody tries the webhook out.
    #[oai(name = "webhook.test", method = "post", operation_id = "onWebhookTest")]
    fn webhook_test(&self, message: Json<WebhookMessage<WebhookTest>>);
}
