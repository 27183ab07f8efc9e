//! Conferences and who is in them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::form::form;
use super::{Client, Error, lenient};
use crate::twiml::{
    Beep, CallEvent, ConferenceRecord, ConferenceSubscription, JitterBuffer, MachineDetection, Method,
    OnEnter, OnExit, RecordingEvent, Trim,
};
use crate::webhook::{Params, ReasonEnded};

open_names! {
    /// Where a conference stands.
    pub enum ConferenceStatus {
        /// Not started: it waits for a second participant, or for one that starts it. It cannot be ended.
        Init = "init",
        InProgress = "in-progress",
        Completed = "completed",
    }
}

open_names! {
    /// Where a participant stands.
    pub enum ParticipantStatus {
        Queued = "queued",
        Connecting = "connecting",
        Ringing = "ringing",
        Connected = "connected",
        Complete = "complete",
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conference {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    /// The name in `<Conference>`.
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub friendly_name: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: ConferenceStatus,
    #[serde(default, deserialize_with = "lenient::text")]
    pub region: Option<String>,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
    #[serde(default, with = "lenient::moment")]
    pub date_updated: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "lenient::some_word")]
    pub reason_conference_ended: Option<ReasonEnded>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub call_sid_ending_conference: Option<String>,
}

/// Somebody in a conference. He is forgotten when his call ends or gets another document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Participant {
    pub call_sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub conference_sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub account_sid: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub label: Option<String>,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: ParticipantStatus,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub muted: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub hold: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub coaching: Option<bool>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub call_sid_to_coach: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub start_conference_on_enter: Option<bool>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub end_conference_on_exit: Option<bool>,
    #[serde(default, with = "lenient::moment")]
    pub date_created: Option<DateTime<Utc>>,
}

/// Which conferences to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConferenceFilter(Params);

impl ConferenceFilter {
    /// All conferences of the account.
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn status(mut self, status: &ConferenceStatus) -> Self {
        self.0.set("Status", status.as_str());
        self
    }
}

form!(ConferenceFilter {
    text friendly_name = "FriendlyName";
});

/// What to do with a conference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpdateConference {
    /// End it. One that has not started cannot be ended so: end its calls.
    Complete,
    /// Let all hear the [`crate::twiml::HoldResponse`] at this URL.
    Announce { url: String },
}

impl UpdateConference {
    /// The request as it is sent.
    pub fn params(&self) -> Params {
        match self {
            Self::Complete => Params::new().with("Status", "completed"),
            Self::Announce { url } => {
                Params::new().with("AnnounceUrl", url).with("AnnounceMethod", Method::Post.as_str())
            }
        }
    }
}

/// Somebody to be called into a conference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateParticipant(Params);

impl CreateParticipant {
    /// `to` and `from` are E.164 or `client:<identity>`; `to` may be a SIP URI.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self(Params::new().with("From", from).with("To", to))
    }

    /// Is heard by this call alone.
    #[must_use]
    pub fn coach(mut self, call_sid: impl Into<String>) -> Self {
        self.0.set("Coaching", "true");
        self.0.set("CallSidToCoach", call_sid);
        self
    }
}

form!(CreateParticipant {
    /// By this name requests find the participant; unique in the room, at most 128 characters.
    text label = "Label";
    /// Seconds of ringing, 60 if none are given, at most 600.
    number timeout = "Timeout";
    /// Seconds that the call may last.
    number time_limit = "TimeLimit";
    /// He hears and is not heard.
    on muted = "Muted";
    one beep: Beep = "Beep";
    one on_enter: OnEnter = "StartConferenceOnEnter";
    one on_exit: OnExit = "EndConferenceOnExit";
    /// Keeps the ringing from the others.
    off no_early_media = "EarlyMedia";
    /// Empty for silence.
    text wait_url = "WaitUrl";
    one wait_method: Method = "WaitMethod";
    number max_participants = "MaxParticipants";
    text status_callback = "StatusCallback";
    many status_callback_event: CallEvent = "StatusCallbackEvent";
    one status_callback_method: Method = "StatusCallbackMethod";
    text conference_status_callback = "ConferenceStatusCallback";
    many conference_status_callback_event: ConferenceSubscription = "ConferenceStatusCallbackEvent";
    one conference_status_callback_method: Method = "ConferenceStatusCallbackMethod";
    one conference_record: ConferenceRecord = "ConferenceRecord";
    one conference_trim: Trim = "ConferenceTrim";
    text conference_recording_status_callback = "ConferenceRecordingStatusCallback";
    many conference_recording_status_callback_event: RecordingEvent = "ConferenceRecordingStatusCallbackEvent";
    one conference_recording_status_callback_method: Method = "ConferenceRecordingStatusCallbackMethod";
    one jitter_buffer: JitterBuffer = "JitterBufferSize";
    text region = "Region";
    text caller_id = "CallerId";
    text call_reason = "CallReason";
    text call_token = "CallToken";
    text byoc = "Byoc";
    one machine_detection: MachineDetection = "MachineDetection";
    text amd_status_callback = "AmdStatusCallback";
});

