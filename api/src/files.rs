//! The files of companies: recordings, prompts, exports. A file lies in the bucket that its company had when it was stored,
//! or where the platform keeps files; where, is a row that is written before the file, so that none is lost that was begun.
//! What belongs to no company (pictures of users) is in none of it.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::id::BucketId;
use entity::{CompanyScope, bucket};

use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::integrations::bucket as buckets_of;
use crate::storage::{Link, Pieces, Storage, Upload};
use crate::store::buckets;

/// The ways to the buckets that this node has used.
#[derive(Default)]
pub struct Buckets(Mutex<HashMap<BucketId, Known>>);

/// The way to a bucket as it was set then.
struct Known {
    set_at: DateTime<Utc>,
    storage: Arc<dyn Storage>,
}

/// More are forgotten, and made again when they are wanted.
const MOST: usize = 1000;

impl Buckets {
    pub fn get(&self, row: &bucket::Model) -> Option<Arc<dyn Storage>> {
        let known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.get(&row.id).filter(|known| known.set_at == row.updated_at).map(|known| known.storage.clone())
    }

    pub fn keep(&self, row: &bucket::Model, storage: Arc<dyn Storage>) {
        let mut known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(row.id, Known { set_at: row.updated_at, storage });
    }
}

/// Begins a file where the company's new files are kept.
pub async fn begin(app: &App, scope: CompanyScope, key: &str) -> Result<Upload> {
    let db = app.db.reader();
    if buckets::current(scope, db).await?.is_none() && buckets::of_file(scope, db, key).await?.is_none() {
        return Upload::begin(&*app.storage, key).await;
    }
    let tx = app.db.begin().await?;
    let current = buckets::current(scope, &tx).await?;
    buckets::place_file(scope, &tx, key, current.as_ref().map(|row| row.id), app.clock.now()).await?;
    tx.commit().await?;
    match current {
        Some(row) => Upload::begin(&*buckets_of::open(app, &row)?, key).await,
        None => Upload::begin(&*app.storage, key).await,
    }
}

/// Keeps a small file: whole or not at all.
///
/// # Errors
/// `STORAGE_UNAVAILABLE` when the company's own bucket does not take it.
pub async fn put(app: &App, scope: CompanyScope, key: &str, bytes: Bytes) -> Result<()> {
    let kept = async {
        let mut upload = begin(app, scope, key).await?;
        upload.write(bytes).await?;
        upload.finish().await.map(drop)
    };
    match kept.await {
        Err(error) => Err(place(app, scope, key).await?.failed(error)),
        Ok(()) => Ok(()),
    }
}

/// As [`Storage::get`].
///
/// # Errors
/// `STORAGE_UNAVAILABLE` when the company's own bucket does not answer.
pub async fn get(app: &App, scope: CompanyScope, key: &str) -> Result<Option<Bytes>> {
    let place = place(app, scope, key).await?;
    place.storage.get(key).await.map_err(|error| place.failed(error))
}

/// As [`Storage::read`].
///
/// # Errors
/// As of [`get`].
pub async fn read(
    app: &App,
    scope: CompanyScope,
    key: &str,
    range: Option<Range<u64>>,
) -> Result<Option<Pieces>> {
    let place = place(app, scope, key).await?;
    place.storage.read(key, range).await.map_err(|error| place.failed(error))
}

/// As [`Storage::link`].
pub async fn link(app: &App, scope: CompanyScope, key: &str, link: Link<'_>) -> Result<Option<String>> {
    place(app, scope, key).await?.storage.link(key, link).await
}

/// Deletes the file where it lies. One that is not there is deleted.
pub async fn delete(app: &App, scope: CompanyScope, key: &str) -> Result<()> {
    let Some(row) = buckets::of_file(scope, app.db.reader(), key).await? else {
        return app.storage.delete(key).await;
    };
    buckets_of::open(app, &row)?.delete(key).await?;
    let tx = app.db.begin().await?;
    buckets::forget_file(scope, &tx, key).await?;
    Ok(tx.commit().await?)
}

/// Where a file lies.
struct Place {
    storage: Arc<dyn Storage>,
    of_the_company: bool,
}

impl Place {
    /// A company's own bucket is for its owner to mend; where the platform keeps files is for us.
    fn failed(&self, error: Error) -> Error {
        match error {
            Error::Internal(cause) if self.of_the_company => {
                tracing::warn!(?cause, "a company's bucket failed");
                Error::Unavailable { code: Code::StorageUnavailable, message: UNAVAILABLE }
            }
            error => error,
        }
    }
}

const UNAVAILABLE: &str =
    "The company's bucket does not take or give the file. Try again, or have an owner look at its settings.";

async fn place(app: &App, scope: CompanyScope, key: &str) -> Result<Place> {
    Ok(match buckets::of_file(scope, app.db.reader(), key).await? {
        Some(row) => Place { storage: buckets_of::open(app, &row)?, of_the_company: true },
        None => Place { storage: app.storage.clone(), of_the_company: false },
    })
}
