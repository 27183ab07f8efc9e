//! `<Dial>` and what can be dialled.
//!
//! Numbers, clients and SIP addresses may be rung together; a conference and a queue stand alone. Hence a [`Dial`] is
//! made for one or the other, and nothing can be added to it afterwards.

use super::attributes::{
    Beep, CallEvent, ConferenceRecord, ConferenceSubscription, DialRecord, JitterBuffer, MachineDetection,
    Method, OnEnter, OnExit, RecordingEvent, RecordingTrack, Trim, attributes,
};
use super::xml::{Element, Node};

/// Connects the call to somebody. What follows is reached only without an `action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dial(pub(super) Element);

/// Somebody who can be rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    Number(Number),
    Client(Client),
    Sip(Sip),
}

impl Dial {
    fn noun(noun: Element) -> Self {
        let mut dial = Element::new("Dial");
        dial.push(noun);
        Self(dial)
    }

    pub fn number(number: Number) -> Self {
        Self::noun(number.0)
    }

    pub fn client(client: Client) -> Self {
        Self::noun(client.0)
    }

    pub fn sip(sip: Sip) -> Self {
        Self::noun(sip.0)
    }

    pub fn conference(conference: Conference) -> Self {
        Self::noun(conference.0)
    }

    /// Takes the next caller out of a queue.
    pub fn queue(queue: Queue) -> Self {
        Self::noun(queue.0)
    }

    /// Rings all at once, at most ten; who answers first gets the call. See [`Dial::one_after_another`].
    pub fn ring(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        let mut dial = Element::new("Dial");
        for endpoint in endpoints {
            dial.push(match endpoint {
                Endpoint::Number(number) => number.0,
                Endpoint::Client(client) => client.0,
                Endpoint::Sip(sip) => sip.0,
            });
        }
        Self(dial)
    }
}

attributes!(Dial {
    /// Where the end is reported; the answer goes on with the call.
    text action = "action";
    one method: Method = "method";
    /// Lets the caller hear ringing, and not be billed, until somebody answers.
    on answer_on_bridge = "answerOnBridge";
    text caller_id = "callerId";
    /// Shown to the called party where carriers support it; at most 50 characters.
    text call_reason = "callReason";
    /// Lets the caller end the dialled call with `*`.
    on hangup_on_star = "hangupOnStar";
    /// Seconds of ringing, 30 if none are given.
    number timeout = "timeout";
    /// Seconds that the call may last, 14400 if none are given.
    number time_limit = "timeLimit";
    /// Rings the endpoints of [`Dial::ring`] in turn and not together.
    on one_after_another = "sequential";
    /// Two letters of a country whose ringing the caller hears.
    text ring_tone = "ringTone";
    one record: DialRecord = "record";
    one recording_track: RecordingTrack = "recordingTrack";
    one trim: Trim = "trim";
    text recording_status_callback = "recordingStatusCallback";
    many recording_status_callback_event: RecordingEvent = "recordingStatusCallbackEvent";
    one recording_status_callback_method: Method = "recordingStatusCallbackMethod";
    text refer_url = "referUrl";
    one refer_method: Method = "referMethod";
});

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(pub(super) Element);

impl Number {
    /// In E.164.
    pub fn new(number: impl Into<String>) -> Self {
        Self(Element::with_text("Number", number))
    }
}

attributes!(Number {
    /// A [`super::WhisperResponse`] for who answers, before he is connected.
    text url = "url";
    one method: Method = "method";
    text status_callback = "statusCallback";
    many status_callback_event: CallEvent = "statusCallbackEvent";
    one status_callback_method: Method = "statusCallbackMethod";
    /// Keys sent when it answers: `0-9`, `A-D`, `*`, `#`, `w` half a second, `W` a whole one.
    text send_digits = "sendDigits";
    text byoc = "byoc";
    one machine_detection: MachineDetection = "machineDetection";
    /// Seconds, 3 to 60.
    number machine_detection_timeout = "machineDetectionTimeout";
    /// Milliseconds, 1000 to 6000.
    number machine_detection_speech_threshold = "machineDetectionSpeechThreshold";
    /// Milliseconds, 500 to 5000.
    number machine_detection_speech_end_threshold = "machineDetectionSpeechEndThreshold";
    /// Milliseconds, 2000 to 10000.
    number machine_detection_silence_timeout = "machineDetectionSilenceTimeout";
    text amd_status_callback = "amdStatusCallback";
    one amd_status_callback_method: Method = "amdStatusCallbackMethod";
});

