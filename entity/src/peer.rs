//! Closed sets of values of calls among the people of a company, and of their presence.

use crate::macros::closed_enum;

closed_enum!(
    /// What a call among colleagues carries.
    CallType { Voice, Video }
);
closed_enum!(
    /// How far a call among colleagues has come. Forward only; an end sticks.
    PeerStatus {
        /// Nobody's device has been told yet.
        Initiated,
        Ringing,
        /// At least two are in it.
        Active,
        Ended,
        /// It rang in vain, or the caller gave up, or nobody was there.
        Missed,
        Rejected,
        /// Who was called has another call.
        Busy,
        Failed,
    }
);
closed_enum!(
    /// How the voices get from one to the other.
    PeerMedia {
        /// Directly, between browsers or apps that exchange descriptions.
        Webrtc,
        /// Through a channel of Agora's.
        Agora,
    }
);
closed_enum!(
    /// On which side of a call among colleagues somebody is.
    PeerRole { Caller, Callee }
);
closed_enum!(
    /// How one party stands in a call. Forward only, but who has left a group call may join it again.
    PartyState {
        Ringing,
        Joined,
        Left,
        Missed,
        Rejected,
        Busy,
    }
);
closed_enum!(
    /// By which network a device is connected.
    ConnectionType { Wifi, Cellular, Unknown }
);
closed_enum!(
    /// How somebody is there, as his colleagues see it.
    PresenceStatus {
        Online,
        Away,
        /// In a call, or by his own word.
        Busy,
        Offline,
    }
);
closed_enum!(
    /// Which colleagues may see something.
    ShownTo { Everyone, Supervisors, Nobody }
);

impl PeerStatus {
    pub fn is_over(self) -> bool {
        match self {
            Self::Initiated | Self::Ringing | Self::Active => false,
            Self::Ended | Self::Missed | Self::Rejected | Self::Busy | Self::Failed => true,
        }
    }
}

impl PartyState {
    /// He is in the call, or his devices ring: he cannot be in another.
    pub fn is_live(self) -> bool {
        match self {
            Self::Ringing | Self::Joined => true,
            Self::Left | Self::Missed | Self::Rejected | Self::Busy => false,
        }
    }
}