/// What to change about a participant; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UpdateParticipant(Params);

impl UpdateParticipant {
    /// Changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets him hear the [`crate::twiml::HoldResponse`] at this URL and not the others, nor they him.
    #[must_use]
    pub fn hold(mut self, url: impl Into<String>) -> Self {
        self.0.set("Hold", "true");
        self.0.set("HoldUrl", url);
        // Twilio's default for this URL alone is GET.
        self.0.set("HoldMethod", Method::Post.as_str());
        self
    }

    /// Lets him alone hear the [`crate::twiml::HoldResponse`] at this URL.
    #[must_use]
    pub fn announce(mut self, url: impl Into<String>) -> Self {
        self.0.set("AnnounceUrl", url);
        self.0.set("AnnounceMethod", Method::Post.as_str());
        self
    }

    /// Is heard by this call alone; after a transfer it has to be said anew.
    #[must_use]
    pub fn coach(mut self, call_sid: impl Into<String>) -> Self {
        self.0.set("Coaching", "true");
        self.0.set("CallSidToCoach", call_sid);
        self
    }
}

form!(UpdateParticipant {
    on mute = "Muted";
    off unmute = "Muted";
    off unhold = "Hold";
    /// Is heard by all again.
    off stop_coaching = "Coaching";
    one on_exit: OnExit = "EndConferenceOnExit";
    on beep_on_exit = "BeepOnExit";
    off no_beep_on_exit = "BeepOnExit";
});

impl Client {
    /// The newest first, at most `limit`. A conference that has not started may be missing.
    pub async fn list_conferences(
        &self,
        filter: &ConferenceFilter,
        limit: usize,
    ) -> Result<Vec<Conference>, Error> {
        self.list(self.url(&["Conferences.json"]), "conferences", filter.params(), limit).await
    }

    pub async fn fetch_conference(&self, conference_sid: &str) -> Result<Conference, Error> {
        self.get(self.url(&["Conferences", &format!("{conference_sid}.json")])).await
    }

    pub async fn update_conference(
        &self,
        conference_sid: &str,
        update: &UpdateConference,
    ) -> Result<Conference, Error> {
        self.post(self.url(&["Conferences", &format!("{conference_sid}.json")]), &update.params()).await
    }

    /// Calls somebody into a conference, by its id or its name. After [`Error::Unknown`] or [`Error::Server`] it may
    /// be ringing all the same.
    pub async fn create_participant(
        &self,
        conference: &str,
        participant: &CreateParticipant,
    ) -> Result<Participant, Error> {
        let url = self.url(&["Conferences", conference, "Participants.json"]);
        self.post(url, participant.params()).await
    }

    /// `participant` is the id of his call, or his label. [`Error::is_gone`] when he has left.
    pub async fn update_participant(
        &self,
        conference: &str,
        participant: &str,
        update: &UpdateParticipant,
    ) -> Result<Participant, Error> {
        self.post(self.participant_url(conference, participant), update.params()).await
    }

    pub async fn fetch_participant(&self, conference: &str, participant: &str) -> Result<Participant, Error> {
        self.get(self.participant_url(conference, participant)).await
    }

    /// Throws somebody out. [`Error::is_gone`] when he has already left.
    pub async fn delete_participant(&self, conference: &str, participant: &str) -> Result<(), Error> {
        self.delete(self.participant_url(conference, participant)).await
    }

    /// Who is in a conference now, at most `limit`.
    pub async fn list_participants(&self, conference: &str, limit: usize) -> Result<Vec<Participant>, Error> {
        let url = self.url(&["Conferences", conference, "Participants.json"]);
        self.list(url, "participants", &Params::new(), limit).await
    }

    fn participant_url(&self, conference: &str, participant: &str) -> reqwest::Url {
        self.url(&["Conferences", conference, "Participants", &format!("{participant}.json")])
    }
}
