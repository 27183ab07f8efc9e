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
    /// An agent calls out.
    Requested = "call.requested",
    /// A call that was handled elsewhere was written down.
    Noted = "call.noted",
    FlowStarted = "flow.started",
    /// The call passed a node, or waits at it.
    NodePassed = "flow.node",
    FlowProblem = "flow.problem",
    FlowEnded = "flow.ended",
    /// A flow has made or changed a contact.
    ContactSaved = "contact.saved",
    /// Somebody else's server was asked for a flow, once.
    RequestAttempted = "request.attempted",
    /// No answer has come as long as the flow waits for one.
    RequestGivenUp = "request.given_up",
    TransferStarted = "transfer.started",
    /// Who is asked is in the room with the agent.
    TransferJoined = "transfer.joined",
    /// A transfer has failed: the agent who had passed the call on is asked to take it back.
    RungBack = "transfer.rung_back",
    ThirdPartyLeft = "transfer.party_left",
    TransferEnded = "transfer.ended",
    VoicemailLeft = "voicemail.left",
    /// It has been written down; what it says stands with the recording alone.
    VoicemailTranscribed = "voicemail.transcribed",
    /// It was to be written down, and will not be; `reason` says why.
    VoicemailNotTranscribed = "voicemail.not_transcribed",
    /// A recording is to begin; `origin` says who wanted it, `why` what let it be.
    RecordingWanted = "recording.wanted",
    /// The law of the caller's country allows none.
    RecordingForbidden = "recording.forbidden",
    /// Both sides are being told.
    RecordingAnnounced = "recording.announced",
    RecordingStarted = "recording.started",
    RecordingPaused = "recording.paused",
    RecordingResumed = "recording.resumed",
    /// It has ended; the file is being made.
    RecordingStopped = "recording.stopped",
    SurveyAnswered = "survey.answered",
    SurveyCommented = "survey.commented",
    MessagePlanned = "message.planned",
    /// The provider has the message.
    MessageSent = "message.sent",
    MessageDelivered = "message.delivered",
    MessageFailed = "message.failed",
    RecordingStored = "recording.stored",
    /// There was nothing to record.
    RecordingAbsent = "recording.absent",
    RecordingFailed = "recording.failed",
    RecordingDeleted = "recording.deleted",
    Queued = "queue.entered",
    /// A queue did not take the caller; `reason` says why: closed, full, unstaffed, gone, or he came from there.
    QueueRefused = "queue.refused",
    /// An overflow step of the queue was taken; `action` says which.
    QueueStep = "queue.step",
    /// The caller is to be called back; `joined` says whether he was to be already.
    CallbackBooked = "callback.booked",
    /// Nobody is called back; `reason` says why: closed, too_far, agent_is_there, or what is against the number.
    CallbackRefused = "callback.refused",
    /// Somebody who was to be called back has called himself, and has the place that he kept.
    CallbackTakenUp = "callback.taken_up",
    /// Somebody is to be called back now: this call is made when an agent has it.
    CallbackDue = "callback.due",
    /// The visit of the queue ended; `outcome` says how.
    Dequeued = "queue.left",
    /// Who waits is kept for another agent at first, or for nobody; `preferred` says for whom.
    Kept = "queue.kept",
    /// A supervisor gave the call another priority.
    PriorityChanged = "queue.priority",
    /// An agent takes the waiting call out of order.
    Picked = "queue.picked",
    /// A supervisor gives the waiting call to an agent.
    Assigned = "queue.assigned",
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
    /// Who is to be called was called; next what is heard of him.
    CustomerDialled = "customer.dialled",
    CustomerRinging = "customer.ringing",
    CustomerAnswered = "customer.answered",
    /// A person or a machine, as the provider hears it.
    CustomerAnsweredBy = "customer.answered_by",
    /// Nobody was reached, and why.
    CustomerNotReached = "customer.not_reached",
    /// A device of a colleague who is called rings.
    PeerRinging = "peer.ringing",
    /// Colleagues are called into a call that goes on; `by` says by whom, `users` who.
    PeerInvited = "peer.invited",
    Connected = "call.connected",
    Held = "call.held",
    Resumed = "call.resumed",
    /// A hold has lasted as long as the queue allows: the caller comes back by himself.
    HoldLimitReached = "call.hold_limit",
    Muted = "agent.muted",
    Unmuted = "agent.unmuted",
    /// Keys were played to a party; how many, and not which.
    KeysSent = "call.keys_sent",
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
