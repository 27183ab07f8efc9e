//! The kinds of lines in a call's story. Closed and stored: reports are derived from them (the field's timestamps are
//! arrived, queued, offered, accepted, answered, held, resumed, ended, wrap-up started and ended, dequeued).

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident = $name:literal),+ $(,)?) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum EventKind {
            $($(#[$about])* #[serde(rename = $name)] $kind),+
        }

        impl EventKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The stored and sent name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }
        }
    };
}

kinds! {
    Arrived = "call.arrived",
    FlowStarted = "flow.started",
    /// The call passed a node, or waits at it.
    NodePassed = "flow.node",
    FlowProblem = "flow.problem",
    FlowEnded = "flow.ended",
    TransferStarted = "transfer.started",
    TransferEnded = "transfer.ended",
    VoicemailLeft = "voicemail.left",
    RecordingStored = "recording.stored",
    RecordingFailed = "recording.failed",
    Queued = "queue.entered",
    /// A queue did not take the caller; `reason` says why: closed, full, unstaffed, gone, or he came from there.
    QueueRefused = "queue.refused",
    /// An overflow step of the queue was taken; `action` says which.
    QueueStep = "queue.step",
    /// The visit of the queue ended; `outcome` says how.
    Dequeued = "queue.left",
    Offered = "offer.made",
    OfferDeclined = "offer.declined",
    OfferNotAnswered = "offer.no_answer",
    OfferWithdrawn = "offer.withdrawn",
    OfferAccepted = "offer.accepted",
    /// The agent's phone was called.
    AgentDialled = "agent.dialled",
    AgentRinging = "agent.ringing",
    AgentJoined = "agent.joined",
    /// The agent's device failed; the caller keeps his place.
    DeviceFailed = "agent.device_failed",
    Connected = "call.connected",
    Held = "call.held",
    Resumed = "call.resumed",
    AgentLeft = "agent.left",
    CallerLeft = "caller.left",
    WrapUpStarted = "wrap_up.started",
    WrapUpExtended = "wrap_up.extended",
    WrapUpEnded = "wrap_up.ended",
    Ended = "call.ended",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_sent_under_its_own_name() {
        let names: std::collections::HashSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(names.len(), EventKind::ALL.len());
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
