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
closed_enum!(
    /// Whether a user may sign in.
    UserStatus { Active, Banned, Deleted }
);
closed_enum!(
    /// Whether somebody is a member of the company.
    MembershipStatus { Active, Banned, Removed }
);
closed_enum!(
    /// Why a session ended.
    RevokedBecause { LoggedOut, TokenReused, Administrator, PasswordReset }
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
    /// Why an agent's state changed.
    ChangeCause {
        /// By his own hand.
        Agent,
        /// By somebody else's.
        Supervisor,
        /// His browser has been silent for long.
        HeartbeatLost,
        /// He let an offer ring.
        NotResponding,
        /// His call is over, and this was asked for after it.
        NextState,
        LoggedOut,
        /// He is no longer a member of the company.
        MemberRemoved,
        /// He is a member still, and no agent.
        AgentRemoved,
        /// Another system of the company's said so.
        Integration,
    }
);
closed_enum!(
    /// From when on an agent wants something.
    When {
        Now,
        /// Once his call and its wrap-up are over; at once when he has none.
        AfterCall,
    }
);
closed_enum!(
    /// What the agent does; derived from slots, only the server's to write.
    Activity { Idle, Offered, OnCall, WrapUp, NotResponding }
);
closed_enum!(
    /// Which of the free agents is asked first.
    Strategy { LongestIdle, RoundRobin, FewestCalls, LeastTalkTime, RingAll }
);
closed_enum!(
    /// The two readings of "longest idle".
    IdleReading { SinceLastCall, SinceAvailable }
);

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
        /// Let the provider begin, pause, resume or stop a recording as it is wanted.
        ControlRecording,
        /// Fetch a finished recording and delete it at the provider.
        StoreRecording,
        /// The next rule of a queue for one who waits: an overflow step, or the end of his longest wait.
        QueueStep,
        /// Delete a recording's file.
        DeleteRecording,
        /// Have a voicemail written down.
        TranscribeVoicemail,
        /// Look once a day for recordings that have been kept long enough.
        RetainRecordings,
        /// Delete a prompt's file, unless a prompt names it.
        DeletePromptFile,
        /// Ask the provider whether a call still lives.
        CheckCall,
        /// Compare a company's rows with all that lives at the provider.
        Sweep,
        /// Offer nothing more to an agent whose account was banned.
        TakeOffAir,
        /// Skills that were changed for today are what they were.
        EndSkillsToday,
        /// Settle a callback whose first processing failed.
        SettleCallback,
        /// Point a number's webhooks here.
        ProvisionNumber,
        /// Take a number's webhooks back that was removed here.
        ReleaseNumber,
        /// Make the provider's participant what our leg says: on hold, muted, whom he coaches.
        SetParticipant,
        /// Play keys to a party.
        SendDigits,
        /// A caller has been on hold for long.
        HoldReminder,
        /// Send a request that a flow waits for.
        SendRequest,
        /// Call somebody who is neither the caller nor an agent with an offer.
        DialParty,
        /// Somebody outside who was called for a transfer has not come.
        TransferDeadline,
        /// Send a text message.
        SendMessage,
        /// Bring a callback up to date: into the line when it is due, out of it when it is not.
        BringUpCallback,
        /// Say to whom outside what has happened is told.
        TellOutside,
        /// Send an event to an endpoint.
        DeliverWebhook,
        /// Send the notices that wait for a chat.
        SendNotices,
        /// Write an export's file.
        WriteExport,
        /// Delete an export's file.
        DeleteExport,
        /// Take out, or erase, what is held on a person.
        DoPrivacyRequest,
        /// Delete the archive of a person.
        DeletePrivacyArchive,
        /// Mail a report whose period is over.
        MailReport,
        /// Import the contacts of a file.
        ImportContacts,
        /// Join the parts of an upload that is complete, should the node that took the last one not have.
        FinishMedia,
        /// Forget an upload that nobody completed in time.
        ExpireMedia,
        /// Make the small picture of a picture.
        MakeThumbnail,
        /// Delete the files of media.
        DeleteMedia,
        /// A call to a colleague has rung for long enough, or lasts for too long.
        PeerDeadline,
        /// Who has lost his connection in a call with a colleague has not come back in time.
        PeerLost,
        /// Somebody's last socket has gone a while ago.
        PresenceLost,
        /// Decide who of a user's phones are told something.
        NotifyUser,
        /// Tell one phone.
        SendPush,
        /// Ask what became of what phones were told.
        ReadPushReceipts,
    }
);
closed_enum!(
    /// How far a text message has come; forward only, an end sticks.
    TextState {
        Planned,
        /// The provider was asked. As long as it does not say more, nobody knows whether it has sent it.
        Asked,
        /// The provider has it.
        Sent,
        Delivered,
        /// Where the channel tells.
        Read,
        Failed,
        /// It came in.
        Received,
    }
);
closed_enum!(
    /// Whether a text message goes out or came in.
    TextDirection { Inbound, Outbound }
);
closed_enum!(
    /// How we know that somebody wants no text messages.
    OptOutCause {
        /// He has sent a word that says so.
        Keyword,
        /// The provider has refused one for him.
        Provider,
    }
);

