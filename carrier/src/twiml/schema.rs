//! Which verbs stand where, and which attributes Twilio knows (its documentation and SDK types).
//!
//! An attribute that Twilio knows and that cannot be heard in a transcript (voice, language, ring tone) counts as
//! honoured.

/// What is imitated directly in `<Response>`.
pub(super) const TOP_LEVEL: &[&str] =
    &["Say", "Play", "Pause", "Gather", "Record", "Dial", "Enqueue", "Leave", "Hangup", "Redirect", "Reject"];

/// What may be nested in `<Gather>`.
pub(super) const PROMPTS: &[&str] = &["Say", "Play", "Pause"];

/// Verbs that Twilio knows and this look-alike does not perform.
pub(super) const NOT_IMITATED_VERBS: &[&str] =
    &["Connect", "Echo", "Pay", "Prompt", "Queue", "Refer", "Sms", "Start", "Stop"];

/// What becomes of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    Honoured,
    NotImitated,
    Unknown,
}

struct Element {
    name: &'static str,
    honoured: &'static [&'static str],
    not_imitated: &'static [&'static str],
}

const fn element(
    name: &'static str,
    honoured: &'static [&'static str],
    not_imitated: &'static [&'static str],
) -> Element {
    Element { name, honoured, not_imitated }
}

const ELEMENTS: &[Element] = &[
    element("Say", &["language", "loop", "voice"], &[]),
    element("Play", &["digits", "loop"], &[]),
    element("Pause", &["length"], &[]),
    element(
        "Gather",
        &[
            "action",
            "actionOnEmptyResult",
            "enhanced",
            "finishOnKey",
            "hints",
            "input",
            "language",
            "method",
            "numDigits",
            "profanityFilter",
            "speechModel",
            "speechTimeout",
            "timeout",
        ],
        &["bargeIn", "debug", "maxSpeechTime", "partialResultCallback", "partialResultCallbackMethod"],
    ),
    element(
        "Record",
        &[
            "action",
            "finishOnKey",
            "maxLength",
            "method",
            "playBeep",
            "recordingStatusCallback",
            "recordingStatusCallbackEvent",
            "recordingStatusCallbackMethod",
            "timeout",
            "trim",
        ],
        &["recordingConfigurationId", "transcribe", "transcribeCallback"],
    ),
    element(
        "Dial",
        &[
            "action",
            "answerOnBridge",
            "callReason",
            "callerId",
            "method",
            "record",
            "recordingStatusCallback",
            "recordingStatusCallbackEvent",
            "recordingStatusCallbackMethod",
            "recordingTrack",
            "ringTone",
            "sequential",
            "timeLimit",
            "timeout",
            "trim",
        ],
        &["events", "hangupOnStar", "passports", "recordingConfigurationId", "referMethod", "referUrl"],
    ),
    element("Number", PHONE, NOT_IMITATED_PHONE),
    element("Client", PHONE, NOT_IMITATED_PHONE),
    element("Sip", SIP, &[]),
    element(
        "Conference",
        &[
            "beep",
            "coach",
            "endConferenceOnExit",
            "jitterBufferSize",
            "maxParticipants",
            "muted",
            "participantLabel",
            "record",
            "recordingStatusCallback",
            "recordingStatusCallbackEvent",
            "recordingStatusCallbackMethod",
            "region",
            "startConferenceOnEnter",
            "statusCallback",
            "statusCallbackEvent",
            "statusCallbackMethod",
            "trim",
            "waitMethod",
            "waitUrl",
        ],
        &["eventCallbackUrl", "recordingConfigurationId"],
    ),
    element("Queue", &["method", "url"], &["postWorkActivitySid", "reservationSid"]),
    element("Enqueue", &["action", "maxQueueSize", "method", "waitUrl", "waitUrlMethod", "workflowSid"], &[]),
    element("Leave", &[], &[]),
    element("Hangup", &[], &[]),
    element("Redirect", &["method"], &[]),
    element("Reject", &["reason"], &[]),
];

const PHONE: &[&str] =
    &["method", "sendDigits", "statusCallback", "statusCallbackEvent", "statusCallbackMethod", "url"];
const SIP: &[&str] = &[
    "method",
    "password",
    "statusCallback",
    "statusCallbackEvent",
    "statusCallbackMethod",
    "url",
    "username",
];
const NOT_IMITATED_PHONE: &[&str] = &[
    "amdStatusCallback",
    "amdStatusCallbackMethod",
    "byoc",
    "machineDetection",
    "machineDetectionSilenceTimeout",
    "machineDetectionSpeechEndThreshold",
    "machineDetectionSpeechThreshold",
    "machineDetectionTimeout",
];

pub(super) fn attribute(element: &str, attribute: &str) -> Support {
    match ELEMENTS.iter().find(|e| e.name == element) {
        Some(e) if e.honoured.contains(&attribute) => Support::Honoured,
        Some(e) if e.not_imitated.contains(&attribute) => Support::NotImitated,
        // The attributes of a noun that is skipped as a whole are not looked at one by one.
        None => Support::Honoured,
        Some(_) => Support::Unknown,
    }
}
