//! Requests that are answered with TwiML: a call that arrives, and what a verb of our last answer came to.
//!
//! The request of a verb's `action` carries all parameters of a [`VoiceRequest`] besides its own, so one request may
//! be read as both.

use super::fields::request;
use super::values::{AnsweredBy, CallStatus, DialStatus, Direction, QueueResult};

request! {
    /// What every request about a call says.
    pub struct VoiceRequest {
        /// `CA` and 32 hexadecimal digits.
        pub call_sid: String = "CallSid",
        /// `AC` and 32 hexadecimal digits.
        pub account_sid: String = "AccountSid",
        pub status: CallStatus = "CallStatus",
        --
        /// E.164, `client:<identity>` or a SIP URI; for the number of a caller see [`VoiceRequest::caller_number`].
        pub from: String = "From",
        /// As `from`. Absent when a device of the voice SDK calls without saying whom: then see `application_sid`.
        pub to: String = "To",
        /// The TwiML application that answers a call of a device. What else the device said is among the others.
        pub application_sid: String = "ApplicationSid",
        pub direction: Direction = "Direction",
        /// Only where the number is set to look callers' names up.
        pub caller_name: String = "CallerName",
        /// The number that passed the call on, where the carrier says so.
        pub forwarded_from: String = "ForwardedFrom",
        /// The call whose `<Dial>` made this one.
        pub parent_call_sid: String = "ParentCallSid",
        /// Lets a call made later carry this one's caller id.
        pub call_token: String = "CallToken",
        /// What became of the caller's STIR/SHAKEN passport; absent is usual.
        pub stir_verstat: String = "StirVerstat",
        /// ISO 3166 alpha-2, where Twilio knows it.
        pub from_country: String = "FromCountry",
        pub from_state: String = "FromState",
        pub from_city: String = "FromCity",
        pub from_zip: String = "FromZip",
        pub to_country: String = "ToCountry",
        pub to_state: String = "ToState",
        pub to_city: String = "ToCity",
        pub to_zip: String = "ToZip",
        /// Where detection of machines was asked for.
        pub answered_by: AnsweredBy = "AnsweredBy",
        /// In a request of the fallback URL: why the first one failed.
        pub error_code: u32 = "ErrorCode",
        /// In a request of the fallback URL: the URL that failed.
        pub error_url: String = "ErrorUrl",
        pub api_version: String = "ApiVersion",
    }
}

impl VoiceRequest {
    /// The caller's number or address, `None` where the caller hides it. A hidden number arrives as nothing, as a
    /// word, or as the word dialled on a keypad (ANONYMOUS is 266696687).
    pub fn caller_number(&self) -> Option<&str> {
        const HIDDEN: [&str; 6] = ["anonymous", "unknown", "restricted", "blocked", "unavailable", "private"];
        let from = self.from.as_deref()?;
        let bare = from.strip_prefix('+').unwrap_or(from).to_ascii_lowercase();
        let hidden = HIDDEN.iter().any(|word| bare == *word || bare == on_keypad(word));
        (!hidden).then_some(from)
    }
}

/// The digits that spell `word` on a telephone (ITU-T E.161).
fn on_keypad(word: &str) -> String {
    let digit = |letter: char| match letter {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        _ => '9',
    };
    word.chars().map(digit).collect()
}

request! {
    /// What a `<Gather>` heard. Without any input its `action` is requested only if it asked for that.
    #[derive(Default)]
    pub struct GatherResult {
        --
        /// The keys, without the one that finished the input.
        pub digits: String = "Digits",
        pub speech: String = "SpeechResult",
        /// 0 to 1; not sent by every speech model.
        pub confidence: f64 = "Confidence",
        pub finished_on_key: String = "FinishedOnKey",
    }
}

request! {
    /// What a `<Record>` took down. The file may not be ready yet: [`super::RecordingStatus`] says when it is.
    pub struct RecordResult {
        pub url: String = "RecordingUrl",
        --
        pub recording_sid: String = "RecordingSid",
        /// Seconds.
        pub duration: u32 = "RecordingDuration",
        /// The key that ended it, or `hangup`.
        pub digits: String = "Digits",
    }
}

request! {
    /// What a `<Dial>` came to.
    pub struct DialResult {
        pub status: DialStatus = "DialCallStatus",
        --
        /// The call that was made; not sent when a conference was dialled.
        pub call_sid: String = "DialCallSid",
        /// Seconds; not sent for a conference, nor when the made call was redirected.
        pub duration: u32 = "DialCallDuration",
        pub bridged: bool = "DialBridged",
        pub recording_url: String = "RecordingUrl",
        pub sip_call_id: String = "DialSipCallId",
        pub sip_response_code: u32 = "DialSipResponseCode",
    }
}

request! {
    /// How an `<Enqueue>` ended. Requested at once when the call leaves the queue, and after the bridge when another
    /// call took it.
    pub struct EnqueueResult {
        pub result: QueueResult = "QueueResult",
        --
        /// Sent only when the call really was in the queue.
        pub queue_sid: String = "QueueSid",
        /// Seconds in the queue; sent only when the call really was in it.
        pub queue_time: u32 = "QueueTime",
    }
}

request! {
    /// A caller waits and wants to hear something; asked again whenever the last document has run out.
    pub struct QueueWait {
        pub queue_sid: String = "QueueSid",
        --
        /// 1 is next.
        pub position: u32 = "QueuePosition",
        /// Seconds that this caller has waited.
        pub queue_time: u32 = "QueueTime",
        /// Seconds that the callers of the queue wait on average.
        pub average: u32 = "AvgQueueTime",
        pub current_size: u32 = "CurrentQueueSize",
        pub max_size: u32 = "MaxQueueSize",
    }
}

request! {
    /// A queued caller is about to be connected by a `<Dial><Queue url>`, and hears the answer before.
    pub struct Dequeued {
        pub queue_sid: String = "QueueSid",
        /// The queued caller.
        pub call_sid: String = "CallSid",
        --
        /// Seconds in the queue.
        pub queue_time: u32 = "QueueTime",
        /// The call that takes him; the spelling on the wire is Twilio's.
        pub dequeuing_call_sid: String = "DequeingCallSid",
    }
}
