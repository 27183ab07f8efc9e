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
    /// Ended over REST; the file is being made.
    Stopped,
    /// Ended with its call; the file is being made.
    Processing,
    Completed,
    Absent,
}

impl RecordingStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            RecordingStatus::InProgress => "in-progress",
            RecordingStatus::Paused => "paused",
            RecordingStatus::Stopped => "stopped",
            RecordingStatus::Processing => "processing",
            RecordingStatus::Completed => "completed",
            RecordingStatus::Absent => "absent",
        }
    }

    pub(crate) fn is_running(self) -> bool {
        match self {
            RecordingStatus::InProgress | RecordingStatus::Paused => true,
            RecordingStatus::Stopped
            | RecordingStatus::Processing
            | RecordingStatus::Completed
            | RecordingStatus::Absent => false,
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
    /// Since when it is paused, and what the pause leaves.
    paused_at: Option<(DateTime<Utc>, Gap)>,
    /// What pauses have cut out of it.
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

/// What a pause leaves in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gap {
    /// Nothing: the file gets shorter.
    Skipped,
    Silent,
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
        self.end_recording(sid, keep, RecordingStatus::Processing)
    }

    /// [`Shared::stop_recording`], by a request: it is `stopped` until the file is made.
    pub(crate) fn stop_recording_over_rest(self: &Arc<Self>, sid: &str) {
        self.end_recording(sid, Keep::Sound, RecordingStatus::Stopped);
    }

    fn end_recording(self: &Arc<Self>, sid: &str, keep: Keep, meanwhile: RecordingStatus) -> u32 {
        let now = self.clock.now();
        let mut state = self.lock();
        state.running_recordings.retain(|s| s != sid);
        let Some(recording) = state.recordings.get_mut(sid) else { return 0 };
        if !recording.status.is_running() {
            return recording.duration.unwrap_or(0);
        }
        let paused = recording.paused + cut_out(recording.paused_at, now);
        let length = (now - recording.started - paused).num_milliseconds();
        // Who hangs up at once leaves nothing to hear.
        let keep = if length <= 0 { Keep::Nothing } else { keep };
        let seconds = u32::try_from((length + 999) / 1000).unwrap_or(0).max(1);
        recording.duration = Some(seconds);
        recording.updated = now;
        recording.status = meanwhile;
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

    /// Pauses; returns whether it is still running at all.
    pub(crate) fn pause_recording(&self, sid: &str, gap: Gap) -> bool {
        self.change_running(sid, |recording, now| {
            recording.paused_at = recording.paused_at.or(Some((now, gap)));
            recording.status = RecordingStatus::Paused;
        })
    }

    /// Resumes; returns whether it is still running at all.
    pub(crate) fn resume_recording(&self, sid: &str) -> bool {
        self.change_running(sid, |recording, now| {
            recording.paused += cut_out(recording.paused_at.take(), now);
            recording.status = RecordingStatus::InProgress;
        })
    }

    fn change_running(&self, sid: &str, change: impl FnOnce(&mut Recording, DateTime<Utc>)) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        let running = state.recordings.get_mut(sid).filter(|recording| recording.status.is_running());
        running.is_some_and(|recording| {
            change(recording, now);
            recording.updated = now;
            true
        })
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

/// How much shorter a pause makes the file.
fn cut_out(paused_at: Option<(DateTime<Utc>, Gap)>, now: DateTime<Utc>) -> TimeDelta {
    match paused_at {
        Some((at, Gap::Skipped)) => now - at,
        Some((_, Gap::Silent)) | None => TimeDelta::zero(),
    }
}
