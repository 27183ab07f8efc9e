//! Restoring: everything is looked at first. Then the database is put in its place, brought up to date, and the files
//! after it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clock::Clock;
use migration::{Migrator, MigratorTrait};
use tokio::io::AsyncReadExt;

use super::manifest::{Kind, Manifest, Part};
use super::{FILES, KEY_FILES, KEYS, Say, Secrets, files, fingerprint, kind, postgres};
use crate::app::App;
use crate::bus::Delivery;
use crate::config::Settings;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::storage::Upload;
use crate::store::{Database, system};

/// Read at once.
const PIECE: usize = 64 * 1024;

/// What is wanted of a restoration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    pub secrets: Secrets,
    pub over: Over,
}

/// What may be lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: the database must be empty.
    Nothing,
    /// What the database holds.
    Everything,
}

/// Brings back what the backup in `from` holds. No server may run meanwhile.
///
/// # Errors
/// When the backup is not whole or was made by a newer program, when there is data in its place, or somebody uses it.
pub async fn restore(settings: Settings, from: &Path, wish: Wish, say: Say<'_>) -> Result<()> {
    let manifest = Manifest::read(from)?;
    say(&format!(
        "A backup of {}, made by version {}.",
        manifest.made_at.format("%F %T UTC"),
        manifest.version
    ));
    say("Checking it …");
    files::check(from.to_owned(), manifest.parts.clone()).await?;
    migrations_fit(&manifest)?;
    make(&settings.data_dir)?;
    check_key(&settings, &manifest, from, wish)?;

    say("Putting the database in its place …");
    let one = Settings { database_pool: 1, ..settings.clone() };
    let db = Database::connect(&one).await?;
    let looked = look_at(&db, &manifest, wish).await;
    let now = Clock::machine().now();
    let given_up = match looked {
        Ok(rows) => rows,
        Err(error) => {
            db.close().await?;
            return Err(error);
        }
    };
    let file = from.join(&manifest.database_part()?.path);
    match manifest.database {
        Kind::Sqlite => {
            db.close().await?;
            if given_up > 0 {
                set_aside(&sqlite_file(&settings)?, now, say)?;
            }
            put_sqlite(&sqlite_file(&settings)?, file).await?;
        }
        Kind::Postgres => {
            system::clear_postgres(db.writer()).await?;
            db.close().await?;
            postgres::Server::of(settings.database_url.expose())?.restore(&file).await?;
        }
    }

    let app = App::build(settings, Clock::machine(), Delivery::DropEverything).await?;
    let restored = finish(&app, &manifest, from, say).await;
    app.db.clone().close().await?;
    restored
}

/// A node one version older than the program reads what a newer one has written; a program cannot read what it has never
/// heard of.
fn migrations_fit(manifest: &Manifest) -> Result<()> {
    let known: BTreeSet<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    match manifest.migrations.iter().find(|name| !known.contains(*name)) {
        None => Ok(()),
        Some(unknown) => Err(Error::internal(
            "this backup is newer than the program",
            format!("it has had the migration {unknown}; use version {} or newer", manifest.version),
        )),
    }
}

/// What is sealed in the backup must be readable afterwards.
fn check_key(settings: &Settings, manifest: &Manifest, from: &Path, wish: Wish) -> Result<()> {
    if wish.secrets == Secrets::Included {
        for name in KEY_FILES {
            put_key(settings, &from.join(KEYS).join(name), name)?;
        }
    }
    if fingerprint(&Keys::load(settings)?)? == manifest.key_fingerprint || wish.over == Over::Everything {
        return Ok(());
    }
    Err(Error::internal(
        "MASTER_KEY",
        "is not the one with which the backup's secrets are sealed: set that one, or take it from the backup \
         (--with-keys) if it is there, or do without those secrets (--force)",
    ))
}

fn put_key(settings: &Settings, from: &Path, name: &str) -> Result<()> {
    let said = |cause| Error::internal(format!("the backup has no {name}"), cause);
    let secret = std::fs::read_to_string(from).map_err(said)?;
    let place = settings.data_dir.join(name);
    match std::fs::read_to_string(&place) {
        Ok(there) if there.trim() == secret.trim() => Ok(()),
        Ok(_) => {
            let problem = "is another one; move it away if it is not needed";
            Err(Error::internal(place.display().to_string(), problem))
        }
        Err(_) => files::write_secret(&place, secret.trim(), name).map(drop),
    }
}

