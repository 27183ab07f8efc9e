//! Recordings: when they began, what they cost in seconds, and the callbacks about them. Their sound is made when it is
//! asked for.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::callbacks::{Callback, Listener};
use crate::faults::CallbackKind;
use crate::sid::{self, Kind};
use crate::state::Shared;
use crate::webhook::Params;

/// How long after its end a file is ready.
const PROCESSING: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RecordingStatus {
    InProgress,
    Paused,
    Processing,
    Completed,
    Absent,
}

impl RecordingStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            RecordingStatus::InProgress => "in-progress",
            RecordingStatus::Paused => "paused",
            RecordingStatus::Processing => "processing",
            RecordingStatus::Completed => "completed",
            RecordingStatus::Absent => "absent",
        }
    }

    pub(crate) fn is_running(self) -> bool {
        match self {
            RecordingStatus::InProgress | RecordingStatus::Paused => true,
            RecordingStatus::Processing | RecordingStatus::Completed | RecordingStatus::Absent => false,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Recording {
    pub sid: String,
    /// For a conference, the call with which it began.
    pub call_sid: String,
    pub conference_sid: Option<String>,
    /// Twilio's word: `RecordVerb`, `DialVerb`, `Conference`, `StartCallRecordingAPI`.
    pub source: &'static str,
    pub channels: u32,
    pub status: RecordingStatus,
    pub started: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    /// Whole seconds once it has ended.
    pub duration: Option<u32>,
    paused_at: Option<DateTime<Utc>>,
    paused: TimeDelta,
    listener: Option<Listener>,
}

/// What is to be recorded.
pub(crate) struct NewRecording {
    pub call_sid: String,
    pub conference_sid: Option<String>,
    pub source: &'static str,
    pub channels: u32,
    pub listener: Option<Listener>,
}

/// What becomes of a recording that has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Sound,
    /// Nothing was to be heard.
    Nothing,
}

impl Shared {
    pub(crate) fn start_recording(self: &Arc<Self>, new: NewRecording) -> String {
        let now = self.clock.now();
        let mut recording = Recording {
            sid: sid::new(Kind::Recording),
            call_sid: new.call_sid,
            conference_sid: new.conference_sid,
            source: new.source,
            channels: new.channels,
            status: RecordingStatus::InProgress,
            started: now,
            updated: now,
            duration: None,
            paused_at: None,
            paused: TimeDelta::zero(),
            listener: new.listener,
        };
        let sid = recording.sid.clone();
        let mut state = self.lock();
        self.tell(&mut recording);
        state.running_recordings.push(sid.clone());
        state.recordings.insert(sid.clone(), recording);
        state.recordings.trim(self.settings.keep_calls, |r| !r.status.is_running());
        sid
    }

    /// Ends a recording; returns its seconds. Without effect on one that has ended.
    pub(crate) fn stop_recording(self: &Arc<Self>, sid: &str, keep: Keep) -> u32 {
        let now = self.clock.now();
        let mut state = self.lock();
        state.running_recordings.retain(|s| s != sid);
        let Some(recording) = state.recordings.get_mut(sid) else { return 0 };
        if !recording.status.is_running() {
            return recording.duration.unwrap_or(0);
        }
        let paused = recording.paused + recording.paused_at.map_or(TimeDelta::zero(), |at| now - at);
        let length = (now - recording.started - paused).num_milliseconds();
        let seconds = u32::try_from((length + 999) / 1000).unwrap_or(0).max(1);
        recording.duration = Some(seconds);
        recording.updated = now;
        recording.status = RecordingStatus::Processing;
        drop(state);
        let (shared, sid) = (self.clone(), sid.to_owned());
        let mut busy = Some(self.clock.busy());
        tokio::spawn(async move {
            let sleep = shared.clock.sleep(PROCESSING);
            busy = Some(crate::webhook::released(&mut busy, sleep).await);
            let mut state = shared.lock();
            if let Some(recording) = state.recordings.get_mut(&sid) {
                recording.status = match keep {
                    Keep::Sound => RecordingStatus::Completed,
                    Keep::Nothing => RecordingStatus::Absent,
                };
                recording.updated = shared.clock.now();
                shared.tell(recording);
            }
            drop((state, busy));
        });
        seconds
    }

    /// Pauses or resumes; returns whether it is still running at all.
    pub(crate) fn pause_recording(&self, sid: &str, to: RecordingStatus) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(recording) = state.recordings.get_mut(sid) else { return false };
        if !recording.status.is_running() {
            return false;
        }
        match to {
            RecordingStatus::Paused => recording.paused_at = recording.paused_at.or(Some(now)),
            RecordingStatus::InProgress => {
                if let Some(at) = recording.paused_at.take() {
                    recording.paused += now - at;
                }
            }
            RecordingStatus::Processing | RecordingStatus::Completed | RecordingStatus::Absent => {
                return false;
            }
        }
        recording.status = to;
        recording.updated = now;
        true
    }

    pub(crate) fn stop_recordings_of_call(self: &Arc<Self>, call_sid: &str) {
        self.stop_recordings(|r| r.conference_sid.is_none() && r.call_sid == call_sid);
    }

    pub(crate) fn stop_recordings_of_conference(self: &Arc<Self>, sid: &str) {
        self.stop_recordings(|r| r.conference_sid.as_deref() == Some(sid));
    }

    fn stop_recordings(self: &Arc<Self>, which: impl Fn(&Recording) -> bool) {
        let running: Vec<String> = {
            let state = self.lock();
            let all = state.running_recordings.iter();
            all.filter(|sid| state.recordings.get(sid).is_some_and(&which)).cloned().collect()
        };
        for sid in running {
            self.stop_recording(&sid, Keep::Sound);
        }
    }

    /// The address of the sound; `.wav` and `.json` may follow.
    pub(crate) fn recording_url(&self, sid: &str) -> String {
        format!("{}{}/Recordings/{sid}", self.base, self.account_path())
    }

    fn tell(self: &Arc<Self>, recording: &mut Recording) {
        let event = recording.status.as_str();
        let Some(listener) = &mut recording.listener else { return };
        if listener.next(event).is_none() {
            return;
        }
        let mut params: Params = Vec::with_capacity(12);
        let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
        add("AccountSid", self.settings.account_sid.clone());
        match &recording.conference_sid {
            Some(sid) => add("ConferenceSid", sid.clone()),
            None => add("CallSid", recording.call_sid.clone()),
        }
        add("RecordingSid", recording.sid.clone());
        add("RecordingUrl", self.recording_url(&recording.sid));
        add("RecordingStatus", event.to_owned());
        if let Some(seconds) = recording.duration {
            add("RecordingDuration", seconds.to_string());
        }
        add("RecordingChannels", recording.channels.to_string());
        add("RecordingStartTime", sid::rfc2822(recording.started));
        add("RecordingSource", recording.source.to_owned());
        add("RecordingTrack", "both".to_owned());
        add("ErrorCode", "0".to_owned());
        let callback = Callback {
            kind: CallbackKind::Recording,
            event: event.to_owned(),
            link: listener.link.clone(),
            params,
            leg: None,
        };
        self.call_back(&recording.sid, callback);
    }
}
