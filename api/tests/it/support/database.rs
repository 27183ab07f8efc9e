//! A database of its own for each test, copied from one that was migrated once: a temporary SQLite file, or a fresh
//! PostgreSQL database on the throwaway server that TEST_POSTGRES_URL names.

use std::path::{Path, PathBuf};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub struct TestDatabase {
    folder: tempfile::TempDir,
    url: String,
}

impl TestDatabase {
    /// `None` for PostgreSQL when there is no server to make one on.
    pub async fn new(kind: Kind) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match kind {
            Kind::Sqlite => {
                let file = folder.path().join("test.db");
                std::fs::copy(sqlite_template().await, &file).expect("the template is copied");
                format!("sqlite://{}", file.display())
            }
            Kind::Postgres => {
                let Ok(admin) = std::env::var("TEST_POSTGRES_URL") else {
                    eprintln!(
                        "skipped on PostgreSQL: TEST_POSTGRES_URL is not set (run it through `make test`)"
                    );
                    return None;
                };
                let (template, name) = (postgres_template(&admin).await, unique("test"));
                // One at a time: a template must not be in use while it is copied.
                static TURN: Mutex<()> = Mutex::const_new(());
                let _turn = TURN.lock().await;
                run(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
                with_database(&admin, &name)
            }
        };
        Some(Self { folder, url })
    }

    /// For whatever else the test's server keeps.
    pub fn folder(&self) -> &str {
        self.folder.path().to_str().expect("a temporary folder with a plain name")
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Drops a PostgreSQL database, after its last connection. Without it, it goes with its throwaway server.
    pub async fn remove(self) {
        if let (Ok(admin), Some((_, name))) = (std::env::var("TEST_POSTGRES_URL"), self.url.rsplit_once('/'))
            && self.url.starts_with("postgres")
        {
            run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn sqlite_template() -> &'static Path {
    static FILE: OnceCell<PathBuf> = OnceCell::const_new();
    FILE.get_or_init(|| async {
        let file = std::env::temp_dir().join(format!("{}.db", unique("calldocker_template")));
        let db = connect(&format!("sqlite://{}?mode=rwc", file.display())).await;
        Migrator::up(&db, None).await.expect("the migrations run");
        db.close().await.expect("the template closes");
        file
    })
    .await
}

async fn postgres_template(admin: &str) -> &'static str {
    static NAME: OnceCell<String> = OnceCell::const_new();
    NAME.get_or_init(|| async {
        let name = unique("template");
        run(admin, &format!("CREATE DATABASE {name}")).await;
        let db = connect(&with_database(admin, &name)).await;
        Migrator::up(&db, None).await.expect("the migrations run");
        db.close().await.expect("the template closes");
        name
    })
    .await
}

fn unique(word: &str) -> String {
    format!("{word}_{}", Uuid::now_v7().simple())
}

/// The address of another database on the same server.
fn with_database(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("a database address has a path");
    format!("{server}/{name}")
}

async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    Database::connect(options).await.unwrap_or_else(|e| panic!("cannot reach {url}: {e}"))
}

async fn run(admin: &str, statement: &str) {
    let db = connect(admin).await;
    db.execute_unprepared(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    db.close().await.expect("the connection closes");
}

/// Scenarios that run on SQLite and on PostgreSQL. The body gets a [`TestDatabase`].
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident) $body:block)+) => { $(
        mod $name {
            #[allow(unused_imports, reason = "a scenario need not use all that its file does")]
            use super::*;

            async fn story($database: $crate::support::database::TestDatabase) $body

            $(#[$meta])*
            #[tokio::test]
            async fn on_sqlite() {
                use $crate::support::database::{Kind, TestDatabase};
                story(TestDatabase::new(Kind::Sqlite).await.expect("SQLite needs no server")).await;
            }

            $(#[$meta])*
            #[tokio::test]
            async fn on_postgres() {
                use $crate::support::database::{Kind, TestDatabase};
                if let Some(database) = TestDatabase::new(Kind::Postgres).await {
                    story(database).await;
                }
            }
        }
    )+ };
}
pub(crate) use on_both_databases;
