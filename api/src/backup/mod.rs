//! Backups: a folder with the database, the stored files and a manifest that says what belongs to it. It is written under
//! another name and renamed when it is whole, so that half of one is never taken for one. Restoring looks at all of it
//! before it touches anything, and never writes over data unless it is told to.
//!
//! The database comes first and the files after it: a row that names a file is written after the file, so that every file
//! of the copied rows is in the backup, unless somebody deleted it meanwhile.

mod files;
mod manifest;
mod postgres;
mod restore;

use std::path::{Path, PathBuf};

use sea_orm::{ConnectOptions, DbBackend, IsolationLevel, TransactionTrait};

use crate::app::App;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::store::system;

use manifest::{FilesKept, Kind, Manifest, Part};

pub use restore::{Over, Wish, restore};

const SQLITE_FILE: &str = "database.sqlite";
const POSTGRES_FILE: &str = "database.dump";
const FILES: &str = "files";
const KEYS: &str = "keys";
/// The secrets of an installation, by the names of their files.
const KEY_FILES: [&str; 2] = ["jwt_secret", "master_key"];

/// Whether the two secrets go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    LeftOut,
    Included,
}

/// Who is told how far it is, a line at a time.
pub type Say<'a> = &'a mut dyn FnMut(&str);

/// Writes a backup into a new folder below `to`, and answers which. The server may run.
pub async fn backup(app: &App, to: &Path, secrets: Secrets, say: Say<'_>) -> Result<PathBuf> {
    let at = app.clock.now();
    let place = to.join(format!("calldocker-{}", at.format("%Y%m%dT%H%M%SZ")));
    if place.exists() {
        return Err(Error::internal("back up", format!("{} is there already", place.display())));
    }
    let draft = place.with_extension("part");
    files::make_private(&draft)?;
    let written = write(app, &draft, secrets, say).await;
    match written {
        Ok(manifest) => {
            manifest.write(&draft)?;
            std::fs::rename(&draft, &place).map_err(|cause| Error::internal("finish the backup", cause))?;
            Ok(place)
        }
        Err(error) => {
            // What there is of it is of no use to anybody.
            let _ = std::fs::remove_dir_all(&draft);
            Err(error)
        }
    }
}

async fn write(app: &App, draft: &Path, secrets: Secrets, say: Say<'_>) -> Result<Manifest> {
    let mut manifest = Manifest::new(kind(app.db.backend()), app.clock.now(), fingerprint(&app.keys)?);
    say("Copying the database …");
    let database = match manifest.database {
        Kind::Sqlite => sqlite(app, draft, &mut manifest).await?,
        Kind::Postgres => postgres(app, draft, &mut manifest).await?,
    };
    let rows: u64 = manifest.tables.values().sum();
    say(&format!("  {rows} rows of {} tables, {} bytes", manifest.tables.len(), database.bytes));
    manifest.parts.push(database);
    if app.settings.s3.is_some() {
        manifest.files = FilesKept::Bucket;
        say("Stored files are in a bucket, and are not copied: it keeps versions of its own.");
    } else {
        say("Copying stored files …");
        let copied = files::copy_all(app.settings.upload_path.clone(), draft.join(FILES), FILES).await?;
        say(&format!(
            "  {} files, {} bytes",
            copied.len(),
            copied.iter().map(|part| part.bytes).sum::<u64>()
        ));
        manifest.parts.extend(copied);
    }
    if secrets == Secrets::Included {
        for (name, secret) in KEY_FILES.iter().zip([&app.keys.jwt, &app.keys.master]) {
            let path = draft.join(KEYS).join(name);
            manifest.parts.push(files::write_secret(&path, secret.expose(), &format!("{KEYS}/{name}"))?);
        }
        say("The two secrets are in it: whoever has this backup reads everything.");
    }
    Ok(manifest)
}

fn kind(backend: DbBackend) -> Kind {
    match backend {
        DbBackend::Postgres => Kind::Postgres,
        _ => Kind::Sqlite,
    }
}

async fn sqlite(app: &App, draft: &Path, manifest: &mut Manifest) -> Result<Part> {
    let file = draft.join(SQLITE_FILE);
    system::copy_sqlite(app.db.reader(), &file).await?;
    // Counted in the copy: the server may have written meanwhile.
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=ro", file.display()));
    options.sqlx_logging(false).max_connections(1);
    let copy = sea_orm::Database::connect(options).await?;
    manifest.tables = system::rows_by_table(&copy).await?;
    manifest.migrations = system::migrations(&copy).await?;
    copy.close().await?;
    files::describe(file, SQLITE_FILE).await
}

async fn postgres(app: &App, draft: &Path, manifest: &mut Manifest) -> Result<Part> {
    let server = postgres::Server::of(app.settings.database_url.expose())?;
    let tx = app.db.reader().begin_with_config(Some(IsolationLevel::RepeatableRead), None).await?;
    let snapshot = system::export_snapshot(&tx).await?;
    manifest.tables = system::rows_by_table(&tx).await?;
    manifest.migrations = system::migrations(&tx).await?;
    let file = draft.join(POSTGRES_FILE);
    server.dump(&file, &snapshot).await?;
    tx.rollback().await?;
    files::describe(file, POSTGRES_FILE).await
}

/// Tells whether two installations have the same MASTER_KEY, and nothing about it.
fn fingerprint(keys: &Keys) -> Result<String> {
    Ok(hex::encode(&keys.derive("fingerprint of a backup")?[..8]))
}
