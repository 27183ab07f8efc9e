//! What the machine's disk and the databases bear without us: commits a second of the smallest transactions.

use std::env;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use calldocker::config::Settings;
use calldocker::store::Database;
use sea_orm::ConnectionTrait;
use tokio::process::Command;

use crate::Failure;
use crate::ground::{Ground, Kind, durable_folder};

/// Clients of pgbench: as many connections as the server opens (`database_pool`).
const CLIENTS: &str = "20";

/// Commits a second, with a word on how they were made; `None` where the tool for it is missing.
///
/// # Errors
/// When the database or the tool fails.
pub async fn measure(ground: &Ground, lasting: Duration) -> Result<Option<f64>, Failure> {
    match ground.kind {
        Kind::Sqlite => sqlite(lasting).await.map(Some),
        Kind::Postgres => postgres(ground, lasting).await,
    }
}

/// What is measured, for the table.
pub fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Sqlite => "ceiling: bare loop, one insert a commit, WAL, synchronous FULL",
        Kind::Postgres => "ceiling: pgbench, one insert and one update a commit, 20 clients",
    }
}

/// The server's own driver and settings, in a file of its own: BEGIN IMMEDIATE, one small insert, COMMIT.
async fn sqlite(lasting: Duration) -> Result<f64, Failure> {
    let folder = durable_folder()?;
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("ceiling.db").display());
    let db = Database::connect(&Settings::with(&[("database_url", &url)])?).await?;
    db.writer().execute_unprepared("CREATE TABLE line (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").await?;
    let (began, mut commits) = (Instant::now(), 0_u32);
    while began.elapsed() < lasting {
        let tx = db.begin().await?;
        tx.execute_unprepared("INSERT INTO line (text) VALUES ('a small line of text')").await?;
        tx.commit().await?;
        commits += 1;
    }
    let rate = f64::from(commits) / began.elapsed().as_secs_f64();
    db.close().await?;
    Ok(rate)
}

async fn postgres(ground: &Ground, lasting: Duration) -> Result<Option<f64>, Failure> {
    let Some(pgbench) = pgbench() else { return Ok(None) };
    let db = ground.db.writer();
    db.execute_unprepared("CREATE TABLE bench_line (id bigserial PRIMARY KEY, text text NOT NULL)").await?;
    db.execute_unprepared("CREATE TABLE bench_row (id int PRIMARY KEY, count bigint NOT NULL)").await?;
    db.execute_unprepared("INSERT INTO bench_row SELECT id, 0 FROM generate_series(1, 1000) AS id").await?;
    let script = ground.folder().join("ceiling.sql");
    std::fs::write(
        &script,
        "\\set id random(1, 1000)\nBEGIN;\nINSERT INTO bench_line (text) VALUES ('a small line of text');\n\
         UPDATE bench_row SET count = count + 1 WHERE id = :id;\nCOMMIT;\n",
    )?;
    let output = Command::new(pgbench)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--client", CLIENTS])
        .args(["--time", &lasting.as_secs().max(1).to_string(), "--file"])
        .arg(&script)
        .arg(ground.url())
        .kill_on_drop(true)
        .output()
        .await?;
    db.execute_unprepared("DROP TABLE bench_line, bench_row").await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate =
        text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    match rate {
        Some(rate) if output.status.success() => Ok(Some(rate)),
        Some(_) | None => Err(format!("pgbench: {text}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// On the PATH, or where Debian keeps PostgreSQL's programs.
fn pgbench() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    env::split_paths(&path)
        .chain(debian)
        .map(|folder| folder.join("pgbench"))
        .find(|program| program.is_file())
}
