//! What callers say to be kept, messages and comments on their calls: the recording is fetched from the provider, kept here, and then deleted there.

use entity::id::{CallId, RecordingId};
use entity::{CallOutcome, CompanyScope, JobKind, RecordingKind, RecordingState, recording};
use ivr_engine::Input;
use serde_json::json;
use twilio::rest::{Client, RecordingFormat};
use twilio::webhook::{RecordResult, RecordingState as ProviderState, RecordingStatus};

use super::story::EventKind;
use super::urls::Spoken;
use super::{CallFile, surveys};
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::store::{Audience, Unit, calls};

/// Largest message that is kept; an hour of the provider's WAV is 58 MB.
const MAX_BYTES: u64 = 64 << 20;

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

/// The provider says how a recording is doing.
pub async fn recorded(
    unit: &mut Unit,
    call: CallId,
    status: &RecordingStatus,
    spoken: &Spoken,
) -> Result<()> {
    let mut file = CallFile::open(unit, call).await?;
    match &status.status {
        ProviderState::Completed => {
            let row = expect(unit, &mut file, &status.recording_sid, status.duration, spoken).await?;
            if row.duration_seconds.is_none_or(|seconds| seconds > 0) {
                // Whoever hangs up after his message is the usual case: his call may be over by now.
                counts(&mut file, spoken);
            }
            if row.state == RecordingState::Pending {
                let now = unit.now();
                unit.job(JobKind::StoreRecording, row.id, json!({}), now);
            }
        }
        // Nothing was said. Nobody is told of a message, unless somebody was already.
        ProviderState::Absent => {
            let known = calls::recording_by_sid(unit.scope(), unit.tx(), &status.recording_sid).await?;
            if let Some(mut row) = known.filter(|row| row.state == RecordingState::Pending) {
                row.state = RecordingState::Failed;
                file.note(
                    unit,
                    EventKind::RecordingFailed,
                    json!({"recordingId": row.id, "reason": "absent"}),
                );
                calls::save_recording(unit.scope(), unit.tx(), row).await?;
            }
        }
        ProviderState::InProgress
        | ProviderState::Paused
        | ProviderState::Stopped
        | ProviderState::Processing
        | ProviderState::Deleted
        | ProviderState::Other(_) => {}
    }
    file.save(unit).await
}

/// The recording's row, made by whichever of the two callbacks comes first.
async fn expect(
    unit: &mut Unit,
    file: &mut CallFile,
    sid: &str,
    seconds: Option<u32>,
    spoken: &Spoken,
) -> Result<recording::Model> {
    let duration = seconds.and_then(|seconds| i32::try_from(seconds).ok());
    if let Some(mut row) = calls::recording_by_sid(unit.scope(), unit.tx(), sid).await? {
        if row.duration_seconds.is_none() && duration.is_some() {
            row.duration_seconds = duration;
            calls::save_recording(unit.scope(), unit.tx(), row.clone()).await?;
        }
        return Ok(row);
    }
    let (kind, mailbox) = match spoken {
        Spoken::Message { mailbox } => (RecordingKind::Voicemail, mailbox.clone()),
        Spoken::Comment { .. } => (RecordingKind::SurveyComment, None),
    };
    let row = recording::Model {
        id: unit.id::<RecordingId>(),
        company_id: unit.company(),
        call_id: file.id(),
        kind,
        state: RecordingState::Pending,
        provider_sid: sid.to_owned(),
        mailbox,
        duration_seconds: duration,
        storage_key: None,
        content_type: None,
        size_bytes: None,
        created_at: unit.now(),
        stored_at: None,
    };
    unit.scope().insert::<recording::Entity, _>(unit.tx(), row.clone()).await?;
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

/// Fetches the file, keeps it, then deletes it at the provider. Each part may have been done before a crash.
pub async fn store(app: &App, scope: CompanyScope, id: RecordingId) -> Result<Done> {
    let row = calls::recording(scope, app.db.reader(), id).await?;
    let client = app.providers.client(scope, app.db.reader()).await?;
    if row.state == RecordingState::Pending {
        let media = match download(&client, &row.provider_sid).await {
            Ok(media) => media,
            Err(error) if error.is_gone() => return failed(app, scope, row, "gone at the provider").await,
            Err(error) => return Ok(Done::retry(&error)),
        };
        let key = format!("{}/recordings/{id}.wav", scope.company());
        app.storage.put(&key, media.clone()).await?;
        stored(app, scope, id, key, media.len()).await?;
    }
    match client.delete_recording(&row.provider_sid).await {
        Ok(()) => Ok(Done::Yes),
        Err(error) if error.is_gone() => Ok(Done::Yes),
        Err(error) => Ok(Done::retry(&error)),
    }
}

async fn download(client: &Client, sid: &str) -> std::result::Result<bytes::Bytes, twilio::rest::Error> {
    client.download_recording(sid, RecordingFormat::Wav, MAX_BYTES).await?.bytes().await
}

async fn stored(app: &App, scope: CompanyScope, id: RecordingId, key: String, size: usize) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let call = calls::recording(scope, unit.tx(), id).await?.call_id;
    let mut file = CallFile::open(&unit, call).await?;
    let mut row = calls::recording(scope, unit.tx(), id).await?;
    if row.state == RecordingState::Pending {
        row.state = RecordingState::Stored;
        row.storage_key = Some(key);
        row.content_type = Some("audio/x-wav".to_owned());
        row.size_bytes = i64::try_from(size).ok();
        row.stored_at = Some(unit.now());
        calls::save_recording(scope, unit.tx(), row).await?;
        file.note(&unit, EventKind::RecordingStored, json!({"recordingId": id, "bytes": size}));
    }
    file.save(&mut unit).await?;
    unit.commit().await
}

async fn failed(app: &App, scope: CompanyScope, mut row: recording::Model, reason: &str) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, row.call_id).await?;
    file.note(&unit, EventKind::RecordingFailed, json!({"recordingId": row.id, "reason": reason}));
    row.state = RecordingState::Failed;
    calls::save_recording(scope, unit.tx(), row).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
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
