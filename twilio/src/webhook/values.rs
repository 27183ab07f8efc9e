//! The closed sets of words that requests carry. Source: Twilio docs, TwiML voice and status callback pages.

use super::fields::word_fields;

open_names! {
    /// Where a call stands.
    pub enum CallStatus {
        Queued = "queued",
        /// Only in progress callbacks: the call has left the queue and is being set up.
        Initiated = "initiated",
        Ringing = "ringing",
        InProgress = "in-progress",
        Completed = "completed",
        Busy = "busy",
        Failed = "failed",
        NoAnswer = "no-answer",
        Canceled = "canceled",
    }
}

impl CallStatus {
    /// Whether the call is over. An unknown status is not taken for an end.
    pub fn is_terminal(&self) -> bool {
        match self {
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => true,
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress | Self::Other(_) => false,
        }
    }

    /// How far a call has come: a call never goes from a higher rank to a lower one, and all ends rank alike. An
    /// unknown status ranks lowest, so that it never displaces one that is understood.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::Queued => 1,
            Self::Initiated => 2,
            Self::Ringing => 3,
            Self::InProgress => 4,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => 5,
        }
    }

    /// Whether this status, heard now, replaces `known`: only forward, and an end stays. Callbacks are separate
    /// requests and arrive in any order, more than once.
    pub fn is_after(&self, known: &Self) -> bool {
        self.rank() > known.rank()
    }
}

open_names! {
    /// Who began a call.
    pub enum Direction {
        Inbound = "inbound",
        /// Made by a REST request.
        OutboundApi = "outbound-api",
        /// Made by a `<Dial>`.
        OutboundDial = "outbound-dial",
    }
}

open_names! {
    /// How the call that a `<Dial>` made ended.
    pub enum DialStatus {
        Completed = "completed",
        /// A conference was dialled and joined.
        Answered = "answered",
        Busy = "busy",
        NoAnswer = "no-answer",
        Failed = "failed",
        Canceled = "canceled",
    }
}

open_names! {
    /// Why a call left the queue.
    pub enum QueueResult {
        /// It was connected to another call, and that is over.
        Bridged = "bridged",
        BridgingInProcess = "bridging-in-process",
        Error = "error",
        /// The caller hung up.
        Hangup = "hangup",
        /// The wait document said `<Leave>`.
        Leave = "leave",
        /// A REST request took it out of the queue.
        Redirected = "redirected",
        /// A REST request took it out of the bridge.
        RedirectedFromBridged = "redirected-from-bridged",
        /// It never was in the queue, which was full.
        QueueFull = "queue-full",
        SystemError = "system-error",
    }
}

open_names! {
    /// What happened in a conference.
    pub enum ConferenceEventKind {
        ConferenceStart = "conference-start",
        ConferenceEnd = "conference-end",
        ParticipantJoin = "participant-join",
        ParticipantLeave = "participant-leave",
        ParticipantMute = "participant-mute",
        ParticipantUnmute = "participant-unmute",
        ParticipantHold = "participant-hold",
        ParticipantUnhold = "participant-unhold",
        ParticipantModify = "participant-modify",
        ParticipantSpeechStart = "participant-speech-start",
        ParticipantSpeechStop = "participant-speech-stop",
        AnnouncementEnd = "announcement-end",
        AnnouncementFail = "announcement-fail",
    }
}

open_names! {
    /// Why a participant left.
    pub enum ReasonLeft {
        ConferenceEndedViaApi = "conference_ended_via_api",
        /// Someone left whose leaving ends the conference.
        ModeratorEndedConference = "moderator_ended_conference",
        ParticipantUpdatedViaApi = "participant_updated_via_api",
        ParticipantHungUp = "participant_hung_up",
        /// It was dialled and did not answer.
        ParticipantAddFailed = "participant_add_failed",
    }
}

open_names! {
    /// Why a conference ended.
    pub enum ReasonEnded {
        ConferenceEndedViaApi = "conference-ended-via-api",
        LastParticipantKicked = "last-participant-kicked",
        LastParticipantLeft = "last-participant-left",
        EndOnExitParticipantKicked = "participant-with-end-conference-on-exit-kicked",
        EndOnExitParticipantLeft = "participant-with-end-conference-on-exit-left",
    }
}

open_names! {
    /// Where a recording stands. Callbacks carry in-progress, completed and absent only.
    pub enum RecordingState {
        InProgress = "in-progress",
        Paused = "paused",
        Stopped = "stopped",
        Processing = "processing",
        Completed = "completed",
        /// There is nothing to hear, and no file.
        Absent = "absent",
        /// The provider could not make it.
        Failed = "failed",
        Deleted = "deleted",
    }
}

open_names! {
    /// What made a recording.
    pub enum RecordingSource {
        DialVerb = "DialVerb",
        Conference = "Conference",
        OutboundApi = "OutboundAPI",
        Trunking = "Trunking",
        RecordVerb = "RecordVerb",
        StartCallRecordingApi = "StartCallRecordingAPI",
        StartConferenceRecordingApi = "StartConferenceRecordingAPI",
    }
}

open_names! {
    /// Who answered, as far as the detection of machines can tell.
    pub enum AnsweredBy {
        Human = "human",
        Fax = "fax",
        Unknown = "unknown",
        MachineStart = "machine_start",
        MachineEndBeep = "machine_end_beep",
        MachineEndSilence = "machine_end_silence",
        MachineEndOther = "machine_end_other",
    }
}

open_names! {
    /// Where a message stands.
    pub enum DeliveryStatus {
        Queued = "queued",
        Sending = "sending",
        Sent = "sent",
        Failed = "failed",
        Delivered = "delivered",
        Undelivered = "undelivered",
        Receiving = "receiving",
        Received = "received",
        Accepted = "accepted",
        Scheduled = "scheduled",
        Read = "read",
        PartiallyDelivered = "partially_delivered",
        Canceled = "canceled",
    }
}

word_fields!(
    CallStatus,
    Direction,
    DialStatus,
    QueueResult,
    ConferenceEventKind,
    ReasonLeft,
    ReasonEnded,
    RecordingState,
    RecordingSource,
    AnsweredBy,
    DeliveryStatus,
);
