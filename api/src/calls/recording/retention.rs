//! How long recordings are kept. Once a day what has been kept long enough is marked, and each is deleted by a job of its
//! own; a legal hold wins.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{JobId, RecordingId};
use entity::{CompanyScope, DeletedBecause, JobKind, RecordingKind, recording_policy};
use serde_json::json;

use super::super::CallFile;
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::store::recordings::{self, Due};
use crate::store::{Unit, jobs};

const DAY: TimeDelta = TimeDelta::days(1);
/// Marked at once between two looks at the list.
const BATCH: u64 = 100;

/// What the next round would delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    pub recordings: Due,
    pub voicemails: Due,
}

/// Of each kind, before when it must have been made to be due; kinds that are kept for ever are not among them.
fn limits(
    policy: &recording_policy::Model,
    now: DateTime<Utc>,
) -> impl Iterator<Item = (RecordingKind, DateTime<Utc>)> {
    [
        (RecordingKind::Call, policy.keep_recordings_days),
        (RecordingKind::Voicemail, policy.keep_voicemails_days),
        (RecordingKind::SurveyComment, policy.keep_voicemails_days),
    ]
    .into_iter()
    .filter_map(move |(kind, days)| Some((kind, now - TimeDelta::days(i64::from(days?)))))
}

/// Counts what is due and deletes nothing.
pub async fn figures(app: &App, scope: CompanyScope) -> Result<Figures> {
    let db = app.db.reader();
    let mut figures = Figures::default();
    let Some(policy) = recordings::policy(scope, db).await? else { return Ok(figures) };
    for (kind, before) in limits(&policy, app.clock.now()) {
        let due = recordings::count_due(scope, db, kind, before).await?;
        match kind {
            RecordingKind::Call => figures.recordings = due,
            RecordingKind::Voicemail | RecordingKind::SurveyComment => figures.voicemails.add(due),
        }
    }
    Ok(figures)
}

/// Begins the daily rounds, in place of those that were planned.
pub async fn plan(unit: &mut Unit) -> Result<()> {
    let company = unit.company();
    jobs::cancel(unit, JobKind::RetainRecordings, company).await?;
    let now = unit.now();
    unit.job(JobKind::RetainRecordings, company, json!({}), now);
    Ok(())
}

/// The job.
pub async fn round(app: &App, scope: CompanyScope, job: JobId) -> Result<Done> {
    let Some(policy) = recordings::policy(scope, app.db.reader()).await? else { return Ok(Done::Yes) };
    let now = app.clock.now();
    let mut limited = false;
    for (kind, before) in limits(&policy, now) {
        limited = true;
        while mark(app, scope, kind, before).await? == More::Yes {}
    }
    // A change of the policy has planned rounds of its own.
    let unit = Unit::begin(app, scope).await?;
    let planned = jobs::is_queued(&unit, JobKind::RetainRecordings, scope.company(), Some(job)).await?;
    unit.commit().await?;
    Ok(if limited && !planned { Done::Again(now + DAY) } else { Done::Yes })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum More {
    Yes,
    No,
}

async fn mark(app: &App, scope: CompanyScope, kind: RecordingKind, before: DateTime<Utc>) -> Result<More> {
    let due = recordings::due(scope, app.db.reader(), kind, before, BATCH).await?;
    for row in &due {
        mark_one(app, scope, row.id).await?;
    }
    Ok(if due.len() as u64 == BATCH { More::Yes } else { More::No })
}

/// Unless somebody has put it under a legal hold, or deleted it, since it was seen.
async fn mark_one(app: &App, scope: CompanyScope, id: RecordingId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let call = recordings::get(scope, unit.tx(), id).await?.call_id;
    let _locked = CallFile::open(&unit, call).await?;
    let mut row = recordings::get(scope, unit.tx(), id).await?;
    if row.legal_hold_at.is_some() || row.delete_requested_at.is_some() {
        return Ok(());
    }
    row.request_deletion(unit.now(), DeletedBecause::Retention);
    recordings::save(scope, unit.tx(), row).await?;
    let now = unit.now();
    unit.job(JobKind::DeleteRecording, id, json!({}), now);
    unit.commit().await
}
