//! What people do with recordings: control, list, play, hold, delete. Whoever plays or deletes one leaves a line in the
//! company's audit, in the transaction that lets him.

use std::ops::Range;
use std::time::Duration;

use entity::id::{CallId, RecordingId, UserId};
use entity::{
    CompanyScope, DeletedBecause, JobKind, PauseHolder, RecordingKind, RecordingOrigin, RecordingState,
    recording,
};
use serde_json::json;

use super::super::{CallFile, desk};
use super::parts::Part;
use super::settings::Listening;
use super::voicemails::Voicemail;
use super::{Started, parts, pause, resume, start, stop};
use crate::app::App;
use crate::authz::Whose;
use crate::error::{Code, Error, Result, Subject};
use crate::files;
use crate::identity::audit;
use crate::storage::{Link, Pieces};
use crate::store::recordings::Voicemails;
use crate::store::{Unit, queueing, recordings, voicemails as store};

/// The last voicemails are listed, and no more.
const VOICEMAILS: u64 = 100;
/// How long the address of a file at the store is good: a player asks there for part after part.
const LINK_IS_GOOD: Duration = Duration::from_secs(300);

/// What a person wants of the recording of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Start,
    Pause,
    Resume,
    Stop,
}

impl Action {
    /// What it is called in the audit.
    fn as_str(self) -> &'static str {
        match self {
            Self::Start => "recording:start",
            Self::Pause => "recording:pause",
            Self::Resume => "recording:resume",
            Self::Stop => "recording:stop",
        }
    }
}

/// Lets a person control the recording of a call while its caller is on the line: an agent of the conversation that he is
/// in, a supervisor of any. Twice is once. Who has said what is noted in the audit.
pub async fn control(
    app: &App,
    scope: CompanyScope,
    by: Reader,
    id: CallId,
    action: Action,
) -> Result<recording::Model> {
    desk::visible(app, scope, by.whose, id).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    if !takes_part(&unit, by.whose, id).await? {
        return Err(Error::NotFound(Subject::Call));
    }
    if file.caller_has_left() {
        return Err(Error::conflict(Code::CallIsOver, "The caller is no longer on the line."));
    }
    let row = match action {
        Action::Start => match start(&mut unit, &mut file, RecordingOrigin::Person).await? {
            Started::Now { row, say: _ } | Started::Already(row) => Some(row),
            Started::Refused(why) => {
                return Err(Error::conflict(Code::RecordingNotAllowed, why.refusal()));
            }
        },
        Action::Pause => pause(&mut unit, &file, PauseHolder::Person).await?,
        Action::Resume => resume(&mut unit, &file, PauseHolder::Person).await?,
        Action::Stop => stop(&mut unit, &file).await?,
    };
    let row = row.ok_or_else(|| Error::conflict(Code::NotRecording, "This call is not being recorded."))?;
    let detail = json!({"recordingId": row.id, "callId": id});
    audit::note(app, scope, unit.tx(), by.user, action.as_str(), detail).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(row)
}

/// Whether it is his to say. Having been offered the call, or having had it, is not enough.
async fn takes_part(unit: &Unit, whose: Whose, call: CallId) -> Result<bool> {
    Ok(match whose {
        Whose::Everybodys => true,
        Whose::Agents(agent) => queueing::segments_of_call(unit.scope(), unit.tx(), call)
            .await?
            .iter()
            .any(|segment| segment.agent_id == agent && segment.state.is_live()),
        Whose::Nobodys => false,
    })
}

/// Whose recordings the caller may play: an agent's own calls are his to hear only where the company says so.
async fn audible(app: &App, scope: CompanyScope, whose: Whose) -> Result<Whose> {
    Ok(match whose {
        Whose::Everybodys | Whose::Nobodys => whose,
        Whose::Agents(_) => {
            let policy = recordings::policy(scope, app.db.reader()).await?;
            match Listening::of(policy.as_ref()) {
                Listening::OwnCalls => whose,
                Listening::Supervisors => Whose::Nobodys,
            }
        }
    })
}

