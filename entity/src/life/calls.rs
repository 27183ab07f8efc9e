//! Calls and their legs.

use crate::macros::closed_enum;

closed_enum!(
    /// Who has called whom: a customer us, we him, or colleagues each other.
    CallKind { Inbound, Outbound, Peer }
);

closed_enum!(
    /// A projection of the call's rows: where the caller is now.
    CallStatus { Received, Dialing, InIvr, Queued, Offered, Connected, OnHold, WrapUp, Completed, Failed }
);

closed_enum!(
    /// How a call ended, or what it has led to so far.
    CallOutcome {
    Answered,
    Abandoned,
    Voicemail,
    Callback,
    Overflow,
    NoAnswer,
    Busy,
    FlowExit,
    Error
});
closed_enum!(EndedBy {
    /// The other party: who has called, or in an outbound call who was called.
    Caller,
    Agent,
    /// Somebody outside to whom an agent had passed the caller on.
    ThirdParty,
    Flow,
    System,
});

impl CallStatus {
    /// The call is over: for the caller and for every agent.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

closed_enum!(LegKind {
    /// The other party: who calls, or in an outbound call who is called.
    Caller,
    Agent,
    /// Somebody at a number outside, whom an agent brings in.
    Transfer,
    /// A supervisor listens, whispers or speaks. He never counts as company for the caller.
    Supervisor,
});
closed_enum!(
    /// The provider's state of a leg, forward only; a terminal one sticks.
    LegState { Planned, Dialled, Queued, Initiated, Ringing, InProgress, Completed, Busy, NoAnswer, Canceled, Failed }
);

impl LegState {
    pub fn is_over(self) -> bool {
        match self {
            Self::Planned
            | Self::Dialled
            | Self::Queued
            | Self::Initiated
            | Self::Ringing
            | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Canceled | Self::Failed => true,
        }
    }

    /// Where the leg stands after the provider said `to`: `None` when that is old news or comes after the end.
    pub fn advance(self, to: Self) -> Option<Self> {
        (!self.is_over() && to.rank() > self.rank()).then_some(to)
    }

    fn rank(self) -> u8 {
        match self {
            Self::Planned => 0,
            Self::Dialled => 1,
            Self::Queued => 2,
            Self::Initiated => 3,
            Self::Ringing => 4,
            Self::InProgress => 5,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Canceled | Self::Failed => 6,
        }
    }
}

closed_enum!(
    /// One agent's time with a call.
    SegmentState {
        /// The agent has it; his leg is on its way.
        Reserved,
        /// The agent is in the conference, the caller is being brought.
        Joined,
        Connected,
        WrapUp,
        Done,
        /// It never came to a conversation.
        Failed,
    }
);

impl SegmentState {
    pub fn advance(self, to: Self) -> Option<Self> {
        let allowed = match self {
            Self::Reserved => matches!(to, Self::Joined | Self::Failed),
            Self::Joined => matches!(to, Self::Connected | Self::Failed),
            Self::Connected => matches!(to, Self::WrapUp | Self::Done),
            Self::WrapUp => matches!(to, Self::Done),
            Self::Done | Self::Failed => false,
        };
        allowed.then_some(to)
    }

    pub fn is_live(self) -> bool {
        matches!(self, Self::Reserved | Self::Joined | Self::Connected)
    }
}

closed_enum!(
    /// Which place a segment has in its call: at most one of each is live.
    SegmentPart {
        /// This agent has the call.
        Main,
        /// This agent is asked by the one who has it, or is with both of them.
        Consult,
    }
);

closed_enum!(
    /// Whether the agent stays until somebody else is there.
    TransferMode { Blind, Warm }
);

closed_enum!(
    /// To whom a call is passed on.
    TransferTarget { Agent, Queue, Number, Flow }
);

closed_enum!(
    /// How far a transfer has come.
    TransferState {
        /// Who is to get the call is being reached.
        Pending,
        /// He is there, and so is who transfers.
        Joined,
        Completed,
        /// The caller went back to who transferred, or to the queue.
        Failed,
        Cancelled,
    }
);

impl TransferState {
    /// A transfer moves forward only, and ends once.
    pub fn advance(self, to: Self) -> Option<Self> {
        let allowed = match self {
            Self::Pending => to != Self::Pending,
            Self::Joined => matches!(to, Self::Completed | Self::Failed | Self::Cancelled),
            Self::Completed | Self::Failed | Self::Cancelled => false,
        };
        allowed.then_some(to)
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Joined)
    }
}

closed_enum!(
    /// What a supervisor does in a conversation.
    SuperviseMode {
        /// Hears both; nobody hears him.
        Listen,
        /// The agent alone hears him.
        Whisper,
        /// Everybody hears him.
        Barge,
    }
);

closed_enum!(
    /// What the provider listens for when somebody is called.
    MachineDetection {
        /// Whether a machine has answered, as soon as that is known.
        Enable,
        /// The same, and of a machine only at the end of its greeting: when a message can be left.
        DetectMessageEnd,
    }
);

closed_enum!(
    /// Who or what has answered, as the provider hears it.
    AnsweredBy { Human, MachineStart, MachineEndBeep, MachineEndSilence, MachineEndOther, Fax, Unknown }
);
