//! What a step asks to be done beside the call, and that nobody waits for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Something to do that answers nothing. What fails of it is the server's to log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Effect {
    /// Create the contact of this number, or change these fields of it.
    SaveContact {
        /// E.164.
        number: String,
        /// `name`, `email`, `language`, `company`, `notes` or `custom.X`. An empty text clears the field.
        fields: BTreeMap<String, String>,
        /// To be added.
        tags: BTreeSet<String>,
    },
    /// The call's recording.
    Recording { action: RecordingAction },
    /// A text message.
    Sms {
        /// E.164.
        to: String,
        /// At most 1,600 bytes.
        text: String,
    },
    /// What the caller thinks of it, 1 to 5. A spoken comment may follow, as a recording.
    SurveyAnswered { survey: String, score: u8 },
}

/// What to do with a call's recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordingAction {
    Start,
    Stop,
    Pause,
    Resume,
}

impl RecordingAction {
    pub(crate) const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Pause, Self::Resume];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}
