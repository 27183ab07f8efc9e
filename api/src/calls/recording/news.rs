//! What the provider says about a recording by itself: twice, late, or never.

use entity::id::{CallId, RecordingId};
use entity::{JobKind, RecordingState, recording};
use serde_json::json;
use twilio::webhook::{RecordingState as ProviderState, RecordingStatus};

use super::super::CallFile;
use super::{Turn, control, failed, never_began, tell};
use crate::error::Result;
use crate::store::{Unit, recordings};

/// About a conversation's recording, which was a row before the provider knew of it.
pub async fn happened(
    unit: &mut Unit,
    call: CallId,
    id: RecordingId,
    status: &RecordingStatus,
) -> Result<()> {
    let mut file = CallFile::open(unit, call).await?;
    let mut row = recordings::get(unit.scope(), unit.tx(), id).await?;
    if row.call_id != call || row.provider_sid.as_ref().is_some_and(|sid| *sid != status.recording_sid) {
        return Ok(());
    }
    apply(unit, &mut file, &mut row, status);
    row.revision += 1;
    recordings::save(unit.scope(), unit.tx(), row).await?;
    file.save(unit).await
}

/// Moves the row to where the provider says that the recording stands; old news leaves it.
pub(in super::super) fn apply(
    unit: &mut Unit,
    file: &mut CallFile,
    row: &mut recording::Model,
    status: &RecordingStatus,
) {
    match &status.status {
        ProviderState::InProgress => control::started(unit, file, row, status.recording_sid.clone()),
        ProviderState::Completed => completed(unit, file, row, status),
        ProviderState::Absent => {
            row.provider_sid.get_or_insert_with(|| status.recording_sid.clone());
            never_began(unit, file, row, "there was nothing to hear");
        }
        ProviderState::Failed => {
            row.provider_sid.get_or_insert_with(|| status.recording_sid.clone());
            failed(unit, file, row, "the provider could not make it");
        }
        ProviderState::Paused
        | ProviderState::Stopped
        | ProviderState::Processing
        | ProviderState::Deleted
        | ProviderState::Other(_) => {}
    }
}

/// The file is ready: it is fetched now, whatever else is planned.
fn completed(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, status: &RecordingStatus) {
    row.provider_sid.get_or_insert_with(|| status.recording_sid.clone());
    let seconds = status.duration.and_then(|seconds| i32::try_from(seconds).ok());
    row.duration_seconds = row.duration_seconds.or(seconds);
    row.channels = row.channels.or(status.channels.and_then(|channels| i32::try_from(channels).ok()));
    row.started_at = row.started_at.or(status.start_time);
    if let Some(state) = row.state.advance(RecordingState::Processing) {
        row.state = state;
        row.ended_at.get_or_insert(unit.now());
        tell(unit, file, row, Turn::Stopped, json!({"pauses": row.pauses}));
    }
    if row.state == RecordingState::Processing {
        let now = unit.now();
        unit.job(JobKind::StoreRecording, row.id, json!({}), now);
    }
}
