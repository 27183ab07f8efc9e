//! Messages that callers leave. Once it is a row, a message's recording is like any other: it is fetched, kept, and then
//! deleted at the provider ([`super::recording::keep`]).

use entity::id::CallId;
use entity::{CallOutcome, JobKind, RecordingKind, RecordingState, recording};
use ivr_engine::Input;
use serde_json::json;
use twilio::webhook::{RecordResult, RecordingState as ProviderState, RecordingStatus};

use super::story::EventKind;
use super::{CallFile, recording as recordings_of_calls};
use crate::error::Result;
use crate::store::{Audience, Unit, recordings};

/// The caller has spoken. The file may not be ready yet: its own callback says when.
pub async fn left(
    unit: &mut Unit,
    file: &mut CallFile,
    result: &RecordResult,
    mailbox: Option<&str>,
) -> Result<Input> {
    let seconds = result.duration.unwrap_or_default();
    let sid = result.recording_sid.clone().or_else(|| sid_of(&result.url));
    if let (Some(sid), true) = (sid, seconds > 0) {
        let row = expect(unit, file, &sid, Some(seconds), mailbox).await?;
        file.row.outcome = Some(CallOutcome::Voicemail);
        // The provider's own callback is usually faster; this is for the one that gets lost.
        let later = unit.now() + unit.app().settings.timing.check_call;
        unit.job(JobKind::StoreRecording, row.id, json!({}), later);
    }
    Ok(Input::Recorded { seconds })
}

/// The provider says how a message is doing.
pub async fn recorded(
    unit: &mut Unit,
    call: CallId,
    status: &RecordingStatus,
    mailbox: Option<&str>,
) -> Result<()> {
    let mut file = CallFile::open(unit, call).await?;
    let row = match &status.status {
        ProviderState::Completed => {
            let row = expect(unit, &mut file, &status.recording_sid, status.duration, mailbox).await?;
            if row.duration_seconds.is_none_or(|seconds| seconds > 0) {
                // Whoever hangs up after his message is the usual case: his call may be over by now.
                file.row.outcome = Some(CallOutcome::Voicemail);
            }
            Some(row)
        }
        // Of nothing nobody is told, unless somebody was already.
        ProviderState::Absent
        | ProviderState::InProgress
        | ProviderState::Paused
        | ProviderState::Stopped
        | ProviderState::Processing
        | ProviderState::Deleted
        | ProviderState::Other(_) => {
            recordings::by_sid(unit.scope(), unit.tx(), &status.recording_sid).await?
        }
    };
    if let Some(mut row) = row {
        recordings_of_calls::news::apply(unit, &mut file, &mut row, status);
        recordings::save(unit.scope(), unit.tx(), row).await?;
    }
    file.save(unit).await
}

/// The message's row, made by whichever of the two callbacks comes first.
async fn expect(
    unit: &mut Unit,
    file: &mut CallFile,
    sid: &str,
    seconds: Option<u32>,
    mailbox: Option<&str>,
) -> Result<recording::Model> {
    let duration = seconds.and_then(|seconds| i32::try_from(seconds).ok());
    if let Some(mut row) = recordings::by_sid(unit.scope(), unit.tx(), sid).await? {
        if row.duration_seconds.is_none() && duration.is_some() {
            row.duration_seconds = duration;
            recordings::save(unit.scope(), unit.tx(), row.clone()).await?;
        }
        return Ok(row);
    }
    let row = recording::Model {
        provider_sid: Some(sid.to_owned()),
        mailbox: mailbox.map(str::to_owned),
        duration_seconds: duration,
        ended_at: Some(unit.now()),
        ..recordings_of_calls::blank(unit, file.id(), RecordingKind::Voicemail, RecordingState::Processing)
    };
    recordings::insert(unit.scope(), unit.tx(), row.clone()).await?;
    file.note(
        unit,
        EventKind::VoicemailLeft,
        json!({"recordingId": row.id, "seconds": duration, "mailbox": row.mailbox}),
    );
    unit.tell(
        &[Audience::Supervisors],
        "voicemail:new",
        json!({"recordingId": row.id, "callId": row.call_id, "from": file.row.from_address, "seconds": duration}),
    );
    Ok(row)
}

/// The recording's id in its address: `…/Recordings/RE…`.
fn sid_of(url: &str) -> Option<String> {
    let name = url.rsplit('/').next()?;
    name.starts_with("RE").then(|| name.split('.').next().unwrap_or(name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_s_id_is_the_end_of_its_address() {
        let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE0123.wav";
        assert_eq!(sid_of(url).as_deref(), Some("RE0123"));
        assert_eq!(sid_of("https://example.com/"), None);
    }
}
