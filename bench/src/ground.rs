//! The database under test: made empty, counted from outside, removed at the end.
//!
//! Writing transactions are counted by what the databases themselves keep, so that nothing in the server has to be
//! changed for it: what a commit costs is the wait for the disk, and a transaction that only reads has none.

use std::env;
use std::path::{Path, PathBuf};

use calldocker::config::Settings;
use calldocker::store::Database;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use tempfile::TempDir;

use crate::Failure;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// An empty, migrated database, and a folder for the server's files.
pub struct Ground {
    pub kind: Kind,
    pub db: Database,
    url: String,
    folder: TempDir,
    /// The database's name and a connection beside it, on PostgreSQL.
    beside: Option<(String, DatabaseConnection)>,
}

impl Ground {
    /// `None` for PostgreSQL when TEST_POSTGRES_URL names no server.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub async fn new(kind: Kind) -> Result<Option<Self>, Failure> {
        let folder = durable_folder()?;
        let (url, beside) = match kind {
            Kind::Sqlite => (format!("sqlite://{}?mode=rwc", sqlite_file(folder.path()).display()), None),
            Kind::Postgres => {
                let Ok(server) = env::var("TEST_POSTGRES_URL") else { return Ok(None) };
                let beside = sea_orm::Database::connect(&server).await?;
                let name = format!("bench_{}", std::process::id());
                beside.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
                let base = server.rsplit_once('/').map_or(server.as_str(), |(base, _)| base);
                (format!("{base}/{name}"), Some((name, beside)))
            }
        };
        let data = folder.path().to_str().ok_or("the temporary folder has no plain name")?;
        let settings = Settings::with(&[("data_dir", data), ("database_url", &url), ("database_pool", "2")])?;
        let db = Database::connect(&settings).await?;
        Migrator::up(db.writer(), None).await?;
        Ok(Some(Self { kind, db, url, folder, beside }))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A number that every committed writing transaction raises by one.
    ///
    /// SQLite: the counter in the header of the index of the write-ahead log ("iChange", bytes 8 to 12 in the machine's
    /// order; sqlite.org/walformat.html 2.1). PostgreSQL: the next transaction id, which only those get that write or
    /// lock rows; the throwaway server has no other work.
    ///
    /// # Errors
    /// When the counter cannot be read.
    pub async fn writes(&self) -> Result<u64, Failure> {
        match &self.beside {
            None => {
                let mut index = sqlite_file(self.folder()).into_os_string();
                index.push("-shm");
                let header = std::fs::read(index)?;
                let counter = header.get(8..12).ok_or("the index of the log is too short")?;
                Ok(u32::from_ne_bytes(counter.try_into()?).into())
            }
            Some((_, beside)) => {
                let next = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next";
                let next: i64 = one(beside, next).await?.try_get("", "next")?;
                Ok(u64::try_from(next)?)
            }
        }
    }

    /// The process whose children serve PostgreSQL's connections.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn postmaster(&self) -> Result<Option<u32>, Failure> {
        let Some((_, beside)) = &self.beside else { return Ok(None) };
        let backend: i32 = one(beside, "SELECT pg_backend_pid() AS pid").await?.try_get("", "pid")?;
        Ok(crate::machine::parent(u32::try_from(backend)?))
    }

    /// How large the database has become, in bytes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn size(&self) -> Result<u64, Failure> {
        match &self.beside {
            None => Ok(std::fs::metadata(sqlite_file(self.folder()))?.len()),
            Some((name, beside)) => {
                let size: i64 = one(beside, &format!("SELECT pg_database_size('{name}') AS size"))
                    .await?
                    .try_get("", "size")?;
                Ok(u64::try_from(size)?)
            }
        }
    }

    /// Ends the connections and removes the database.
    ///
    /// # Errors
    /// When the database cannot be removed.
    pub async fn remove(self) -> Result<(), Failure> {
        self.db.close().await?;
        if let Some((name, beside)) = self.beside {
            beside.execute_unprepared(&format!("DROP DATABASE {name} WITH (FORCE)")).await?;
            beside.close().await?;
        }
        self.folder.close()?;
        Ok(())
    }
}

async fn one(db: &DatabaseConnection, sql: &str) -> Result<sea_orm::QueryResult, Failure> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    Ok(db.query_one_raw(statement).await?.ok_or("no row")?)
}

fn sqlite_file(folder: &Path) -> PathBuf {
    folder.join("calldocker.db")
}

/// A folder on a disk: /tmp is memory on some systems, and memory has no commits to wait for.
///
/// # Errors
/// When it cannot be made.
pub fn durable_folder() -> std::io::Result<TempDir> {
    let parent = env::var_os("TMPDIR").map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from);
    tempfile::Builder::new().prefix("calldocker-bench.").tempdir_in(parent)
}
