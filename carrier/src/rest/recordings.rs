//! Recordings: list, fetch, the sound itself, delete; begin, pause and stop one of a live call.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, url_param};
use crate::audio;
use crate::call::CallStatus;
use crate::callbacks::Listener;
use crate::recording::{Gap, NewRecording, Recording, RecordingStatus};
use crate::sid::rfc2822;
use crate::state::Shared;
use crate::twiml::Method;

pub(super) fn list(context: &Context) -> Result {
    let call = &context.call;
    page(context, |r| {
        call.text("CallSid").is_none_or(|sid| r.call_sid == sid)
            && call.text("ConferenceSid").is_none_or(|sid| r.conference_sid.as_deref() == Some(sid))
    })
}

pub(super) fn list_of_call(context: &Context, call: &str) -> Result {
    page(context, |r| r.conference_sid.is_none() && r.call_sid == call)
}

pub(super) fn list_of_conference(context: &Context, conference: &str) -> Result {
    page(context, |r| r.conference_sid.as_deref() == Some(conference))
}

fn page(context: &Context, which: impl Fn(&Recording) -> bool) -> Result {
    let state = context.shared.lock();
    let items = state.recordings.newest_first().filter(|r| which(r)).map(|r| render(context.shared, r));
    context.page("recordings", items)
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let recording = state.recordings.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(context.shared, recording)))
}

/// A WAV, also when no extension was given, as Twilio does it; not before the recording is complete.
pub(super) fn sound(context: &Context, sid: &str, format: &str) -> Result {
    let state = context.shared.lock();
    let recording = state.recordings.get(sid).ok_or_else(|| context.missing())?;
    if recording.status != RecordingStatus::Completed || format == "mp3" {
        return Err(context.missing());
    }
    let (seconds, channels) = (recording.duration.unwrap_or(0), recording.channels);
    drop(state);
    Ok(Reply { status: StatusCode::OK, content_type: "audio/x-wav", body: audio::wav(seconds, channels) })
}

pub(super) fn create(context: &Context, call_sid: &str) -> Result {
    let call = &context.call;
    let status = {
        let state = context.shared.lock();
        state.calls.get(call_sid).ok_or_else(|| context.missing())?.status
    };
    if status != CallStatus::InProgress {
        let text = "Requested resource is not eligible for recording";
        return Err(RestError::bad(21220, text));
    }
    let listener = url_param(context, "RecordingStatusCallback")?.map(|url| {
        let mut events = call.list("RecordingStatusCallbackEvent");
        if events.is_empty() {
            events.push("completed".to_owned());
        }
        Listener::new(url, Method::parse(call.get("RecordingStatusCallbackMethod")), events)
    });
    let sid = context.shared.start_recording(NewRecording {
        call_sid: call_sid.to_owned(),
        conference_sid: None,
        source: "StartCallRecordingAPI",
        channels: if call.text("RecordingChannels") == Some("dual") { 2 } else { 1 },
        listener,
    });
    fetch(context, &sid).map(|reply| Reply { status: StatusCode::CREATED, ..reply })
}

pub(super) fn update_of_call(context: &Context, call_sid: &str, key: &str) -> Result {
    update(context, key, |r| r.conference_sid.is_none() && r.call_sid == call_sid)
}

pub(super) fn update_of_conference(context: &Context, conference: &str, key: &str) -> Result {
    update(context, key, |r| r.conference_sid.as_deref() == Some(conference))
}

fn update(context: &Context, key: &str, whose: impl Fn(&Recording) -> bool) -> Result {
    let shared = context.shared;
    // Twilio.CURRENT is the one that runs.
    let sid = {
        let state = shared.lock();
        let found = state
            .recordings
            .newest_first()
            .find(|r| whose(r) && (r.sid == key || key == "Twilio.CURRENT" && r.status.is_running()));
        found.ok_or_else(|| context.missing())?.sid.clone()
    };
    let running = match context.call.text("Status") {
        Some("stopped") => {
            shared.stop_recording_over_rest(&sid);
            true
        }
        Some("paused") => {
            let gap = match context.call.text("PauseBehavior") {
                Some("skip") => Gap::Skipped,
                Some(_) | None => Gap::Silent,
            };
            shared.pause_recording(&sid, gap)
        }
        Some("in-progress") => shared.resume_recording(&sid),
        Some(_) | None => return Err(RestError::bad(20001, "Status must be stopped, paused or in-progress")),
    };
    if !running {
        return Err(RestError::bad(21220, "The recording has ended"));
    }
    fetch(context, &sid)
}

pub(super) fn delete(context: &Context, sid: &str) -> Result {
    let mut state = context.shared.lock();
    let recording = state.recordings.get(sid).ok_or_else(|| context.missing())?;
    if recording.status.is_running() {
        return Err(RestError::bad(20009, "Cannot delete a recording that is in progress"));
    }
    state.recordings.remove(sid);
    Ok(Reply::no_content())
}

fn render(shared: &Shared, recording: &Recording) -> Value {
    let sid = &recording.sid;
    let base = format!("{}/Recordings/{sid}", shared.account_path());
    json!({
        "account_sid": shared.settings.account_sid,
        "api_version": "2010-04-01",
        "call_sid": recording.call_sid,
        "conference_sid": recording.conference_sid,
        "date_created": rfc2822(recording.started),
        "date_updated": rfc2822(recording.updated),
        "start_time": rfc2822(recording.started),
        "duration": recording.duration.map(|seconds| seconds.to_string()),
        "sid": sid,
        "price": null,
        "price_unit": "USD",
        "status": recording.status.as_str(),
        "channels": recording.channels,
        "source": recording.source,
        "error_code": null,
        "uri": format!("{base}.json"),
        "encryption_details": null,
        "subresource_uris": {
            "add_on_results": format!("{base}/AddOnResults.json"),
            "transcriptions": format!("{base}/Transcriptions.json"),
        },
        "media_url": shared.recording_url(sid),
        "track": "both",
    })
}
