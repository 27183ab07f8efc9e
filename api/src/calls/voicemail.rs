//! What callers say to be kept, messages and comments on their calls. Once it is a row, such a recording is like any other: it is fetched, kept, and then
//! deleted at the provider ([`super::recording::keep`]).

use entity::id::CallId;
use entity::{CallOutcome, JobKind, RecordingKind, RecordingState, TranscriptState, recording};
use ivr_engine::Input;
use serde_json::json;
use twilio::webhook::{RecordResult, RecordingState as ProviderState, RecordingStatus};

use super::story::EventKind;
use super::urls::Spoken;
use super::{CallFile, recording as recordings_of_calls, surveys};
use crate::error::Result;
use crate::store::{Audience, Unit, recordings};

/// The caller has spoken. The file may not be ready yet: its own callback says when.
pub async fn left(
    unit: &mut Unit,
    file: &mut CallFile,
    result: &RecordResult,
    spoken: &Spoken,
) -> Result<Input> {
    let seconds = result.duration.unwrap_or_default();
    let sid = result.recording_sid.clone().or_else(|| sid_of(&result.url));
    if let (Some(sid), true) = (sid, seconds > 0) {
        let row = expect(unit, file, &sid, Some(seconds), spoken).await?;
        counts(file, spoken);
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
    spoken: &Spoken,
) -> Result<()> {
    let mut file = CallFile::open(unit, call).await?;
    let row = match &status.status {
        ProviderState::Completed => {
            let row = expect(unit, &mut file, &status.recording_sid, status.duration, spoken).await?;
            if row.duration_seconds.is_none_or(|seconds| seconds > 0) {
                // Whoever hangs up after his message is the usual case: his call may be over by now.
                counts(&mut file, spoken);
            }
            Some(row)
        }
        // Of nothing nobody is told, unless somebody was already.
        ProviderState::Absent
        | ProviderState::Failed
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
    spoken: &Spoken,
) -> Result<recording::Model> {
    let duration = seconds.and_then(|seconds| i32::try_from(seconds).ok());
    if let Some(mut row) = recordings::by_sid(unit.scope(), unit.tx(), sid).await? {
        if row.duration_seconds.is_none() && duration.is_some() {
            row.duration_seconds = duration;
            recordings::save(unit.scope(), unit.tx(), row.clone()).await?;
        }
        return Ok(row);
    }
    let (kind, mailbox, wish) = match spoken {
        Spoken::Message { mailbox, transcript } => {
            (RecordingKind::Voicemail, mailbox.clone(), transcript.clone())
        }
        Spoken::Comment { .. } => (RecordingKind::SurveyComment, None, None),
    };
    let row = recording::Model {
        provider_sid: Some(sid.to_owned()),
        mailbox,
        duration_seconds: duration,
        ended_at: Some(unit.now()),
        transcript_state: wish.is_some().then_some(TranscriptState::Awaited),
        transcript_language: wish.and_then(|wish| wish.language),
        ..recordings_of_calls::blank(unit, file.id(), kind, RecordingState::Processing)
    };
    recordings::insert(unit.scope(), unit.tx(), row.clone()).await?;
    match spoken {
        Spoken::Message { .. } => tell(unit, file, &row),
        Spoken::Comment { survey } => surveys::commented(unit, file, survey, row.id, duration).await?,
    }
    Ok(row)
}

/// A message is what has become of the call; a comment is not.
fn counts(file: &mut CallFile, spoken: &Spoken) {
    match spoken {
        Spoken::Message { .. } => file.row.outcome = Some(CallOutcome::Voicemail),
        Spoken::Comment { .. } => {}
    }
}

fn tell(unit: &mut Unit, file: &mut CallFile, row: &recording::Model) {
    let seconds = row.duration_seconds;
    file.note(
        unit,
        EventKind::VoicemailLeft,
        json!({"recordingId": row.id, "seconds": seconds, "mailbox": row.mailbox}),
    );
    unit.tell(
        &[Audience::Supervisors],
        "voicemail:new",
        json!({"recordingId": row.id, "callId": row.call_id, "from": file.row.from_address, "seconds": seconds}),
    );
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
