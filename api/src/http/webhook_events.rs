//! What webhooks are told, as the specification describes it. The server writes these bodies in `calls/facts.rs` and where
//! else something happens; the tests hold each against what stands here.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::{
    Availability, CallKind, CallOutcome, CallStatus, CallbackState, ChangeCause, EndedBy, EntryOutcome,
    TextState,
};
use poem_openapi::registry::Registry;
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{Object, Tags};
use serde_json::{Value, json};
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

/// A text message that somebody has sent to a number of the company.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookReceivedMessage {
    message_id: Uuid,
    /// Who has this number, where the company knows him.
    contact_id: Option<Uuid>,
    from: String,
    to: String,
    text: String,
    /// How many pictures, sounds and files came with it.
    media: i32,
}

/// A text message of a flow's.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookSentMessage {
    message_id: Uuid,
    call_id: Option<Uuid>,
    from: String,
    to: String,
    state: Word<TextState>,
    /// The provider's, of one that failed.
    error_code: Option<i32>,
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
    /// The contact that it was merged into.
    merged_into: Option<Uuid>,
    number: String,
}

/// Asked for by a person, to try a webhook out.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct WebhookTest {
    webhook_id: Uuid,
}

/// Adds the webhooks and their schemas to a specification. poem-openapi's own knows one webhook a method.
pub fn describe(document: &mut Value) {
    let mut registry = Registry::new();
    let webhooks = [
        on::<WebhookCall>(
            &mut registry,
            "call.started",
            "onCallStarted",
            "Somebody calls, or an agent calls somebody.",
        ),
        on::<WebhookCall>(&mut registry, "call.queued", "onCallQueued", "A call waits in a queue."),
        on::<WebhookCall>(&mut registry, "call.offered", "onCallOffered", "A call was offered to an agent."),
        on::<WebhookCall>(
            &mut registry,
            "call.answered",
            "onCallAnswered",
            "An agent and the other party are connected; again after each transfer.",
        ),
        on::<WebhookCall>(&mut registry, "call.abandoned", "onCallAbandoned", "A caller gave up waiting."),
        on::<WebhookCall>(&mut registry, "call.ended", "onCallEnded", "A call is over for everybody."),
        on::<WebhookCall>(
            &mut registry,
            "call.wrapped_up",
            "onCallWrappedUp",
            "An agent is done with a call.",
        ),
        on::<WebhookRecording>(
            &mut registry,
            "voicemail.stored",
            "onVoicemailStored",
            "A voicemail can be heard.",
        ),
        on::<WebhookTranscript>(
            &mut registry,
            "voicemail.transcribed",
            "onVoicemailTranscribed",
            "A voicemail was written down.",
        ),
        on::<WebhookRecording>(
            &mut registry,
            "recording.stored",
            "onRecordingStored",
            "A recording can be heard.",
        ),
        on::<WebhookCallback>(
            &mut registry,
            "callback.requested",
            "onCallbackRequested",
            "Somebody is to be called back.",
        ),
        on::<WebhookCallback>(
            &mut registry,
            "callback.done",
            "onCallbackDone",
            "Nobody is called back any more: `state` and `reason` say why.",
        ),
        on::<WebhookMissedTarget>(
            &mut registry,
            "queue.target_missed",
            "onQueueTargetMissed",
            "A caller has waited longer than the queue's service level allows.",
        ),
        on::<WebhookAvailability>(
            &mut registry,
            "agent.availability_changed",
            "onAgentAvailabilityChanged",
            "An agent wants something else from now on.",
        ),
        on::<WebhookNotResponding>(
            &mut registry,
            "agent.not_responding",
            "onAgentNotResponding",
            "An agent let a call ring.",
        ),
        on::<WebhookReceivedMessage>(
            &mut registry,
            "message.received",
            "onMessageReceived",
            "Somebody has sent a text message to a number of the company.",
        ),
        on::<WebhookSentMessage>(
            &mut registry,
            "message.sent",
            "onMessageSent",
            "The provider has a text message of a flow's.",
        ),
        on::<WebhookSentMessage>(
            &mut registry,
            "message.delivered",
            "onMessageDelivered",
            "A text message of a flow's was delivered.",
        ),
        on::<WebhookSentMessage>(
            &mut registry,
            "message.failed",
            "onMessageFailed",
            "A text message of a flow's will not arrive: `errorCode` says why.",
        ),
        on::<WebhookContact>(&mut registry, "contact.created", "onContactCreated", "A contact was made."),
        on::<WebhookContact>(&mut registry, "contact.updated", "onContactUpdated", "A contact was changed."),
        on::<WebhookDeletedContact>(
            &mut registry,
            "contact.deleted",
            "onContactDeleted",
            "A contact was deleted.",
        ),
        on::<WebhookTest>(&mut registry, "webhook.test", "onWebhookTest", "Somebody tries the webhook out."),
    ];
    document["webhooks"] = Value::Object(webhooks.into_iter().collect());
    for (name, schema) in &registry.schemas {
        document["components"]["schemas"][name] = json!(schema);
    }
}

fn on<T: ParseFromJSON + ToJSON + Type + Send + Sync>(
    registry: &mut Registry,
    name: &str,
    operation_id: &str,
    summary: &str,
) -> (String, Value) {
    WebhookMessage::<T>::register(registry);
    // A message has its webhook's own name as its type.
    let narrow = json!({ "properties": { "type": { "enum": [name] } } });
    let schema = json!({ "allOf": [WebhookMessage::<T>::schema_ref(), narrow] });
    let operation = json!({
        "tags": [Tag::Integrations.name()],
        "operationId": operation_id,
        "summary": summary,
        "security": [],
        "requestBody": { "required": true, "content": { "application/json": { "schema": schema } } },
        "responses": {
            "2XX": { "description": "Received. Anything else is tried again over about a day." },
            "410": { "description": "The webhook is no more: it is switched off." },
        },
    });
    (name.to_owned(), json!({ "post": operation }))
}
