//! The jobs behind such requests. A node that is killed loses nothing: an archive is written again from its beginning, and an
//! erasure goes on at the step that it was at. Each step may be done twice.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::PrivacyRequestId;
use entity::{CompanyScope, JobKind, PrivacyKind, PrivacyState, privacy_request};
use serde_json::json;

use super::subject::Subject;
use super::{archive, erase};
use crate::app::App;
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::store::{Unit, privacy_requests};

/// After so many tries in a row it has failed.
const TRIES: i32 = 8;

/// How a step went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    On,
    /// It has to wait: for a call that goes on, for a file that is being deleted.
    Until(DateTime<Utc>),
}

/// A request that is being done.
pub struct Work<'a> {
    pub app: &'a App,
    pub scope: CompanyScope,
    pub id: PrivacyRequestId,
    pub row: privacy_request::Model,
    pub subject: Subject,
}

/// The job. `attempt` counts from 1.
pub async fn run(app: &App, scope: CompanyScope, id: PrivacyRequestId, attempt: i32) -> Result<Done> {
    let Some(row) = begin(app, scope, id).await? else { return Ok(Done::Yes) };
    let sealed = row.subject_sealed.as_deref().unwrap_or_default();
    let subject = Subject::open(&app.keys, id, sealed)?;
    let kind = row.kind;
    let mut work = Work { app, scope, id, row, subject };
    let went = match kind {
        PrivacyKind::Export => archive::write(&mut work).await.map(|()| Went::On),
        PrivacyKind::Erase => erase::run(&mut work).await,
    };
    match went {
        Ok(Went::On) => Ok(Done::Yes),
        Ok(Went::Until(at)) => Ok(Done::Again(at)),
        Err(error) if attempt >= TRIES => {
            tracing::error!(request = %id, ?error, "a request about a person is given up");
            fail(app, scope, id).await?;
            Ok(Done::Yes)
        }
        Err(error) => Err(error),
    }
}

/// `None` when it is settled.
async fn begin(
    app: &App,
    scope: CompanyScope,
    id: PrivacyRequestId,
) -> Result<Option<privacy_request::Model>> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = privacy_requests::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(PrivacyState::Running) else { return Ok(None) };
    row.state = state;
    row.started_at.get_or_insert(unit.now());
    privacy_requests::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(Some(row))
}

async fn fail(app: &App, scope: CompanyScope, id: PrivacyRequestId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = privacy_requests::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(PrivacyState::Failed) else { return Ok(()) };
    row.state = state;
    row.failure =
        Some("The server could not do it to the end. Its log says why; ask for it again.".to_owned());
    row.subject_sealed = None;
    row.ended_at = Some(unit.now());
    privacy_requests::save(scope, unit.tx(), row).await?;
    unit.commit().await
}

impl Work<'_> {
    /// Notes, with the unit that did it, how far it is and what the proof says by now.
    pub async fn note(&mut self, unit: &Unit, steps_done: i32) -> Result<()> {
        self.row.steps_done = steps_done;
        privacy_requests::save(self.scope, unit.tx(), self.row.clone()).await
    }

    /// The same in a unit of its own.
    pub async fn note_alone(&mut self, steps_done: i32) -> Result<()> {
        let unit = Unit::begin(self.app, self.scope).await?;
        self.note(&unit, steps_done).await?;
        unit.commit().await
    }

    /// Counts in the proof: `section` is `found` or `erased`.
    pub fn count(&mut self, section: &str, what: &str, more: u64) {
        if more > 0 {
            let before = self.row.proof[section][what].as_u64().unwrap_or_default();
            self.row.proof[section][what] = json!(before + more);
        }
    }

    /// Says in the proof what was left, and why.
    pub fn left(&mut self, what: &str, count: u64, because: &str) {
        if count == 0 {
            return;
        }
        if let Some(left) = self.row.proof["left"].as_array_mut() {
            left.retain(|line| line["what"] != what);
            left.push(json!({"what": what, "count": count, "because": because}));
        }
    }
}

/// Deletes the archive of a person when its time is over.
pub async fn delete(app: &App, scope: CompanyScope, id: PrivacyRequestId) -> Result<Done> {
    let row = privacy_requests::get(scope, app.db.reader(), id).await?;
    let due = row.expires_at.is_none_or(|at| at <= app.clock.now());
    if row.state == PrivacyState::Completed && !due {
        return Err(Error::internal("delete a person's archive", "it is still to be kept"));
    }
    expire(app, scope, id).await?;
    Ok(Done::Yes)
}

/// The archive is gone from now on.
pub async fn expire(app: &App, scope: CompanyScope, id: PrivacyRequestId) -> Result<()> {
    let row = privacy_requests::get(scope, app.db.reader(), id).await?;
    if let Some(key) = &row.storage_key {
        files::delete(app, scope, key).await?;
    }
    let unit = Unit::begin(app, scope).await?;
    let mut row = privacy_requests::lock(scope, unit.tx(), id).await?;
    row.state = row.state.advance(PrivacyState::Expired).unwrap_or(row.state);
    row.storage_key = None;
    privacy_requests::save(scope, unit.tx(), row).await?;
    unit.commit().await
}

/// The archive is there.
pub async fn archived(work: &mut Work<'_>, key: String, kept: crate::storage::Kept) -> Result<()> {
    let mut unit = Unit::begin(work.app, work.scope).await?;
    let row = privacy_requests::lock(work.scope, unit.tx(), work.id).await?;
    let Some(state) = row.state.advance(PrivacyState::Completed) else {
        drop(unit);
        return files::delete(work.app, work.scope, &key).await;
    };
    let now = unit.now();
    let lasts = TimeDelta::from_std(work.app.settings.exports.kept).unwrap_or(TimeDelta::days(7));
    work.row.state = state;
    work.row.subject_sealed = None;
    work.row.storage_key = Some(key);
    work.row.size_bytes = i64::try_from(kept.size).ok();
    work.row.sha256 = Some(kept.sha256);
    (work.row.ended_at, work.row.expires_at) = (Some(now), Some(now + lasts));
    let steps = work.row.steps;
    work.note(&unit, steps).await?;
    unit.job(JobKind::DeletePrivacyArchive, work.id, json!({}), now + lasts);
    unit.commit().await
}

/// He is erased.
pub async fn erased(work: &mut Work<'_>) -> Result<()> {
    let unit = Unit::begin(work.app, work.scope).await?;
    let row = privacy_requests::lock(work.scope, unit.tx(), work.id).await?;
    let Some(state) = row.state.advance(PrivacyState::Completed) else { return Ok(()) };
    work.row.state = state;
    work.row.subject_sealed = None;
    work.row.ended_at = Some(unit.now());
    let steps = work.row.steps;
    work.note(&unit, steps).await?;
    unit.commit().await
}
