//! The bucket of a company's own. New files go into the current one; those before it are kept as rows, with their keys, as
//! long as something lies in them ([`crate::files`]).

use std::sync::Arc;

use bytes::Bytes;
use entity::id::{BucketId, UserId};
use entity::{CompanyScope, bucket};
use serde_json::json;
use url::Url;

use crate::app::App;
use crate::config::{S3Files, S3Settings};
use crate::error::{Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::sealed;
use crate::secret::Secret;
use crate::storage::{S3, Storage};
use crate::store::{Unit, buckets};

/// What is to be the company's bucket.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub endpoint: Option<String>,
    pub region: String,
    pub name: String,
    pub prefix: String,
    pub access_key_id: String,
    /// The one that there is, when none is given and the place and the key's id are as they were.
    pub secret: Option<Secret>,
    pub path_style: bool,
    pub handing: Handing,
}

/// How a file comes to who may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handing {
    /// By a short-lived link to the store.
    Linked,
    /// Through this server.
    Streamed,
}

impl Wanted {
    fn is_at(&self, row: &bucket::Model) -> bool {
        (&self.endpoint, &self.region, &self.name, &self.prefix)
            == (&row.endpoint, &row.region, &row.name, &row.prefix)
    }
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<bucket::Model> {
    buckets::current(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Integration))
}

/// Keeps new files there from now on, if a small file can be written, read and deleted there.
///
/// # Errors
/// 422 with every field that is wrong, or with what the store has answered.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<bucket::Model> {
    let wanted = check(app, wanted)?;
    let before = buckets::current(scope, app.db.reader()).await?;
    let secret = secret(app, &wanted, before.as_ref())?;
    let tried = client(app, &settings(&wanted, &secret), &wanted.prefix)?;
    try_out(app, scope, &tried).await?;

    let unit = Unit::begin(app, scope).await?;
    let mut all = buckets::lock_all(scope, unit.tx()).await?;
    buckets::retire(scope, unit.tx(), unit.now()).await?;
    // Who comes back to a place finds his old files by the new key, too.
    let known = all.iter().position(|row| wanted.is_at(row)).map(|at| all.swap_remove(at));
    let id = known.as_ref().map_or_else(|| unit.id(), |row| row.id);
    let row = bucket::Model {
        id,
        company_id: scope.company(),
        endpoint: wanted.endpoint,
        region: wanted.region,
        name: wanted.name,
        prefix: wanted.prefix,
        access_key_id: wanted.access_key_id,
        secret_sealed: sealed::seal(&app.keys, &about(id), &secret)?,
        path_style: wanted.path_style,
        linked: wanted.handing == Handing::Linked,
        created_at: known.as_ref().map_or(unit.now(), |row| row.created_at),
        retired_at: None,
        updated_at: unit.now(),
        updated_by: by,
    };
    match known {
        Some(_) => buckets::save(scope, unit.tx(), row.clone()).await?,
        None => buckets::insert(scope, unit.tx(), row.clone()).await?,
    }
    let detail = json!({"bucketId": id, "bucket": row.name, "region": row.region});
    audit::note(app, scope, unit.tx(), by, "integrations:s3", detail).await?;
    unit.commit().await?;
    Ok(row)
}

/// New files are kept where the platform keeps them from now on.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if buckets::retire(scope, unit.tx(), unit.now()).await? == 0 {
        return Err(Error::NotFound(Subject::Integration));
    }
    audit::note(app, scope, unit.tx(), by, "integrations:s3-removed", json!({})).await?;
    unit.commit().await
}

/// The way to a bucket. It is made anew when somebody has changed it.
pub fn open(app: &App, row: &bucket::Model) -> Result<Arc<dyn Storage>> {
    if let Some(known) = app.buckets.get(row) {
        return Ok(known);
    }
    let settings = S3Settings {
        bucket: row.name.clone(),
        region: row.region.clone(),
        access_key_id: row.access_key_id.clone(),
        secret_access_key: sealed::open(&app.keys, &about(row.id), &row.secret_sealed)?,
        endpoint: row.endpoint.clone(),
        path_style: row.path_style,
        files: if row.linked { S3Files::Linked } else { S3Files::Streamed },
    };
    let storage: Arc<dyn Storage> = Arc::new(client(app, &settings, &row.prefix)?);
    app.buckets.keep(row, storage.clone());
    Ok(storage)
}

