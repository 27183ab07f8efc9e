//! A database a test, copied from one that was migrated once.

use std::path::{Path, PathBuf};

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tokio::sync::{Mutex, OnceCell};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub enum TestDatabase {
    /// Vanishes with its folder.
    Sqlite {
        url: String,
    },
    Postgres {
        url: String,
        name: String,
    },
}

impl TestDatabase {
    /// `None` when there is no PostgreSQL to test on.
    pub async fn create(backend: Backend, folder: &Path) -> Option<Self> {
        match backend {
            Backend::Sqlite => {
                let file = folder.join("test.db");
                std::fs::copy(sqlite_template().await, &file).expect("the template is copied");
                Some(Self::Sqlite { url: format!("sqlite://{}", file.display()) })
            }
            Backend::Postgres => {
                let Ok(admin) = std::env::var("TEST_POSTGRES_URL") else {
                    println!("skipped: TEST_POSTGRES_URL is not set, so nothing is tested on PostgreSQL");
                    return None;
                };
                let (template, name) = (postgres_template(&admin).await, unique("test"));
                let how = copying(&admin).await;
                // One at a time: a template must not be in use while it is copied.
                static TURN: Mutex<()> = Mutex::const_new(());
                let _turn = TURN.lock().await;
                run(&admin, &format!("CREATE DATABASE {name} TEMPLATE {template} {how}")).await;
                Some(Self::Postgres { url: with_database(&admin, &name), name })
            }
        }
    }

    pub fn url(&self) -> &str {
        match self {
            Self::Sqlite { url } | Self::Postgres { url, .. } => url,
        }
    }

    pub async fn remove(&self) {
        match self {
            Self::Sqlite { .. } => {}
            Self::Postgres { name, .. } => {
                let admin =
                    std::env::var("TEST_POSTGRES_URL").expect("it was set when the database was made");
                run(&admin, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
            }
        }
    }
}

async fn sqlite_template() -> &'static Path {
    static FILE: OnceCell<PathBuf> = OnceCell::const_new();
    FILE.get_or_init(|| async {
        let file = std::env::temp_dir().join(format!("{}.db", unique("calldocker-template")));
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

/// How a template is copied: file by file, where PostgreSQL can be told to (15 and later). Through its buffers takes twice as long.
async fn copying(admin: &str) -> &'static str {
    static HOW: OnceCell<&str> = OnceCell::const_new();
    HOW.get_or_init(|| async {
        let db = connect(admin).await;
        let asked = "SELECT current_setting('server_version_num')::int AS version";
        let row = db.query_one_raw(Statement::from_string(DbBackend::Postgres, asked)).await;
        let version: i32 =
            row.expect("the version").expect("a row").try_get("", "version").expect("a number");
        db.close().await.expect("the connection closes");
        if version >= 150_000 { "STRATEGY FILE_COPY" } else { "" }
    })
    .await
}

fn unique(word: &str) -> String {
    format!("{word}_{}", Uuid::now_v7().simple())
}

/// The address of another database on the same server.
fn with_database(admin: &str, name: &str) -> String {
    let (server, _) = admin.rsplit_once('/').expect("TEST_POSTGRES_URL ends in /database");
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
