//! How attributes become methods, and the words that attributes take.

/// Declares the attributes of an element, one method each:
/// `text` takes a string, `number` a `u32`, `one` a word of a closed set, `many` a list of them, joined by one space;
/// `on` and `off` take nothing and set true or false; `own` has no method, since a constructor sets it.
macro_rules! attributes {
    ($Type:ident { $($(#[$doc:meta])* $kind:ident $method:ident $(: $Word:ty)? = $name:literal;)* }) => {
        impl $Type {
            /// The names of all attributes that this type can write.
            pub const ATTRIBUTES: &'static [&'static str] = &[$($name),*];

            $($crate::twiml::attributes::attributes!(@$kind [$(#[$doc])*] $method [$($Word)?] $name);)*
        }
    };
    (@text [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: impl Into<String>) -> Self {
            self.0.set($name, value);
            self
        }
    };
    (@number [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: u32) -> Self {
            self.0.set($name, value.to_string());
            self
        }
    };
    (@one [$($doc:tt)*] $method:ident [$Word:ty] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, value: $Word) -> Self {
            self.0.set($name, value.as_str());
            self
        }
    };
    (@many [$($doc:tt)*] $method:ident [$Word:ty] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self, values: impl IntoIterator<Item = $Word>) -> Self {
            let words: Vec<&str> = values.into_iter().map(|value| value.as_str()).collect();
            self.0.set($name, words.join(" "));
            self
        }
    };
    (@on [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self) -> Self {
            self.0.set($name, "true");
            self
        }
    };
    (@off [$($doc:tt)*] $method:ident [] $name:literal) => {
        $($doc)*
        #[must_use]
        pub fn $method(mut self) -> Self {
            self.0.set($name, "false");
            self
        }
    };
    (@own [$($doc:tt)*] $method:ident [] $name:literal) => {};
}

pub(super) use attributes;

closed_names! {
    /// How Twilio requests a URL. POST unless told otherwise.
    pub enum Method {
        Get = "GET",
        Post = "POST",
    }
}

closed_names! {
    /// What a `<Gather>` listens to.
    pub enum GatherInput {
        Dtmf = "dtmf",
        Speech = "speech",
    }
}

closed_names! {
    /// Why a call is refused: what the caller hears.
    pub enum RejectReason {
        /// A message that the number is not in service.
        Rejected = "rejected",
        /// A busy signal.
        Busy = "busy",
    }
}

closed_names! {
    /// What to do with silence at the beginning and the end of a recording.
    pub enum Trim {
        TrimSilence = "trim-silence",
        DoNotTrim = "do-not-trim",
    }
}

closed_names! {
    /// What to record of a dialled call, from when, and in one channel or two.
    pub enum DialRecord {
        DoNotRecord = "do-not-record",
        FromAnswer = "record-from-answer",
        FromRinging = "record-from-ringing",
        FromAnswerDual = "record-from-answer-dual",
        FromRingingDual = "record-from-ringing-dual",
    }
}

closed_names! {
    /// Whether a conference is recorded.
    pub enum ConferenceRecord {
        DoNotRecord = "do-not-record",
        FromStart = "record-from-start",
    }
}

closed_names! {
    /// Whose voice is recorded.
    pub enum RecordingTrack {
        Both = "both",
        Inbound = "inbound",
        Outbound = "outbound",
    }
}

closed_names! {
    /// What a recording reports.
    pub enum RecordingEvent {
        InProgress = "in-progress",
        Completed = "completed",
        Absent = "absent",
    }
}

closed_names! {
    /// What a call reports. Only `Completed` unless told otherwise; it comes with every end, also a busy one.
    pub enum CallEvent {
        Initiated = "initiated",
        Ringing = "ringing",
        Answered = "answered",
        Completed = "completed",
    }
}

closed_names! {
    /// What a conference reports. One word here may stand for several events: `Hold` is hold and unhold.
    pub enum ConferenceSubscription {
        Start = "start",
        End = "end",
        Join = "join",
        Leave = "leave",
        Mute = "mute",
        Hold = "hold",
        Modify = "modify",
        Speaker = "speaker",
        Announcement = "announcement",
    }
}

closed_names! {
    /// When a conference hears a beep.
    pub enum Beep {
        /// When someone comes and when someone leaves.
        Always = "true",
        Never = "false",
        OnEnter = "onEnter",
        OnExit = "onExit",
    }
}

closed_names! {
    /// What a participant's coming does.
    pub enum OnEnter {
        StartsConference = "true",
        /// He hears the wait document until somebody else starts the conference.
        WaitsForStart = "false",
    }
}

closed_names! {
    /// What a participant's leaving does.
    pub enum OnExit {
        /// Everybody else is thrown out.
        EndsConference = "true",
        LeavesOthers = "false",
    }
}

closed_names! {
    /// How much delay is accepted to smooth a bad line.
    pub enum JitterBuffer {
        Large = "large",
        Medium = "medium",
        Small = "small",
        Off = "off",
    }
}

closed_names! {
    /// Whether to find out if a machine answered.
    pub enum MachineDetection {
        /// Tell at once.
        Enable = "Enable",
        /// Wait for the end of the machine's greeting.
        DetectMessageEnd = "DetectMessageEnd",
    }
}

closed_names! {
    /// As what a piece of text is read out.
    pub enum SayAs {
        Characters = "characters",
        SpellOut = "spell-out",
        Cardinal = "cardinal",
        Number = "number",
        Ordinal = "ordinal",
        Digits = "digits",
        Fraction = "fraction",
        Unit = "unit",
        Date = "date",
        Time = "time",
        Address = "address",
        Expletive = "expletive",
        Telephone = "telephone",
    }
}
