//! Jobs: what there is to do.

use crate::macros::closed_enum;

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
        /// End a story whose day is over.
        ExpireStory,
        /// Decide who of a chat's people are told of a message.
        NotifyChat,
        /// Decide who of a user's phones are told something.
        NotifyUser,
        /// Tell one phone.
        SendPush,
        /// Ask what became of what phones were told.
        ReadPushReceipts,
    }
);

closed_enum!(
    /// A job that is done is no more.
    JobState { Queued, Running, Failed }
);
