//! Recordings and what is written of them.

use crate::macros::closed_enum;

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
