//! The addresses that the provider is given. All lie below the company's voice webhook, are absolute (so that it does
//! not matter which document they stand in) and name what they are about, so that a callback can come before the reply
//! that would have told us its id.

use crate::outbound::percent_encode;
use entity::id::{
    CallId, CompanyId, LegId, MessageId, OfferId, QueueEntryId, RecordingId, SegmentId, TransferId,
};
use ivr_engine::{Prompt, RecordPurpose};
use twilio::webhook::Params;

/// Twilio tries again, as often as it can be told to, when the connection fails, no answer comes in time, or a proxy has
/// nobody to ask (502, 503). It is a fragment: not signed, not sent. Every request may come twice without harm.
const RETRY: &str = "#rc=5&rp=ct,rt,5xx";

#[derive(Clone, Debug)]
pub struct Urls {
    base: String,
}

impl Urls {
    pub fn new(public_url: &str, company: CompanyId) -> Self {
        Self { base: format!("{public_url}/api/webhooks/twilio/{company}") }
    }

    pub fn voice(&self) -> String {
        format!("{}{RETRY}", self.base)
    }

    /// Asked when another address of the call failed: who was only cut off from us goes on, and who cannot hears an
    /// apology instead of silence.
    pub fn fallback(&self) -> String {
        format!("{}/fallback{RETRY}", self.base)
    }

    pub fn call_status(&self) -> String {
        format!("{}/call-status{RETRY}", self.base)
    }

    /// Where the flow goes on. `version` is the session's: it makes each hop a request of its own.
    pub fn step(&self, call: CallId, version: i32, heard: Heard) -> String {
        format!("{}/step?call={call}&s={version}&heard={}{RETRY}", self.base, heard.as_str())
    }

    pub fn wait(&self, entry: QueueEntryId, hop: u32) -> String {
        format!("{}/wait?entry={entry}&n={hop}{RETRY}", self.base)
    }

    /// Where the flow of a queue goes on for its waiting caller. `version` is that session's.
    pub fn wait_step(&self, entry: QueueEntryId, version: i32, hop: u32, heard: Heard) -> String {
        format!("{}/wait/step?entry={entry}&s={version}&n={hop}&heard={}{RETRY}", self.base, heard.as_str())
    }

    /// Where it goes on after his message.
    pub fn wait_recorded(&self, entry: QueueEntryId, version: i32, hop: u32, spoken: &Spoken) -> String {
        let heard = Heard::Record.as_str();
        let spoken = spoken.query();
        format!("{}/wait/step?entry={entry}&s={version}&n={hop}&heard={heard}{spoken}{RETRY}", self.base)
    }

    pub fn queue_exit(&self, call: CallId, entry: QueueEntryId, version: i32) -> String {
        format!("{}/queue-exit?call={call}&entry={entry}&s={version}{RETRY}", self.base)
    }

    /// Where a caller goes on who is fetched out of the queue, since his visit has overflowed.
    pub fn queue_leave(&self, call: CallId, entry: QueueEntryId, version: i32) -> String {
        format!("{}/queue-leave?call={call}&entry={entry}&s={version}{RETRY}", self.base)
    }

    pub fn caller_join(&self, call: CallId, segment: SegmentId) -> String {
        format!("{}/caller-join?call={call}&segment={segment}{RETRY}", self.base)
    }

    pub fn park(&self, call: CallId, entry: QueueEntryId, segment: SegmentId) -> String {
        format!("{}/park?call={call}&entry={entry}&after={segment}{RETRY}", self.base)
    }

    /// Where the caller's line goes on in his flow, when it was elsewhere. `version` is the session's.
    pub fn resume(&self, call: CallId, version: i32) -> String {
        format!("{}/resume?call={call}&s={version}{RETRY}", self.base)
    }

    pub fn agent_answer(&self, offer: OfferId) -> String {
        format!("{}/agent/answer?offer={offer}{RETRY}", self.base)
    }

    pub fn agent_press(&self, offer: OfferId) -> String {
        format!("{}/agent/press?offer={offer}{RETRY}", self.base)
    }