impl TextState {
    pub fn is_over(self) -> bool {
        match self {
            Self::Planned | Self::Asked | Self::Sent => false,
            Self::Delivered | Self::Read | Self::Failed | Self::Received => true,
        }
    }

    /// Where the message stands after `to`; `None` when that is old news.
    pub fn advance(self, to: Self) -> Option<Self> {
        let rank = |state: Self| match state {
            Self::Planned => 0,
            Self::Asked => 1,
            Self::Sent => 2,
            Self::Delivered | Self::Read | Self::Failed | Self::Received => 3,
        };
        let was_read = (self, to) == (Self::Delivered, Self::Read);
        (was_read || rank(to) > rank(self)).then_some(to)
    }
}

closed_enum!(
    /// By what a message comes to a telephone.
    MessageChannel { Sms, Whatsapp }
);

closed_enum!(
    /// What a message to a number is about.
    MessagePurpose {
        /// To prove that its reader has the number.
        Code,
        Invitation,
    }
);

closed_enum!(
    /// A job that is done is no more.
    JobState { Queued, Running, Failed }
);
closed_enum!(RecordingKind {
    Voicemail,
    Call,
    /// What a caller says about his call.
    SurveyComment,
});
closed_enum!(
    /// Where a recording stands: at the provider first, then here.
    RecordingState {
        /// The provider is to begin, or has been asked to.
        Planned,
        InProgress,
        Paused,
        /// It has ended; the file is made, and then fetched.
        Processing,
        /// The file is here.
        Stored,
        /// There was nothing to record, or it never began.
        Absent,
        /// The file could not be had.
        Failed,
        /// There was a file, and it has been deleted.
        Deleted,
    }
);

impl RecordingState {
    /// Where a recording stands after `to`; `None` when that is old news.
    pub fn advance(self, to: Self) -> Option<Self> {
        let allowed = match self {
            Self::Planned => {
                matches!(to, Self::InProgress | Self::Paused | Self::Processing | Self::Absent | Self::Failed)
            }
            Self::InProgress => matches!(to, Self::Paused | Self::Processing | Self::Absent | Self::Failed),
            Self::Paused => matches!(to, Self::InProgress | Self::Processing | Self::Absent | Self::Failed),
            Self::Processing => matches!(to, Self::Stored | Self::Absent | Self::Failed),
            // The provider may still have the file of one that failed.
            Self::Stored | Self::Failed => matches!(to, Self::Deleted),
            Self::Absent | Self::Deleted => false,
        };
        allowed.then_some(to)
    }

    /// Something is being recorded, or is about to be.
    pub fn is_live(self) -> bool {
        match self {
            Self::Planned | Self::InProgress | Self::Paused => true,
            Self::Processing | Self::Stored | Self::Absent | Self::Failed | Self::Deleted => false,
        }
    }

    /// The provider is not done with it, or we are not done with the provider.
    pub fn is_open(self) -> bool {
        self.is_live() || self == Self::Processing
    }
}

closed_enum!(
    /// Whether a voicemail has been written down.
    TranscriptState {
        Awaited,
        Written,
        /// Who was asked has not done it.
        Failed,
        /// There is nobody to ask, or nothing to hear.
        Unavailable,
    }
);

impl TranscriptState {
    /// Where a transcript stands after `to`; `None` when that is settled already.
    pub fn settle(self, to: Self) -> Option<Self> {
        match self {
            Self::Awaited => (to != Self::Awaited).then_some(to),
            Self::Written | Self::Failed | Self::Unavailable => None,
        }
    }
}

