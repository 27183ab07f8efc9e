//! Visits of queues, offers and callbacks.

use crate::macros::closed_enum;

closed_enum!(
    /// How a visit of a queue ended; it is open as long as there is none.
    EntryOutcome {
        Answered,
        Abandoned,
        Overflow,
        Callback,
        Voicemail,
        Error,
        /// A supervisor moved the caller: he waits on in another queue, at his age.
        Moved,
        /// It was taken back: an agent no longer asks for a colleague and the caller was with him all the time, or somebody
        /// is not to be called back, or not now.
        Withdrawn,
        /// Nobody waited: an agent of the queue called out, and this stands for its side of it.
        Outbound,
        /// Who is to be called back was called, and could not be reached.
        Unreached,
    }
);

impl EntryOutcome {
    /// A rule has sent the caller away, and then he has asked to be called back: that is how his visit ended. Every other
    /// end stays what it is.
    pub fn called_back(self) -> Option<Self> {
        (self == Self::Overflow).then_some(Self::Callback)
    }
}

closed_enum!(
    /// For whom a visit of a queue is made.
    EntryPurpose {
        /// The caller waits.
        Caller,
        /// An agent asks for a colleague, and the caller stays with him meanwhile.
        Consult,
        /// Somebody is to be called back: he is called when an agent has him.
        Callback,
    }
);

closed_enum!(
    /// Whether somebody is to be called back, or why he is not any more.
    CallbackState {
        Open,
        /// He was reached.
        Answered,
        /// He was not reached as often as it is tried, or he may not be called any more.
        Failed,
        /// It was taken back.
        Cancelled,
        /// He has called himself, and an agent has talked with him.
        CalledIn,
        /// Somebody has settled it otherwise.
        Done,
    }
);

impl CallbackState {
    /// It is settled once.
    pub fn settle(self, to: Self) -> Option<Self> {
        (self == Self::Open && to != Self::Open).then_some(to)
    }
}

closed_enum!(
    /// Open, or how the offer was settled. Declined, missed and the device's failure are different things.
    OfferState { Open, Accepted, Declined, NoAnswer, TakenByOther, CallerLeft, Withdrawn, DeviceError }
);

impl OfferState {
    /// An open offer is settled once.
    pub fn settle(self, to: Self) -> Option<Self> {
        (self == Self::Open && to != Self::Open).then_some(to)
    }

    /// Whether the agent was asked, and the call was not for him.
    pub fn is_refusal(self) -> bool {
        match self {
            Self::Declined | Self::NoAnswer | Self::DeviceError => true,
            Self::Open | Self::Accepted | Self::TakenByOther | Self::CallerLeft | Self::Withdrawn => false,
        }
    }
}

closed_enum!(
    /// What a slot of an agent is held by.
    SlotHolder {
        Offer,
        Segment,
        WrapUp,
        /// A call with a colleague, from when it rings; the slot's offer is the participant's id.
        PeerCall,
    }
);

closed_enum!(
    /// Whose row changed, for the company's routing index.
    RoutingSubject { Entry, Agent, Queue }
);