/// The recordings of a call. Who reads what was said in them is noted first.
pub async fn of_call(
    app: &App,
    scope: CompanyScope,
    by: Reader,
    call: CallId,
) -> Result<Vec<(recording::Model, Vec<Part>)>> {
    desk::visible(app, scope, audible(app, scope, by.whose).await?, call).await?;
    let db = app.db.reader();
    let segments = queueing::segments_of_call(scope, db, call).await?;
    let with_parts = |row: recording::Model| {
        let parts = match row.kind {
            RecordingKind::Call => parts::of(&row, &segments),
            RecordingKind::Voicemail | RecordingKind::SurveyComment => Vec::new(),
        };
        (row, parts)
    };
    let rows = recordings::of_call(scope, db, call).await?;
    read(app, scope, by, &rows).await?;
    Ok(rows.into_iter().map(with_parts).collect())
}

/// The last voicemails, with what was done about them. Who reads what was said in them is noted first.
pub async fn voicemails(
    app: &App,
    scope: CompanyScope,
    by: Reader,
    shown: Voicemails,
) -> Result<Vec<Voicemail>> {
    let of_agent = match audible(app, scope, by.whose).await? {
        Whose::Everybodys => None,
        Whose::Agents(agent) => Some(agent),
        Whose::Nobodys => return Ok(Vec::new()),
    };
    let db = app.db.reader();
    let rows = recordings::voicemails(scope, db, of_agent, shown, VOICEMAILS).await?;
    read(app, scope, by, &rows).await?;
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut deeds = store::of(scope, db, &ids).await?;
    Ok(rows.into_iter().map(|row| (row.clone(), deeds.remove(&row.id))).collect())
}

/// Notes who reads what was said, where there is something to read.
async fn read(app: &App, scope: CompanyScope, by: Reader, rows: &[recording::Model]) -> Result<()> {
    if rows.iter().all(|row| row.transcript.is_none()) {
        return Ok(());
    }
    let unit = Unit::begin(app, scope).await?;
    note_reading(app, &unit, by, rows).await?;
    unit.commit().await
}

async fn note_reading(app: &App, unit: &Unit, by: Reader, rows: &[recording::Model]) -> Result<()> {
    let written: Vec<_> = rows.iter().filter(|row| row.transcript.is_some()).map(|row| row.id).collect();
    if written.is_empty() {
        return Ok(());
    }
    let detail = json!({"recordingIds": written});
    audit::note(app, unit.scope(), unit.tx(), by.user, "recording:read-transcript", detail).await
}

/// Somebody who is signed in, and whose calls are his.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    pub user: UserId,
    pub whose: Whose,
}

/// The recording of a call that the reader may hear; any other is not there.
pub(super) async fn find(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    id: RecordingId,
) -> Result<recording::Model> {
    let row = recordings::get(scope, app.db.reader(), id).await?;
    let whose = audible(app, scope, whose).await?;
    if let Whose::Agents(agent) = whose
        && store::get(scope, app.db.reader(), id).await?.is_some_and(|given| given.agent_id == Some(agent))
    {
        return Ok(row);
    }
    match desk::visible(app, scope, whose, row.call_id).await {
        Ok(_) => Ok(row),
        Err(Error::NotFound(_)) => Err(Error::NotFound(Subject::Recording)),
        Err(error) => Err(error),
    }
}

/// A file that may be played.
#[derive(Clone, Debug)]
pub struct Sound {
    pub id: RecordingId,
    scope: CompanyScope,
    key: String,
    pub content_type: String,
    pub size: u64,
    /// Changes with the file.
    pub tag: String,
}

impl Sound {
    /// What is to be heard of a recording.
    pub fn of(scope: CompanyScope, row: recording::Model) -> Result<Self> {
        let (Some(key), true) = (row.storage_key.clone(), row.can_be_heard()) else {
            return Err(not_to_be_heard(&row));
        };
        let size = row.size_bytes.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
        Ok(Self {
            id: row.id,
            scope,
            key,
            content_type: row.content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            size,
            // What was stored before files were hashed has its size and its age.
            tag: row.sha256.unwrap_or_else(|| format!("{size}-{}", row.created_at.timestamp_millis())),
        })
    }

    /// What it is called when it is saved.
    pub fn file_name(&self) -> String {
        format!("recording-{}.wav", self.id)
    }

    fn disposition(&self) -> String {
        format!("inline; filename=\"{}\"", self.file_name())
    }

    /// An address at which the store itself has it for some minutes, when the settings want that.
    pub async fn link(&self, app: &App) -> Result<Option<String>> {
        let link = Link {
            valid_for: LINK_IS_GOOD,
            content_type: &self.content_type,
            disposition: &self.disposition(),
        };
        files::link(app, self.scope, &self.key, link).await
    }