fn client(app: &App, settings: &S3Settings, prefix: &str) -> Result<S3> {
    let amazon;
    let endpoint = match &settings.endpoint {
        Some(endpoint) => endpoint,
        None => {
            amazon = format!("https://s3.{}.amazonaws.com", settings.region);
            &amazon
        }
    };
    let url = Url::parse(endpoint).map_err(|_| no_endpoint())?;
    let names = app.web.names_for(&url).map_err(|_| no_endpoint())?;
    Ok(S3::of_tenant(settings, prefix, names))
}

fn no_endpoint() -> Error {
    Error::invalid("/endpoint", "must begin with https:// and lead to a host on the public internet")
}

fn about(id: BucketId) -> String {
    format!("bucket:{id}")
}

fn settings(wanted: &Wanted, secret: &Secret) -> S3Settings {
    S3Settings {
        bucket: wanted.name.clone(),
        region: wanted.region.clone(),
        access_key_id: wanted.access_key_id.clone(),
        secret_access_key: secret.clone(),
        endpoint: wanted.endpoint.clone(),
        path_style: wanted.path_style,
        files: S3Files::Streamed,
    }
}

/// A secret that somebody has entered for one place goes to no other.
fn secret(app: &App, wanted: &Wanted, before: Option<&bucket::Model>) -> Result<Secret> {
    if let Some(secret) = &wanted.secret {
        return Ok(secret.clone());
    }
    let same = |row: &&bucket::Model| wanted.is_at(row) && row.access_key_id == wanted.access_key_id;
    match before.filter(same) {
        Some(row) => sealed::open(&app.keys, &about(row.id), &row.secret_sealed),
        None => {
            Err(Error::invalid("/secretAccessKey", "is needed with a place or a key that is not known yet"))
        }
    }
}

/// Writes a small file, reads it and deletes it.
async fn try_out(app: &App, scope: CompanyScope, storage: &S3) -> Result<()> {
    let key = format!("{}/probe/{}", scope.company(), app.ids.next::<BucketId>());
    let content = Bytes::from_static(b"CallDocker can keep files here.");
    let said = |doing: &str, why: String| {
        Err(Error::invalid("/bucket", format!("cannot be used: {doing} a file there failed: {why}")))
    };
    let writing = storage.put(&key, content.clone());
    if let Err(error) = writing.await {
        return said("writing", why(error));
    }
    match storage.get(&key).await {
        Ok(Some(read)) if read == content => {}
        Ok(_) => return said("reading", "it is not what was written".to_owned()),
        Err(error) => return said("reading", why(error)),
    }
    if let Err(error) = storage.delete(&key).await {
        return said("deleting", why(error));
    }
    Ok(())
}

/// What the store has answered, short enough to be read.
fn why(error: Error) -> String {
    match error {
        Error::Internal(internal) => internal.cause.to_string().chars().take(300).collect(),
        _ => "it does not answer".to_owned(),
    }
}

fn check(app: &App, wanted: Wanted) -> Result<Wanted> {
    let mut wrong = Vec::new();
    let mut add = |field: &str, message: &str| {
        wrong.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    if let Some(endpoint) = &wanted.endpoint {
        let url = Url::parse(endpoint).ok();
        let plain = |url: &Url| {
            url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.path() == "/"
        };
        match url {
            Some(url) if !plain(&url) => {
                add("/endpoint", "must be an address such as https://s3.example.com")
            }
            Some(url) if app.web.names_for(&url).is_ok() => {}
            Some(_) | None => {
                add("/endpoint", "must begin with https:// and lead to a host on the public internet");
            }
        }
    }
    let prefix = wanted.prefix.trim_matches('/');
    let is_part = |part: &str| {
        !part.is_empty()
            && part != "."
            && part != ".."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!-_.*'()".contains(c))
    };
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        add("/prefix", "must be names of letters, digits and -_. with slashes between them");
    }
    if wanted.name.contains("..") || wanted.name.contains("--") {
        add("/bucket", "must be the name of a bucket for general use");
    }
    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    Error::unless_empty(wrong)?;
    Ok(Wanted { prefix, ..wanted })
}