closed_enum!(
    /// Who wanted a recording.
    RecordingOrigin { Policy, Flow, Person }
);
closed_enum!(
    /// Who wants a recording to be silent. Each counts for itself: what the flow has silenced for a card's digits, an
    /// agent does not make audible.
    PauseHolder { Person, Flow, SecureDigits }
);
closed_enum!(
    /// What is wanted of a recording that runs, whatever the provider does at the moment.
    RecordingWish { Running, Paused, Stopped }
);
closed_enum!(
    /// Whether the calls of a company, or of a queue, are recorded.
    RecordingRule {
        /// From the moment at which caller and agent are connected.
        Always,
        /// When a person or a flow says so.
        OnDemand,
        /// Not even then.
        Never,
    }
);
closed_enum!(
    /// What a country's law asks for.
    CountryRule {
        /// Both sides are told before.
        Announce,
        /// Nothing is recorded.
        Off,
    }
);
closed_enum!(
    /// Why a recording's file was deleted.
    DeletedBecause {
        Request,
        Retention,
        /// The person was erased.
        Privacy,
    }
);
closed_enum!(
    /// To which interval of a report the figures of a call belong.
    Attribution {
        /// All of them to the one in which it ended.
        ContactDriven,
        /// Each to where it happened, times clipped.
        ActivityDriven,
    }
);
closed_enum!(
    /// By which formula a company counts its service level.
    ServiceLevelVariant {
        Ignore,
        Negative,
        Positive,
        Genesys,
        Aws,
        Asterisk,
        AsteriskSecond,
        Classic,
        ExcludingShortAbandons,
    }
);

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
    fn a_recording_never_goes_back_to_the_provider() {
        use RecordingState::{Absent, Deleted, Failed, InProgress, Paused, Planned, Processing, Stored};
        assert_eq!(InProgress.advance(Paused), Some(Paused));
        assert_eq!(Paused.advance(InProgress), Some(InProgress));
        for late in [Planned, InProgress, Paused, Processing] {
            for settled in [Stored, Absent, Failed, Deleted] {
                assert_eq!(settled.advance(late), None, "{settled:?} to {late:?}");
            }
        }
        assert_eq!(Stored.advance(Absent), None, "a file that is here is not explained away");
        assert_eq!(Processing.advance(Deleted), None, "what was not fetched yet is not deleted here");
    }

    #[test]
    fn a_transcript_is_settled_once() {
        use TranscriptState::{Awaited, Failed, Unavailable, Written};
        assert_eq!(Awaited.settle(Written), Some(Written));
        assert_eq!(Awaited.settle(Awaited), None);
        for settled in [Written, Failed, Unavailable] {
            assert_eq!(settled.settle(Written), None, "{settled:?}");
        }
    }

    #[test]
    fn a_callback_is_settled_once() {
        assert_eq!(CallbackState::Open.settle(CallbackState::CalledIn), Some(CallbackState::CalledIn));
        assert_eq!(CallbackState::Open.settle(CallbackState::Open), None);
        assert_eq!(CallbackState::Cancelled.settle(CallbackState::Answered), None);
    }

    #[test]
    fn only_who_was_sent_away_by_a_rule_left_the_queue_for_a_callback() {
        assert_eq!(EntryOutcome::Overflow.called_back(), Some(EntryOutcome::Callback));
        assert_eq!(EntryOutcome::Answered.called_back(), None);
        assert_eq!(EntryOutcome::Abandoned.called_back(), None);
    }

    #[test]
    fn a_transfer_ends_once() {
        assert_eq!(TransferState::Pending.advance(TransferState::Joined), Some(TransferState::Joined));
        assert_eq!(TransferState::Joined.advance(TransferState::Pending), None);
        assert_eq!(TransferState::Failed.advance(TransferState::Completed), None);
    }

    #[test]
    fn a_message_that_was_delivered_does_not_fail_afterwards() {
        assert_eq!(TextState::Asked.advance(TextState::Delivered), Some(TextState::Delivered));
        assert_eq!(TextState::Delivered.advance(TextState::Sent), None);
        assert_eq!(TextState::Delivered.advance(TextState::Failed), None);
        assert_eq!(TextState::Delivered.advance(TextState::Read), Some(TextState::Read));
        assert_eq!(TextState::Sent.advance(TextState::Read), Some(TextState::Read), "news may be lost");
        assert_eq!(TextState::Read.advance(TextState::Delivered), None);
        assert_eq!(TextState::Failed.advance(TextState::Read), None);
        assert_eq!(TextState::Received.advance(TextState::Read), None);
    }

    #[test]
    fn a_segment_that_failed_does_not_connect() {
        assert_eq!(SegmentState::Failed.advance(SegmentState::Connected), None);
        assert_eq!(SegmentState::Joined.advance(SegmentState::Connected), Some(SegmentState::Connected));
    }
}