    pub async fn read(&self, app: &App, range: Option<Range<u64>>) -> Result<Pieces> {
        let found = files::read(app, self.scope, &self.key, range).await?;
        found.ok_or(Error::NotFound(Subject::Recording))
    }
}

/// Lets `reader` hear a recording. That he does, and which part of it, is noted first.
pub async fn listen(
    app: &App,
    scope: CompanyScope,
    reader: Reader,
    id: RecordingId,
    part: Option<&str>,
) -> Result<Sound> {
    let row = find(app, scope, reader.whose, id).await?;
    let detail = json!({"recordingId": id, "callId": row.call_id, "range": part});
    let sound = Sound::of(scope, row)?;
    let unit = Unit::begin(app, scope).await?;
    audit::note(app, scope, unit.tx(), reader.user, "recording:listen", detail).await?;
    unit.commit().await?;
    Ok(sound)
}

fn not_to_be_heard(row: &recording::Model) -> Error {
    if row.state == RecordingState::Deleted || row.delete_requested_at.is_some() {
        Error::conflict(Code::RecordingDeleted, "This recording has been deleted.")
    } else {
        Error::conflict(Code::RecordingNotStored, "This recording has not been stored yet.")
    }
}

/// Whether a recording may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It may not, whatever retention says.
    On {
        reason: String,
    },
    Off,
}

/// Puts a recording under a legal hold, or ends that.
pub async fn hold(
    app: &App,
    scope: CompanyScope,
    reader: Reader,
    id: RecordingId,
    hold: Hold,
) -> Result<recording::Model> {
    find(app, scope, reader.whose, id).await?;
    let (unit, mut row) = open(app, scope, id).await?;
    if row.state == RecordingState::Deleted || row.delete_requested_at.is_some() {
        return Err(not_to_be_heard(&row));
    }
    let action = match hold {
        Hold::On { reason } => {
            row.legal_hold_at.get_or_insert(unit.now());
            row.legal_hold_reason = Some(reason);
            "recording:hold"
        }
        Hold::Off => {
            (row.legal_hold_at, row.legal_hold_reason) = (None, None);
            "recording:release"
        }
    };
    let detail = json!({"recordingId": id, "callId": row.call_id, "reason": row.legal_hold_reason});
    audit::note(app, scope, unit.tx(), reader.user, action, detail).await?;
    note_reading(app, &unit, reader, std::slice::from_ref(&row)).await?;
    recordings::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(row)
}

/// Deletes a recording: nobody hears it from now on, and its file goes at once. Twice is once. Refused under a legal hold,
/// and while the provider is not done with it.
pub async fn delete(app: &App, scope: CompanyScope, reader: Reader, id: RecordingId) -> Result<()> {
    find(app, scope, reader.whose, id).await?;
    let (mut unit, mut row) = open(app, scope, id).await?;
    if row.legal_hold_at.is_some() {
        return Err(Error::conflict(Code::LegalHold, "This recording is under a legal hold."));
    }
    match row.state {
        RecordingState::Stored | RecordingState::Failed => {}
        RecordingState::Deleted => return Ok(()),
        RecordingState::Planned
        | RecordingState::InProgress
        | RecordingState::Paused
        | RecordingState::Processing
        | RecordingState::Absent => {
            return Err(Error::conflict(Code::RecordingNotStored, "There is no file to delete."));
        }
    }
    if row.delete_requested_at.is_none() {
        row.request_deletion(unit.now(), DeletedBecause::Request);
        row.deleted_by = Some(reader.user);
        let detail = json!({"recordingId": id, "callId": row.call_id});
        audit::note(app, scope, unit.tx(), reader.user, "recording:delete", detail).await?;
        recordings::save(scope, unit.tx(), row).await?;
        let now = unit.now();
        unit.job(JobKind::DeleteRecording, id, json!({}), now);
    }
    unit.commit().await
}

/// A recording whose call is locked.
async fn open(app: &App, scope: CompanyScope, id: RecordingId) -> Result<(Unit, recording::Model)> {
    let unit = Unit::begin(app, scope).await?;
    let call = recordings::get(scope, unit.tx(), id).await?.call_id;
    let _locked = CallFile::open(&unit, call).await?;
    let row = recordings::get(scope, unit.tx(), id).await?;
    Ok((unit, row))
}
