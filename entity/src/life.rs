//! Closed sets of values, and the life cycles among them: a state moves forward only, and one function says where to.

use crate::macros::closed_enum;

closed_enum!(
    /// What a member may do in its company; the whole of it is in the server's policy.
    Role { Owner, Manager, Agent }
);
closed_enum!(
    /// A role on the platform itself, without a company.
    PlatformRole { Admin }
);
closed_enum!(UserStatus { Active, Banned, Deleted });
closed_enum!(MembershipStatus { Active, Removed });
closed_enum!(
    /// Why a session ended.
    RevokedBecause { LoggedOut, TokenReused, Administrator }
);

closed_enum!(
    /// How an agent is reached.
    Reach {
        /// A browser: routable only while it sends heartbeats.
        Browser,
        /// A softphone registered at the provider as `client:`; trusted until it fails to answer.
        Client,
        /// A telephone number: rung as the offer, the agent presses 1 to take the call.
        Number,
    }
);
closed_enum!(
    /// What the agent wants. The other axis, what the agent does, is the [`Activity`].
    Availability { Offline, Available, Busy, Away, Break, Training }
);
closed_enum!(
    /// What the agent does; derived from slots, only the server's to write.
    Activity { Idle, Offered, OnCall, WrapUp, NotResponding }
);
closed_enum!(Strategy { LongestIdle, RoundRobin, FewestCalls, LeastTalkTime, RingAll });
closed_enum!(
    /// The two readings of "longest idle".
    IdleReading { SinceLastCall, SinceAvailable }
);

closed_enum!(CallKind { Inbound, Outbound, Peer });
closed_enum!(
    /// A projection of the call's rows: where the caller is now.
    CallStatus { Received, Dialing, InIvr, Queued, Offered, Connected, OnHold, WrapUp, Completed, Failed }
);
closed_enum!(CallOutcome {
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
closed_enum!(EndedBy { Caller, Agent, Flow, System });

impl CallStatus {
    /// The call is over: for the caller and for every agent.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

closed_enum!(LegKind { Caller, Agent, Transfer });
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
    /// How a visit of a queue ended; it is open as long as there is none.
    EntryOutcome { Answered, Abandoned, Overflow, Callback, Voicemail, Error }
);
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
    /// What a slot of an agent is held by.
    SlotHolder { Offer, Segment, WrapUp }
);
closed_enum!(
    /// Whose row changed, for the company's routing index.
    RoutingSubject { Entry, Agent, Queue }
);
closed_enum!(
    /// What there is to do.
    JobKind {
        /// Call an agent's phone for an offer.
        DialAgent,
        /// Bring the caller into the conference, or back to his parking place.
        MoveCaller,
        /// End a leg at the provider.
        EndLeg,
        /// An offer's time is up.
        ExpireOffer,
        /// An agent who accepted has not joined the conference.
        JoinDeadline,
        /// Wrap-up's time is up.
        EndWrapUp,
        /// A browser has been silent for long.
        DeviceLost,
        /// Fetch a finished recording and delete it at the provider.
        StoreRecording,
        /// The next rule of a queue for one who waits: an overflow step, or the end of his longest wait.
        QueueStep,
        /// Ask the provider whether a call still lives.
        CheckCall,
        /// Settle a callback whose first processing failed.
        SettleCallback,
        /// Point a number's webhooks here.
        ProvisionNumber,
    }
);
closed_enum!(
    /// A job that is done is no more.
    JobState { Queued, Running, Failed }
);
closed_enum!(RecordingKind { Voicemail, Call });
closed_enum!(RecordingState { Pending, Stored, Failed, Deleted });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_never_goes_back_and_its_end_sticks() {
        assert_eq!(LegState::Ringing.advance(LegState::Initiated), None);
        assert_eq!(LegState::Initiated.advance(LegState::InProgress), Some(LegState::InProgress));
        assert_eq!(LegState::NoAnswer.advance(LegState::InProgress), None);
        assert_eq!(LegState::Completed.advance(LegState::Failed), None);
    }

    #[test]
    fn an_offer_is_settled_once() {
        assert_eq!(OfferState::Open.settle(OfferState::Accepted), Some(OfferState::Accepted));
        assert_eq!(OfferState::NoAnswer.settle(OfferState::Accepted), None);
    }

    #[test]
    fn a_segment_that_failed_does_not_connect() {
        assert_eq!(SegmentState::Failed.advance(SegmentState::Connected), None);
        assert_eq!(SegmentState::Joined.advance(SegmentState::Connected), Some(SegmentState::Connected));
    }
}
