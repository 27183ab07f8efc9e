//! The jobs behind exports: writing a file, and deleting it when its time is over.
//!
//! A file is written from its beginning each time, under a name of its own: what a killed node was writing is in nobody's
//! way. Of two that are complete the first is kept.

use chrono::TimeDelta;
use entity::id::ExportId;
use entity::{CompanyScope, ExportState, JobKind, export};
use serde_json::json;

use super::pack::Pack;
use super::{Text, desk};
use crate::app::App;
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::storage::Kept;
use crate::store::exports::{self, Wanted};
use crate::store::{Unit, datasets};

/// How often it is said how far it is: after so long, or so many pieces.
const SAID_EVERY: TimeDelta = TimeDelta::seconds(2);
const PIECES: u32 = 64;
/// After so many tries it has failed.
const TRIES: i32 = 5;
/// When all places are taken.
const FOR_A_PLACE: TimeDelta = TimeDelta::seconds(2);

/// Writes the file of an export. `attempt` counts from 1.
pub async fn write(app: &App, scope: CompanyScope, id: ExportId, attempt: i32) -> Result<Done> {
    let Some(_place) = app.exports.for_job() else {
        return Ok(Done::Again(app.clock.now() + FOR_A_PLACE));
    };
    let Some(row) = begin(app, scope, id).await? else { return Ok(Done::Yes) };
    match run(app, scope, &row).await {
        Ok(Some(written)) => complete(app, scope, id, written).await?,
        Ok(None) => {}
        Err(error) if attempt >= TRIES => {
            tracing::error!(export = %id, ?error, "an export is given up");
            fail(app, scope, id).await?;
        }
        Err(error) => return Err(error),
    }
    Ok(Done::Yes)
}

/// `None` when nobody wants it any more.
async fn begin(app: &App, scope: CompanyScope, id: ExportId) -> Result<Option<export::Model>> {
    let ask = desk::wish(&exports::get(scope, app.db.reader(), id).await?).ask;
    let estimated = datasets::count(scope, &app.db, ask).await?;
    let unit = Unit::begin(app, scope).await?;
    let mut row = exports::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(ExportState::Running) else { return Ok(None) };
    row.state = state;
    row.started_at.get_or_insert(unit.now());
    row.rows_estimated = i64::try_from(estimated).ok();
    row.rows_written = 0;
    exports::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(Some(row))
}

/// A file that is complete.
struct Written {
    key: String,
    kept: Kept,
    rows: u64,
}

/// `None` when it was cancelled meanwhile.
async fn run(app: &App, scope: CompanyScope, row: &export::Model) -> Result<Option<Written>> {
    let wish = desk::wish(row);
    let try_id: uuid::Uuid = app.ids.next();
    let end = if wish.gzip { ".gz" } else { "" };
    let key = format!(
        "{}/exports/{}-{}.{}{end}",
        scope.company(),
        row.id,
        try_id.simple(),
        wish.ask.format.as_str()
    );
    let pack = if wish.gzip { Pack::gzip() } else { Pack::Plain };
    let mut text = Text::of(&wish, super::rows(app, scope, wish.ask), pack);
    let mut upload = files::begin(app, scope, &key).await?;
    let (mut said, mut pieces) = (app.clock.now(), 0);
    while let Some(piece) = text.next().await? {
        upload.write(piece).await?;
        pieces += 1;
        let now = app.clock.now();
        if pieces < PIECES && now - said < SAID_EVERY {
            continue;
        }
        (said, pieces) = (now, 0);
        let tx = app.db.begin().await?;
        let wanted = exports::progress(scope, &tx, row.id, text.count()).await?;
        tx.commit().await?;
        if wanted == Wanted::NoMore {
            upload.discard().await;
            files::delete(app, scope, &key).await?;
            return Ok(None);
        }
    }
    let kept = upload.finish().await?;
    Ok(Some(Written { key, kept, rows: text.count() }))
}

async fn complete(app: &App, scope: CompanyScope, id: ExportId, written: Written) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = exports::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(ExportState::Completed) else {
        drop(unit);
        return files::delete(app, scope, &written.key).await;
    };
    let now = unit.now();
    let kept = TimeDelta::from_std(app.settings.exports.kept).unwrap_or(TimeDelta::days(7));
    row.state = state;
    row.rows_written = i64::try_from(written.rows).unwrap_or(i64::MAX);
    row.storage_key = Some(written.key);
    row.size_bytes = i64::try_from(written.kept.size).ok();
    row.sha256 = Some(written.kept.sha256);
    (row.ended_at, row.expires_at) = (Some(now), Some(now + kept));
    exports::save(scope, unit.tx(), row).await?;
    unit.job(JobKind::DeleteExport, id, json!({}), now + kept);
    unit.commit().await
}

async fn fail(app: &App, scope: CompanyScope, id: ExportId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = exports::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(ExportState::Failed) else { return Ok(()) };
    row.state = state;
    row.failure = Some("The server could not write it. Its log says why.".to_owned());
    row.ended_at = Some(unit.now());
    exports::save(scope, unit.tx(), row).await?;
    unit.commit().await
}

/// Deletes the file of an export that was taken back, or has been kept long enough.
pub async fn delete(app: &App, scope: CompanyScope, id: ExportId) -> Result<Done> {
    let row = exports::get(scope, app.db.reader(), id).await?;
    let due = row.expires_at.is_some_and(|at| at <= app.clock.now());
    if row.state == ExportState::Completed && !due {
        return Err(Error::internal("delete an export's file", "it is still to be kept"));
    }
    if let Some(key) = &row.storage_key {
        files::delete(app, scope, key).await?;
    }
    let unit = Unit::begin(app, scope).await?;
    let mut row = exports::lock(scope, unit.tx(), id).await?;
    row.state = row.state.advance(ExportState::Expired).unwrap_or(row.state);
    row.storage_key = None;
    exports::save(scope, unit.tx(), row).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}