/// A device of the voice SDK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client(pub(super) Element);

impl Client {
    /// The identity of the access token that the device has; at most 256 characters.
    pub fn new(identity: impl Into<String>) -> Self {
        Self(Element::with_text("Client", identity))
    }

    /// Something that the device is told with the call.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        // Beside a parameter the identity may not be bare text: it becomes an element of its own.
        if let [Node::Text(identity)] = self.0.children.as_slice() {
            self.0.children = vec![Node::Element(Element::with_text("Identity", identity))];
        }
        let mut parameter = Element::new("Parameter");
        parameter.set("name", name);
        parameter.set("value", value);
        self.0.push(parameter);
        self
    }
}

attributes!(Client {
    /// A [`super::WhisperResponse`] for who answers, before he is connected.
    text url = "url";
    one method: Method = "method";
    text status_callback = "statusCallback";
    many status_callback_event: CallEvent = "statusCallbackEvent";
    one status_callback_method: Method = "statusCallbackMethod";
});

/// A SIP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sip(pub(super) Element);

impl Sip {
    /// At most 255 characters, and after a question mark at most 1024 of headers.
    pub fn new(uri: impl Into<String>) -> Self {
        Self(Element::with_text("Sip", uri))
    }
}

attributes!(Sip {
    text username = "username";
    text password = "password";
    /// A [`super::WhisperResponse`] for who answers, before he is connected.
    text url = "url";
    one method: Method = "method";
    text status_callback = "statusCallback";
    many status_callback_event: CallEvent = "statusCallbackEvent";
    one status_callback_method: Method = "statusCallbackMethod";
});

/// The next caller of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue(pub(super) Element);

impl Queue {
    pub fn new(name: impl Into<String>) -> Self {
        Self(Element::with_text("Queue", name))
    }
}

attributes!(Queue {
    /// A [`super::HoldResponse`] for the queued caller, before he is connected.
    text url = "url";
    one method: Method = "method";
});

/// A room. The first participant's callback settings hold for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conference(pub(super) Element);

impl Conference {
    pub fn new(name: impl Into<String>) -> Self {
        Self(Element::with_text("Conference", name))
    }
}

attributes!(Conference {
    /// By this name REST requests find the participant; unique in the room, at most 128 characters. A participant
    /// with a name that is taken is not let in.
    text participant_label = "participantLabel";
    one on_enter: OnEnter = "startConferenceOnEnter";
    one on_exit: OnExit = "endConferenceOnExit";
    one beep: Beep = "beep";
    /// He hears and is not heard.
    on muted = "muted";
    /// The call that alone hears this participant. The id of a call that is gone is error 13240.
    text coach = "coach";
    /// Where the [`super::HoldResponse`] comes from until the conference starts; empty for silence.
    text wait_url = "waitUrl";
    one wait_method: Method = "waitMethod";
    /// 2 to 250.
    number max_participants = "maxParticipants";
    one record: ConferenceRecord = "record";
    one trim: Trim = "trim";
    text recording_status_callback = "recordingStatusCallback";
    many recording_status_callback_event: RecordingEvent = "recordingStatusCallbackEvent";
    one recording_status_callback_method: Method = "recordingStatusCallbackMethod";
    text status_callback = "statusCallback";
    many status_callback_event: ConferenceSubscription = "statusCallbackEvent";
    one status_callback_method: Method = "statusCallbackMethod";
    one jitter_buffer: JitterBuffer = "jitterBufferSize";
    /// Where sound is mixed: `us1`, `ie1`, …; the nearest to the first participant if none is given.
    text region = "region";
});

macro_rules! endpoints {
    ($($Noun:ident),+) => {$(
        impl From<$Noun> for Endpoint {
            fn from(noun: $Noun) -> Self {
                Self::$Noun(noun)
            }
        }
    )+};
}

endpoints!(Number, Client, Sip);
