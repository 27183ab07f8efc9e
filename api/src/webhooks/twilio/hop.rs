//! What a request is about, from its path and query, and the key under which it is unique.

use entity::id::{CallId, LegId, MessageId, OfferId, QueueEntryId, RecordingId, TransferId};
use twilio::webhook::Params;

use crate::calls::urls::{Heard, Spoken};

/// One kind of request. A hop wants TwiML; a callback only tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hop {
    Voice,
    Fallback,
    Step {
        call: CallId,
        version: i32,
        heard: Heard,
        spoken: Spoken,
    },
    Request {
        call: CallId,
        version: i32,
        hop: u32,
    },
    Silence {
        call: CallId,
        version: i32,
        hop: u32,
    },
    Wait {
        entry: QueueEntryId,
        hop: u32,
    },
    WaitStep {
        entry: QueueEntryId,
        version: i32,
        hop: u32,
        heard: Heard,
        spoken: Spoken,
    },
    QueueExit {
        call: CallId,
        entry: QueueEntryId,
        version: i32,
    },
    QueueLeave {
        call: CallId,
        entry: QueueEntryId,
        version: i32,
    },
    CallerJoin {
        call: CallId,
    },
    Park {
        call: CallId,
    },
    Resume {
        call: CallId,
    },
    AgentAnswer {
        offer: OfferId,
    },
    AgentPress {
        offer: OfferId,
    },
    AgentWhisper {
        offer: OfferId,
        version: i32,
        heard: Heard,
    },
    AgentExit {
        offer: OfferId,
    },
    Hold {
        call: CallId,
        hop: u32,
    },
    Keys {
        keys: String,
    },
    PartyAnswer {
        leg: LegId,
    },
    PartyExit {
        leg: LegId,
        hop: u32,
    },
    TransferStart {
        transfer: TransferId,
    },
    TransferDialed {
        transfer: TransferId,
    },
    TransferStatus {
        transfer: TransferId,
    },
    CallStatus,
    LegStatus {
        leg: LegId,
    },
    AnsweredBy {
        leg: LegId,
    },
    Conference {
        offer: OfferId,
    },
    /// Of a message, or of a conversation: then it was a row before.
    Recording {
        call: CallId,
        recording: Option<RecordingId>,
        spoken: Spoken,
    },
    Message {
        message: MessageId,
    },
    /// Somebody has sent a text message to a number.
    MessageIn,
    Announcement {
        recording: RecordingId,
    },
}

impl Hop {
    /// `None` for an address that we never gave out.
    pub fn parse(path: &str, query: &str) -> Option<Self> {
        let query = Params::from_query(query);
        Some(match path {
            "" => Self::Voice,
            "fallback" => Self::Fallback,
            "step" => Self::Step {
                call: get(&query, "call")?,
                version: get(&query, "s")?,
                heard: Heard::parse(query.get("heard")?)?,
                spoken: Spoken::read(&query),
            },
            "request" => Self::Request {
                call: get(&query, "call")?,
                version: get(&query, "s")?,
                hop: get(&query, "n")?,
            },
            "silence" => Self::Silence {
                call: get(&query, "call")?,
                version: get(&query, "s")?,
                hop: get(&query, "n")?,
            },
            "wait" => Self::Wait { entry: get(&query, "entry")?, hop: get(&query, "n")? },
            "wait/step" => Self::WaitStep {
                entry: get(&query, "entry")?,
                version: get(&query, "s")?,
                hop: get(&query, "n")?,
                heard: Heard::parse(query.get("heard")?)?,
                spoken: Spoken::read(&query),
            },
            "queue-exit" => Self::QueueExit {
                call: get(&query, "call")?,
                entry: get(&query, "entry")?,
                version: get(&query, "s")?,
            },
            "queue-leave" => Self::QueueLeave {
                call: get(&query, "call")?,
                entry: get(&query, "entry")?,
                version: get(&query, "s")?,
            },
            "caller-join" => Self::CallerJoin { call: get(&query, "call")? },
            "park" => Self::Park { call: get(&query, "call")? },
            "resume" => Self::Resume { call: get(&query, "call")? },
            "agent/answer" => Self::AgentAnswer { offer: get(&query, "offer")? },
            "agent/press" => Self::AgentPress { offer: get(&query, "offer")? },
            "agent/whisper" => Self::AgentWhisper {
                offer: get(&query, "offer")?,
                version: get(&query, "s")?,
                heard: Heard::parse(query.get("heard")?)?,
            },
            "agent/exit" => Self::AgentExit { offer: get(&query, "offer")? },
            "hold" => Self::Hold { call: get(&query, "call")?, hop: get(&query, "n")? },
            "keys" => Self::Keys { keys: query.get("keys")?.to_owned() },
            "party/answer" => Self::PartyAnswer { leg: get(&query, "leg")? },
            "party/exit" => Self::PartyExit { leg: get(&query, "leg")?, hop: get(&query, "n")? },
            "transfer/start" => Self::TransferStart { transfer: get(&query, "transfer")? },
            "transfer/dialed" => Self::TransferDialed { transfer: get(&query, "transfer")? },
            "transfer/status" => Self::TransferStatus { transfer: get(&query, "transfer")? },
            "call-status" => Self::CallStatus,
            "leg-status" => Self::LegStatus { leg: get(&query, "leg")? },
            "answered-by" => Self::AnsweredBy { leg: get(&query, "leg")? },
            "conference" => Self::Conference { offer: get(&query, "offer")? },
            "recording" => Self::Recording {
                call: get(&query, "call")?,
                recording: match query.get("recording") {
                    Some(id) => Some(id.parse().ok()?),
                    None => None,
                },
                spoken: Spoken::read(&query),
            },
            "message" => Self::Message { message: get(&query, "message")? },
            "message/in" => Self::MessageIn,
            "announcement" => Self::Announcement { recording: get(&query, "recording")? },
            _ => return None,
        })
    }

