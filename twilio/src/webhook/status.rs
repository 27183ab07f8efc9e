//! Requests that only tell: progress of calls, events of conferences, recordings, answering machines. The answer is
//! empty (204, or 200 with an empty `<Response/>`); TwiML in it is ignored.

use chrono::{DateTime, Utc};

use super::fields::request;
use super::values::{
    AnsweredBy, CallStatus, ConferenceEventKind, Direction, ReasonEnded, ReasonLeft, RecordingSource,
    RecordingState,
};

request! {
    /// A call has come further. Each event is a request of its own and the order of arrival is not the order of
    /// events: see [`CallStatus::is_after`].
    pub struct CallProgress {
        pub call_sid: String = "CallSid",
        pub account_sid: String = "AccountSid",
        pub status: CallStatus = "CallStatus",
        --
        /// From 0, one more for each event of this call.
        pub sequence_number: u32 = "SequenceNumber",
        /// When it happened, in whole seconds.
        pub timestamp: DateTime<Utc> = "Timestamp",
        /// Seconds from answer to end; with `completed` only.
        pub duration: u32 = "CallDuration",
        pub sip_response_code: u32 = "SipResponseCode",
        pub from: String = "From",
        pub to: String = "To",
        pub direction: Direction = "Direction",
        pub parent_call_sid: String = "ParentCallSid",
        pub answered_by: AnsweredBy = "AnsweredBy",
        /// `call-progress-events`.
        pub callback_source: String = "CallbackSource",
        pub recording_sid: String = "RecordingSid",
        pub recording_url: String = "RecordingUrl",
        /// Seconds.
        pub recording_duration: u32 = "RecordingDuration",
        /// A, B or C: how far the network vouches for the caller id of an outbound call.
        pub stir_status: String = "StirStatus",
    }
}

request! {
    /// Something happened in a conference. The address of these callbacks is the first participant's; what later ones
    /// ask for is ignored.
    pub struct ConferenceEvent {
        pub conference_sid: String = "ConferenceSid",
        pub account_sid: String = "AccountSid",
        pub event: ConferenceEventKind = "StatusCallbackEvent",
        --
        /// The name in `<Conference>`.
        pub friendly_name: String = "FriendlyName",
        /// One more for each event of this conference.
        pub sequence_number: u32 = "SequenceNumber",
        /// When it happened, in whole seconds.
        pub timestamp: DateTime<Utc> = "Timestamp",
        /// The participant; absent when the event is about the whole conference.
        pub call_sid: String = "CallSid",
        pub label: String = "ParticipantLabel",
        pub muted: bool = "Muted",
        pub hold: bool = "Hold",
        pub coaching: bool = "Coaching",
        pub start_on_enter: bool = "StartConferenceOnEnter",
        pub end_on_exit: bool = "EndConferenceOnExit",
        /// When a participant leaves: how his call stood.
        pub participant_call_status: CallStatus = "ParticipantCallStatus",
        pub reason_left: ReasonLeft = "ReasonParticipantLeft",
        pub reason_ended: ReasonEnded = "ReasonConferenceEnded",
        /// Whose leaving ended the conference.
        pub call_sid_ending: String = "CallSidEndingConference",
        pub label_ending: String = "ParticipantLabelEndingConference",
        /// In words.
        pub reason: String = "Reason",
    }
}

request! {
    /// A recording has begun, is ready, or came to nothing.
    pub struct RecordingStatus {
        pub recording_sid: String = "RecordingSid",
        pub account_sid: String = "AccountSid",
        pub status: RecordingState = "RecordingStatus",
        --
        /// Of the parent leg when a `<Dial>` recorded.
        pub call_sid: String = "CallSid",
        pub conference_sid: String = "ConferenceSid",
        /// Without an extension; with `.wav` or `.mp3` it is the file.
        pub url: String = "RecordingUrl",
        /// Seconds.
        pub duration: u32 = "RecordingDuration",
        /// 1 or 2; conferences are recorded in one.
        pub channels: u32 = "RecordingChannels",
        pub start_time: DateTime<Utc> = "RecordingStartTime",
        pub source: RecordingSource = "RecordingSource",
        pub error_code: u32 = "ErrorCode",
    }
}

request! {
    /// Detection of machines, done while the call already runs, has come to a result.
    pub struct MachineDetectionResult {
        pub call_sid: String = "CallSid",
        pub account_sid: String = "AccountSid",
        pub answered_by: AnsweredBy = "AnsweredBy",
        --
        /// Milliseconds.
        pub duration: u32 = "MachineDetectionDuration",
    }
}