    /// Where the flow of a queue goes on for an agent who is about to be joined.
    pub fn whisper_step(&self, offer: OfferId, version: i32, heard: Heard) -> String {
        format!("{}/agent/whisper?offer={offer}&s={version}&heard={}{RETRY}", self.base, heard.as_str())
    }

    pub fn agent_exit(&self, offer: OfferId) -> String {
        format!("{}/agent/exit?offer={offer}{RETRY}", self.base)
    }

    pub fn leg_status(&self, leg: LegId) -> String {
        format!("{}/leg-status?leg={leg}{RETRY}", self.base)
    }

    pub fn conference(&self, offer: OfferId) -> String {
        format!("{}/conference?offer={offer}{RETRY}", self.base)
    }

    /// Where a caller's line asks for the answer to a request of his flow.
    pub fn request(&self, call: CallId, version: i32, hop: u32) -> String {
        format!("{}/request?call={call}&s={version}&n={hop}{RETRY}", self.base)
    }

    /// Where a caller's line comes back once no recording can be heard.
    pub fn silence(&self, call: CallId, version: i32, hop: u32) -> String {
        format!("{}/silence?call={call}&s={version}&n={hop}{RETRY}", self.base)
    }

    /// What a caller on hold hears.
    pub fn hold(&self, call: CallId, hop: u32) -> String {
        format!("{}/hold?call={call}&n={hop}{RETRY}", self.base)
    }

    /// Keys played to a party. They stand in the address alone and are kept nowhere: they may be a secret of the agent's.
    pub fn keys(&self, keys: &str) -> String {
        format!("{}/keys?keys={}{RETRY}", self.base, percent_encode(keys))
    }

    /// Somebody who is neither the caller nor an agent with an offer has answered.
    pub fn party_answer(&self, leg: LegId) -> String {
        format!("{}/party/answer?leg={leg}{RETRY}", self.base)
    }

    pub fn party_exit(&self, leg: LegId, hop: u32) -> String {
        format!("{}/party/exit?leg={leg}&n={hop}{RETRY}", self.base)
    }

    /// Who or what has answered an outbound call.
    pub fn answered_by(&self, leg: LegId) -> String {
        format!("{}/answered-by?leg={leg}{RETRY}", self.base)
    }

    /// Where the caller's own line begins to do a transfer.
    pub fn transfer_start(&self, transfer: TransferId) -> String {
        format!("{}/transfer/start?transfer={transfer}{RETRY}", self.base)
    }

    pub fn transfer_dialed(&self, transfer: TransferId) -> String {
        format!("{}/transfer/dialed?transfer={transfer}{RETRY}", self.base)
    }

    pub fn transfer_status(&self, transfer: TransferId) -> String {
        format!("{}/transfer/status?transfer={transfer}{RETRY}", self.base)
    }

    /// Where the flow goes on after what the caller has said.
    pub fn recorded_step(&self, call: CallId, version: i32, spoken: &Spoken) -> String {
        let heard = Heard::Record.as_str();
        format!("{}/step?call={call}&s={version}&heard={heard}{}{RETRY}", self.base, spoken.query())
    }

    pub fn recording(&self, call: CallId, spoken: &Spoken) -> String {
        format!("{}/recording?call={call}{}{RETRY}", self.base, spoken.query())
    }

    /// Asked when somebody sends a text message to a number.
    pub fn message_in(&self) -> String {
        format!("{}/message/in{RETRY}", self.base)
    }

    pub fn message_status(&self, message: MessageId) -> String {
        format!("{}/message?message={message}{RETRY}", self.base)
    }

    /// The status of a conversation's recording.
    pub fn call_recording(&self, call: CallId, recording: RecordingId) -> String {
        format!("{}/recording?call={call}&recording={recording}{RETRY}", self.base)
    }

    /// What both sides hear before their conversation is recorded.
    pub fn announcement(&self, recording: RecordingId) -> String {
        format!("{}/announcement?recording={recording}{RETRY}", self.base)
    }
}

