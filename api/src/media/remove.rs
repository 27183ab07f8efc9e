//! How media go: by hand, with what named them, or because nobody completed them. The row knows at once, and no link opens
//! any more; a job deletes the files.

use entity::id::MediaId;
use entity::{CompanyScope, JobKind, MediaState, MediaStore, media};
use serde_json::json;

use super::{Asker, cloudinary, get};
use crate::app::App;
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::store::media as rows;
use crate::store::{Unit, jobs};

/// Deletes media that who asks may see.
pub async fn remove(app: &App, scope: CompanyScope, by: Asker, id: MediaId) -> Result<()> {
    get(app, scope, by, id).await?;
    let mut unit = Unit::begin(app, scope).await?;
    remove_in(&mut unit, id).await?;
    unit.commit().await
}

/// The same within a unit: for whatever named them and goes itself. Twice is once.
pub async fn remove_in(unit: &mut Unit, id: MediaId) -> Result<()> {
    let scope = unit.scope();
    let row = rows::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(MediaState::Deleted) else { return Ok(()) };
    let now = unit.now();
    let gone = media::Model { state, name: None, sha256: None, deleted_at: Some(now), ..row };
    rows::save(scope, unit.tx(), gone).await?;
    jobs::cancel(unit, JobKind::ExpireMedia, id).await?;
    jobs::cancel(unit, JobKind::FinishMedia, id).await?;
    unit.job(JobKind::DeleteMedia, id, json!({}), now);
    Ok(())
}

/// The job that forgets an upload which nobody has completed.
pub async fn expire(unit: &mut Unit, id: MediaId) -> Result<()> {
    let row = rows::lock(unit.scope(), unit.tx(), id).await?;
    match row.state {
        MediaState::Uploading | MediaState::Processing => remove_in(unit, id).await,
        MediaState::Ready | MediaState::Deleted => Ok(()),
    }
}

/// The job behind: of deleted media all files go, of others the parts that they were put together from. Of what nobody was
/// ever shown the row goes as well.
pub async fn delete_files(app: &App, scope: CompanyScope, id: MediaId) -> Result<Done> {
    let row = rows::get(scope, app.db.reader(), id).await?;
    for part in rows::parts(scope, app.db.reader(), id).await? {
        files::delete(app, scope, &part.storage_key).await?;
    }
    match row.state {
        MediaState::Deleted => {
            if let Some(key) = &row.thumbnail_key {
                files::delete(app, scope, key).await?;
            }
            match (&row.storage_key, row.store) {
                (Some(key), MediaStore::Files) => files::delete(app, scope, key).await?,
                (Some(_), MediaStore::Cloudinary) => cloudinary::destroy(app, &row).await?,
                (None, _) => {}
            }
        }
        MediaState::Ready => {}
        MediaState::Uploading | MediaState::Processing => {
            return Err(Error::internal("delete the files of media", "they are still wanted"));
        }
    }
    let unit = Unit::begin(app, scope).await?;
    rows::forget_parts(scope, unit.tx(), id).await?;
    if row.state == MediaState::Deleted {
        if row.ready_at.is_some() {
            let bare = media::Model { storage_key: None, thumbnail_key: None, ..row };
            rows::save(scope, unit.tx(), bare).await?;
        } else {
            rows::forget(scope, unit.tx(), id).await?;
        }
    }
    unit.commit().await?;
    Ok(Done::Yes)
}
