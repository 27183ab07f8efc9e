//! The verbs that talk, listen and move a call on.

use std::time::Duration;

use super::attributes::{GatherInput, Method, RecordingEvent, RejectReason, SayAs, Trim, attributes};
use super::xml::{Element, Node};

/// Reads text out. Twilio reads at most 4096 characters, 3000 with a `Polly.` voice, 5000 with a `Google.` one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say(pub(super) Element);

impl Say {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Element::with_text("Say", text))
    }

    /// More text after what is there.
    #[must_use]
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.children.push(Node::Text(text.into()));
        self
    }

    /// Silence, in whole milliseconds.
    #[must_use]
    pub fn then_break(mut self, length: Duration) -> Self {
        let mut pause = Element::new("break");
        pause.set("time", format!("{}ms", length.as_millis()));
        self.0.push(pause);
        self
    }

    /// Text that is read out in a way of its own, as a telephone number is.
    #[must_use]
    pub fn then_as(mut self, way: SayAs, text: impl Into<String>) -> Self {
        let mut element = Element::with_text("say-as", text);
        element.set("interpret-as", way.as_str());
        self.0.push(element);
        self
    }
}

attributes!(Say {
    /// A BCP 47 tag that Twilio knows, `en-US` if none is given.
    text language = "language";
    /// `man`, `woman`, or a voice of a provider: `Polly.Joanna-Neural`, `Google.en-US-Neural2-A`.
    text voice = "voice";
    /// How often; 0 is until the call ends, at most 1000 times.
    number repeat = "loop";
});

impl<T: Into<String>> From<T> for Say {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Plays a sound file, or keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play(pub(super) Element);

impl Play {
    pub fn url(url: impl Into<String>) -> Self {
        Self(Element::with_text("Play", url))
    }

    /// Sends keys: `0-9`, `*`, `#`, and `w` for half a second of silence, `W` for a whole one.
    pub fn digits(digits: impl Into<String>) -> Self {
        let mut element = Element::new("Play");
        element.set("digits", digits);
        Self(element)
    }
}

attributes!(Play {
    own digits = "digits";
    /// How often; 0 is until the call ends, at most 1000 times.
    number repeat = "loop";
});

/// Waits in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause(pub(super) Element);

impl Pause {
    pub fn seconds(length: u32) -> Self {
        let mut element = Element::new("Pause");
        element.set("length", length.to_string());
        Self(element)
    }
}

attributes!(Pause {
    own seconds = "length";
});

/// How long a `<Gather>` waits for more speech.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechTimeout {
    Seconds(u32),
    /// Until the recogniser thinks that the sentence is over.
    Auto,
}

/// Listens for keys or speech while it talks. The document goes on after it when nothing is heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather(pub(super) Element);

impl Gather {
    pub fn new() -> Self {
        Self(Element::new("Gather"))
    }

    #[must_use]
    pub fn say(mut self, say: impl Into<Say>) -> Self {
        self.0.push(say.into().0);
        self
    }

    #[must_use]
    pub fn play(mut self, play: Play) -> Self {
        self.0.push(play.0);
        self
    }

    #[must_use]
    pub fn pause(mut self, pause: Pause) -> Self {
        self.0.push(pause.0);
        self
    }

    /// How long to wait for more speech, [`Gather::timeout`] if nothing is given.
    #[must_use]
    pub fn speech_timeout(mut self, timeout: SpeechTimeout) -> Self {
        let value = match timeout {
            SpeechTimeout::Seconds(seconds) => seconds.to_string(),
            SpeechTimeout::Auto => "auto".to_owned(),
        };
        self.0.set("speechTimeout", value);
        self
    }
}

impl Default for Gather {
    fn default() -> Self {
        Self::new()
    }
}

attributes!(Gather {
    /// Where the input is sent; this document's own URL if none is given.
    text action = "action";
    one method: Method = "method";
    /// Requests `action` also when nothing was heard.
    on action_on_empty_result = "actionOnEmptyResult";
    /// Keys alone unless told otherwise.
    many input: GatherInput = "input";
    /// Ends after so many keys.
    number num_digits = "numDigits";
    /// One key that ends the input, `#` if none is given; empty for none.
    text finish_on_key = "finishOnKey";
    /// Seconds of waiting for the next key, 5 if none is given.
    number timeout = "timeout";
    own speech_timeout = "speechTimeout";
    /// A BCP 47 tag that Twilio's recogniser knows, `en-US` if none is given.
    text language = "language";
    /// Words and phrases to expect, separated by commas.
    text hints = "hints";
    text speech_model = "speechModel";
    /// Uses the premium model, where `speech_model` is `phone_call`.
    on enhanced = "enhanced";
    /// Lets rude words through.
    off keep_profanity = "profanityFilter";
    /// Where speech is sent while it is being spoken.
    text partial_result_callback = "partialResultCallback";
    one partial_result_callback_method: Method = "partialResultCallbackMethod";
});

/// Records the caller. It is not allowed in a wait document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record(pub(super) Element);

impl Record {
    pub fn new() -> Self {
        Self(Element::new("Record"))
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

attributes!(Record {
    /// Where the recording is reported; this document's own URL if none is given, which makes a loop.
    text action = "action";
    one method: Method = "method";
    /// Keys that end it, any if none are given.
    text finish_on_key = "finishOnKey";
    /// Seconds, 2 to 14400; 3600 if none are given.
    number max_length = "maxLength";
    /// Seconds of silence that end it, 5 if none are given.
    number timeout = "timeout";
    /// Begins without a beep.
    off no_beep = "playBeep";
    one trim: Trim = "trim";
    text recording_status_callback = "recordingStatusCallback";
    many recording_status_callback_event: RecordingEvent = "recordingStatusCallbackEvent";
    one recording_status_callback_method: Method = "recordingStatusCallbackMethod";
    /// Writes the recording down; it may then be at most 120 seconds long.
    on transcribe = "transcribe";
    text transcribe_callback = "transcribeCallback";
});

/// Puts the call into a queue. What follows is reached only without an `action`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enqueue(pub(super) Element);

impl Enqueue {
    /// The queue of this name, at most 64 characters; Twilio makes it when it does not exist.
    pub fn new(queue: impl Into<String>) -> Self {
        Self(Element::with_text("Enqueue", queue))
    }
}

attributes!(Enqueue {
    /// Where it is reported that the call has left the queue; the answer goes on with the call.
    text action = "action";
    one method: Method = "method";
    /// Where the [`super::WaitResponse`] comes from.
    text wait_url = "waitUrl";
    one wait_url_method: Method = "waitUrlMethod";
    number max_queue_size = "maxQueueSize";
});

/// Goes on with another document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect(pub(super) Element);

impl Redirect {
    pub fn to(url: impl Into<String>) -> Self {
        Self(Element::with_text("Redirect", url))
    }
}

attributes!(Redirect {
    one method: Method = "method";
});

impl<T: Into<String>> From<T> for Redirect {
    fn from(url: T) -> Self {
        Self::to(url)
    }
}

/// Refuses a call, which then costs nothing. Only as the first verb: see [`super::VoiceResponse::reject`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject(pub(super) Element);

impl Reject {
    pub fn new(reason: RejectReason) -> Self {
        let mut element = Element::new("Reject");
        element.set("reason", reason.as_str());
        Self(element)
    }
}

attributes!(Reject {
    own reason = "reason";
});