    /// For the figures: one word a kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Fallback => "fallback",
            Self::Step { .. } => "step",
            Self::Request { .. } => "request",
            Self::Silence { .. } => "silence",
            Self::Wait { .. } => "wait",
            Self::WaitStep { .. } => "wait_step",
            Self::QueueExit { .. } => "queue_exit",
            Self::QueueLeave { .. } => "queue_leave",
            Self::CallerJoin { .. } => "caller_join",
            Self::Park { .. } => "park",
            Self::Resume { .. } => "resume",
            Self::AgentAnswer { .. } => "agent_answer",
            Self::AgentPress { .. } => "agent_press",
            Self::AgentWhisper { .. } => "agent_whisper",
            Self::AgentExit { .. } => "agent_exit",
            Self::Hold { .. } => "hold",
            Self::Keys { .. } => "keys",
            Self::PartyAnswer { .. } => "party_answer",
            Self::PartyExit { .. } => "party_exit",
            Self::TransferStart { .. } => "transfer_start",
            Self::TransferDialed { .. } => "transfer_dialed",
            Self::TransferStatus { .. } => "transfer_status",
            Self::CallStatus => "call_status",
            Self::LegStatus { .. } => "leg_status",
            Self::AnsweredBy { .. } => "answered_by",
            Self::Conference { .. } => "conference",
            Self::Recording { .. } => "recording",
            Self::Message { .. } => "message",
            Self::MessageIn => "message_in",
            Self::Announcement { .. } => "announcement",
        }
    }

    /// The call that the address names, where it does.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::Step { call, .. }
            | Self::Request { call, .. }
            | Self::Silence { call, .. }
            | Self::QueueExit { call, .. }
            | Self::QueueLeave { call, .. }
            | Self::CallerJoin { call }
            | Self::Park { call }
            | Self::Resume { call }
            | Self::Hold { call, .. }
            | Self::Recording { call, .. } => Some(*call),
            Self::Voice
            | Self::Fallback
            | Self::Wait { .. }
            | Self::WaitStep { .. }
            | Self::AgentAnswer { .. }
            | Self::AgentPress { .. }
            | Self::AgentWhisper { .. }
            | Self::AgentExit { .. }
            | Self::Keys { .. }
            | Self::PartyAnswer { .. }
            | Self::PartyExit { .. }
            | Self::TransferStart { .. }
            | Self::TransferDialed { .. }
            | Self::TransferStatus { .. }
            | Self::CallStatus
            | Self::LegStatus { .. }
            | Self::AnsweredBy { .. }
            | Self::Conference { .. }
            | Self::Message { .. }
            | Self::MessageIn
            | Self::Announcement { .. } => None,
        }
    }

    /// Whether the line waits for our TwiML, or we are only told.
    pub fn wants(&self) -> Wants {
        match self {
            Self::Voice
            | Self::Fallback
            | Self::Step { .. }
            | Self::Request { .. }
            | Self::Silence { .. }
            | Self::Wait { .. }
            | Self::WaitStep { .. }
            | Self::QueueExit { .. }
            | Self::QueueLeave { .. }
            | Self::CallerJoin { .. }
            | Self::Park { .. }
            | Self::Resume { .. }
            | Self::AgentAnswer { .. }
            | Self::AgentPress { .. }
            | Self::AgentWhisper { .. }
            | Self::AgentExit { .. }
            | Self::Hold { .. }
            | Self::Keys { .. }
            | Self::PartyAnswer { .. }
            | Self::PartyExit { .. }
            | Self::TransferStart { .. }
            | Self::TransferDialed { .. }
            | Self::Announcement { .. } => Wants::Twiml,
            Self::CallStatus
            | Self::TransferStatus { .. }
            | Self::LegStatus { .. }
            | Self::AnsweredBy { .. }
            | Self::Conference { .. }
            | Self::Recording { .. }
            | Self::Message { .. }
            | Self::MessageIn => Wants::Nothing,
        }
    }

    /// The same request has the same key, another one another. Of a hop its address: it holds the session's version.
    /// Of a callback its sequence number, of which each source counts its own.
    pub fn key(&self, path_and_query: &str, params: &Params) -> String {
        let get = |name| params.get(name).unwrap_or_default();
        let call = get("CallSid");
        match self {
            Self::Conference { .. } => {
                format!(
                    "{}:conference:{}:{}",
                    get("ConferenceSid"),
                    get("SequenceNumber"),
                    get("StatusCallbackEvent")
                )
            }
            Self::CallStatus | Self::LegStatus { .. } | Self::TransferStatus { .. } => {
                format!("{call}:progress:{}:{}", get("SequenceNumber"), get("CallStatus"))
            }
            Self::AnsweredBy { .. } => format!("{call}:answered-by:{}", get("AnsweredBy")),
            Self::Recording { .. } => format!("{}:recording:{}", get("RecordingSid"), get("RecordingStatus")),
            Self::Message { .. } => format!("{}:message:{}", get("MessageSid"), get("MessageStatus")),
            Self::MessageIn => format!("{}:message-in", get("MessageSid")),
            Self::QueueExit { .. } => format!("{call}:{path_and_query}:{}", get("QueueResult")),
            Self::Voice
            | Self::Fallback
            | Self::Step { .. }
            | Self::Request { .. }
            | Self::Silence { .. }
            | Self::Wait { .. }
            | Self::WaitStep { .. }
            | Self::QueueLeave { .. }
            | Self::CallerJoin { .. }
            | Self::Park { .. }
            | Self::Resume { .. }
            | Self::AgentAnswer { .. }
            | Self::AgentPress { .. }
            | Self::AgentWhisper { .. }
            | Self::AgentExit { .. }
            | Self::Hold { .. }
            | Self::Keys { .. }
            | Self::PartyAnswer { .. }
            | Self::PartyExit { .. }
            | Self::TransferStart { .. }
            | Self::TransferDialed { .. }
            | Self::Announcement { .. } => format!("{call}:{path_and_query}"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    Twiml,
    Nothing,
}

fn get<T: std::str::FromStr>(query: &Params, name: &str) -> Option<T> {
    query.get(name)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_we_gave_out_is_understood_and_no_other() {
        let call = uuid::Uuid::from_u128(5);
        let hop = Hop::parse("step", &format!("call={call}&s=17&heard=gather")).unwrap();
        assert_eq!(
            hop,
            Hop::Step {
                call: call.into(),
                version: 17,
                heard: Heard::Gather,
                spoken: Spoken::Message { mailbox: None, transcript: None }
            }
        );
        assert_eq!(Hop::parse("step", "call=nonsense&s=17&heard=gather"), None);
        assert_eq!(Hop::parse("elsewhere", ""), None);
    }

    #[test]
    fn two_progress_callbacks_of_one_call_have_two_keys() {
        let hop = Hop::CallStatus;
        let params =
            |number: &str| Params::from_query(&format!("CallSid=CA1&SequenceNumber={number}&CallStatus=x"));
        assert_ne!(hop.key("/x", &params("1")), hop.key("/x", &params("2")));
        assert_eq!(hop.key("/x", &params("1")), hop.key("/y", &params("1")));
    }
}
