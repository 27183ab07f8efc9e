//! What Twilio tells us: the parameters of its requests.
//!
//! Owns names, types and closed sets of the parameters, in both directions: `from_params` for a server, `to_params`
//! for something that plays Twilio. It must never drop a parameter that it does not know, since new ones appear
//! without notice, and never read a request before its signature was verified: that is the caller's first step.
//!
//! Source: Twilio docs, TwiML and status callback pages, and payloads published by users.

mod fields;
mod messaging;
mod params;
mod status;
mod values;
mod voice;

pub use messaging::{IncomingMessage, Media, MessageStatus};
pub use params::{MissingParameter, Params};
pub use status::{CallProgress, ConferenceEvent, MachineDetectionResult, RecordingStatus};
pub use values::{
    AnsweredBy, CallStatus, ConferenceEventKind, DeliveryStatus, DialStatus, Direction, QueueResult,
    ReasonEnded, ReasonLeft, RecordingSource, RecordingState,
};
pub use voice::{Dequeued, DialResult, EnqueueResult, GatherResult, QueueWait, RecordResult, VoiceRequest};