/// Answers how many rows will be given up.
async fn look_at(db: &Database, manifest: &Manifest, wish: Wish) -> Result<u64> {
    if kind(db.backend()) != manifest.database {
        let problem =
            "a backup of SQLite goes into SQLite, and one of PostgreSQL into PostgreSQL (DATABASE_URL)";
        return Err(Error::internal("the settings name the other kind of database", problem));
    }
    if manifest.database == Kind::Postgres {
        let others = system::other_connections(db.writer()).await?;
        if others > 0 {
            let problem = format!("{others} other connections are open; stop every node and program first");
            return Err(Error::internal("the database is in use", problem));
        }
    }
    let rows: u64 = system::rows_by_table(db.writer()).await?.values().sum();
    if rows > 0 && wish.over == Over::Nothing {
        let problem = format!("it holds {rows} rows; name another one, or give them up with --force");
        return Err(Error::internal("the database is not empty", problem));
    }
    Ok(rows)
}

fn sqlite_file(settings: &Settings) -> Result<PathBuf> {
    let url = settings.database_url.expose();
    let path = url.strip_prefix("sqlite:").map(|path| path.trim_start_matches("//"));
    let path = path
        .and_then(|path| path.split('?').next())
        .filter(|path| !path.is_empty() && !path.contains(":memory:"));
    path.map(PathBuf::from).ok_or_else(|| Error::internal("DATABASE_URL", "names no file of SQLite"))
}

/// Keeps what is there under another name.
fn set_aside(place: &Path, now: DateTime<Utc>, say: Say<'_>) -> Result<()> {
    let beside = format!("{}.before-{}", place.display(), now.format("%Y%m%dT%H%M%SZ"));
    std::fs::rename(place, &beside)
        .map_err(|cause| Error::internal(format!("move {}", place.display()), cause))?;
    say(&format!("  what was there is now {beside}"));
    Ok(())
}

async fn put_sqlite(place: &Path, file: PathBuf) -> Result<()> {
    for log in ["-wal", "-shm"] {
        match std::fs::remove_file(format!("{}{log}", place.display())) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::internal(format!("remove the log of {}", place.display()), cause));
            }
            Ok(()) | Err(_) => {}
        }
    }
    files::put(file, place.to_owned()).await
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .map_err(|cause| Error::internal(format!("make {}", folder.display()), cause))
}

async fn finish(app: &App, manifest: &Manifest, from: &Path, say: Say<'_>) -> Result<()> {
    let counts = system::rows_by_table(app.db.writer()).await?;
    if counts != manifest.tables {
        let problem = "the restored tables have other numbers of rows than the backup's";
        return Err(Error::internal("check the database", problem));
    }
    if manifest.database == Kind::Sqlite && !system::check_sqlite(app.db.writer()).await? {
        return Err(Error::internal("check the database", "SQLite finds it damaged"));
    }
    let missing = Migrator::get_pending_migrations(app.db.writer()).await?.len();
    Migrator::up(app.db.writer(), None).await?;
    let rows: u64 = counts.values().sum();
    say(&format!("  {rows} rows of {} tables; {missing} migrations were missing", counts.len()));

    let prefix = format!("{FILES}/");
    let stored: Vec<&Part> = manifest.parts.iter().filter(|part| part.path.starts_with(&prefix)).collect();
    say(&format!("Storing {} files …", stored.len()));
    for part in stored {
        store(app, from, part, &part.path[prefix.len()..]).await?;
    }
    say("Done.");
    Ok(())
}

/// Into wherever this server keeps files: a backup of a folder may go into a bucket.
async fn store(app: &App, from: &Path, part: &Part, key: &str) -> Result<()> {
    let reading = |cause| Error::internal(format!("read {}", part.path), cause);
    let mut file = tokio::fs::File::open(from.join(&part.path)).await.map_err(reading)?;
    let mut upload = Upload::begin(&*app.storage, key).await?;
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        if (&mut file).take(PIECE as u64).read_to_end(&mut piece).await.map_err(reading)? == 0 {
            break;
        }
        upload.write(Bytes::from(piece)).await?;
    }
    let kept = upload.finish().await?;
    if kept.sha256 != part.sha256 {
        return Err(Error::internal("store a file", format!("{} has changed meanwhile", part.path)));
    }
    Ok(())
}