/// What it is that a caller says to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// A message; without a mailbox for the company's common one.
    Message { mailbox: Option<String>, transcript: Option<TranscriptWish> },
    /// What he thinks, for the survey of this name.
    Comment { survey: String },
}

/// A message is to be written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TranscriptWish {
    /// BCP 47 tag of the words by which it was asked for, where those are known.
    pub language: Option<String>,
}

impl Spoken {
    /// What is said after `prompts`.
    pub fn of(purpose: &RecordPurpose, prompts: &[Prompt]) -> Self {
        match purpose {
            RecordPurpose::Voicemail { mailbox, transcribe } => Self::Message {
                mailbox: mailbox.clone(),
                transcript: transcribe.then(|| TranscriptWish { language: language(prompts) }),
            },
            RecordPurpose::SurveyComment { survey } => Self::Comment { survey: survey.clone() },
        }
    }

    fn query(&self) -> String {
        let part = |name: &str, value: &str| format!("&{name}={}", percent_encode(value));
        match self {
            Self::Message { mailbox, transcript } => {
                let mailbox = mailbox.as_ref().map(|name| part("mailbox", name));
                let wish = transcript.as_ref();
                let wish = wish.map(|wish| part("transcribe", wish.language.as_deref().unwrap_or_default()));
                mailbox.into_iter().chain(wish).collect()
            }
            Self::Comment { survey } => part("survey", survey),
        }
    }

    /// As it stands in an address.
    pub fn read(query: &Params) -> Self {
        match query.get("survey") {
            Some(survey) => Self::Comment { survey: survey.to_owned() },
            None => Self::Message {
                mailbox: query.get("mailbox").map(str::to_owned),
                transcript: query.get("transcribe").map(|language| TranscriptWish {
                    language: Some(language.to_owned()).filter(|language| !language.is_empty()),
                }),
            },
        }
    }
}

/// The language that was spoken last.
fn language(prompts: &[Prompt]) -> Option<String> {
    prompts.iter().rev().find_map(|prompt| match prompt {
        Prompt::Say { language, .. } | Prompt::Library { language, .. } => Some(language.clone()),
        Prompt::Play { .. } => None,
    })
}

/// Which verb brought the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Gather,
    /// Keys that nobody may keep.
    Secret,
    Silence,
    Record,
    Dial,
}

impl Heard {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gather => "gather",
            Self::Secret => "secret",
            Self::Silence => "silence",
            Self::Record => "record",
            Self::Dial => "dial",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Gather, Self::Secret, Self::Silence, Self::Record, Self::Dial]
            .into_iter()
            .find(|heard| heard.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_as_it_was_written() {
        let message = |mailbox: Option<&str>, transcript| Spoken::Message {
            mailbox: mailbox.map(str::to_owned),
            transcript,
        };
        let wish = |language: Option<&str>| Some(TranscriptWish { language: language.map(str::to_owned) });
        for said in [
            message(None, None),
            message(Some("night & day"), None),
            message(None, wish(None)),
            message(Some("sales"), wish(Some("de-DE"))),
            Spoken::Comment { survey: "how was it?".to_owned() },
        ] {
            let query = said.query();
            assert_eq!(Spoken::read(&Params::from_query(query.trim_start_matches('&'))), said, "{query}");
        }
    }

    #[test]
    fn a_message_is_in_the_language_that_was_spoken_last() {
        let say = |language: &str| Prompt::Say { text: "x".into(), language: language.into(), voice: None };
        let play = Prompt::Play { url: "https://example.com/a.wav".into() };
        let purpose = RecordPurpose::Voicemail { mailbox: None, transcribe: true };
        let asked = |prompts: &[Prompt]| match Spoken::of(&purpose, prompts) {
            Spoken::Message { transcript: Some(wish), .. } => wish.language,
            other => panic!("{other:?}"),
        };
        assert_eq!(asked(&[say("de-DE"), say("fr-FR"), play.clone()]).as_deref(), Some("fr-FR"));
        assert_eq!(asked(&[play]), None);
    }
}
