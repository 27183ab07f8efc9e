//! What we tell Twilio to do with a call: documents that cannot be nested wrongly.
//!
//! Owns the elements, attributes and limits of TwiML for voice, and its text. It must never emit something that
//! Twilio does not document. There is a type for each kind of document, since what may stand in the answer depends on
//! who asked:
//!
//! | asked by | type |
//! |---|---|
//! | the voice URL, an `action`, a `<Redirect>` | [`VoiceResponse`] |
//! | the `waitUrl` of an `<Enqueue>` | [`WaitResponse`] |
//! | the wait, hold or announce URL of a conference; the `url` of a `<Queue>` | [`HoldResponse`] |
//! | the `url` of a `<Number>`, `<Client>` or `<Sip>` | [`WhisperResponse`] |
//!
//! Source: Twilio docs, TwiML for programmable voice; the attributes are compared with the official Node library's in
//! `tests/twiml.rs`.

mod attributes;
mod check;
mod dial;
mod verbs;
mod xml;

pub use attributes::{
    Beep, CallEvent, ConferenceRecord, ConferenceSubscription, DialRecord, GatherInput, JitterBuffer,
    MachineDetection, Method, OnEnter, OnExit, RecordingEvent, RecordingTrack, RejectReason, SayAs, Trim,
};
pub use check::{MAX_DOCUMENT_BYTES, MAX_ENDPOINTS, MAX_REST_CHARACTERS, TwimlError};
pub use dial::{Client, Conference, Dial, Endpoint, Number, Queue, Sip};
pub use verbs::{Enqueue, Gather, Pause, Play, Record, Redirect, Reject, Say, SpeechTimeout};

use xml::Element;

/// The content type of a document.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// Declares a kind of document by the verbs that it may hold.
macro_rules! documents {
    ($($(#[$meta:meta])* pub struct $Name:ident { $($verb:ident),+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Name(Element);

        impl $Name {
            /// A document that does nothing: it ends the call, or in a wait document asks again.
            pub fn new() -> Self {
                Self(Element::new("Response"))
            }

            $(documents!(@$verb);)+

            /// Whether no verb is in it.
            pub fn is_empty(&self) -> bool {
                self.0.children.is_empty()
            }

            /// The document, with what XML cannot hold left out.
            pub fn to_xml(&self) -> String {
                self.0.to_document()
            }

            /// The first thing that Twilio would not do as it is written.
            pub fn check(&self) -> Result<(), TwimlError> {
                check::check(&self.0)
            }

            /// As [`Self::check`], for a document that is the parameter `Twiml` of a REST request.
            pub fn check_for_rest(&self) -> Result<(), TwimlError> {
                check::check_for_rest(&self.0)
            }
        }

        impl Default for $Name {
            fn default() -> Self {
                Self::new()
            }
        }
    )+};
    (@say) => { documents!(@into say Say); };
    (@redirect) => { documents!(@into redirect Redirect); };
    (@play) => { documents!(@push play Play); };
    (@pause) => { documents!(@push pause Pause); };
    (@gather) => { documents!(@push gather Gather); };
    (@record) => { documents!(@push record Record); };
    (@dial) => { documents!(@push dial Dial); };
    (@enqueue) => { documents!(@push enqueue Enqueue); };
    (@into $method:ident $Verb:ident) => {
        #[must_use]
        pub fn $method(mut self, verb: impl Into<$Verb>) -> Self {
            self.0.push(verb.into().0);
            self
        }
    };
    (@push $method:ident $Verb:ident) => {
        #[must_use]
        pub fn $method(mut self, verb: $Verb) -> Self {
            self.0.push(verb.0);
            self
        }
    };
    (@hangup) => {
        #[must_use]
        pub fn hangup(mut self) -> Self {
            self.0.push(Element::new("Hangup"));
            self
        }
    };
    (@leave) => {
        /// Takes the caller out of the queue; the `action` of the `<Enqueue>` goes on with him.
        #[must_use]
        pub fn leave(mut self) -> Self {
            self.0.push(Element::new("Leave"));
            self
        }
    };
}

documents! {
    /// What to do with a call.
    pub struct VoiceResponse { say, play, pause, gather, record, dial, enqueue, leave, hangup, redirect }

    /// What a caller hears in a queue. It is asked for again whenever it has run out.
    pub struct WaitResponse { say, play, pause, gather, redirect, leave, hangup }

    /// What a participant hears while he waits for a conference or is on hold. A wait document of a conference that
    /// does not end in a `<Redirect>` is followed by silence.
    pub struct HoldResponse { say, play, pause, redirect }

    /// What the called party hears before he is connected.
    pub struct WhisperResponse { say, play, gather, hangup }
}

impl VoiceResponse {
    /// Refuses the call. `<Reject>` counts only as the first verb, so it is a beginning and not a step.
    pub fn reject(reject: Reject) -> Self {
        let mut response = Self::new();
        response.0.push(reject.0);
        response
    }
}
