//! A database of its own for each test: a temporary SQLite file, or a fresh PostgreSQL database on the throwaway server
//! that TEST_POSTGRES_URL names.

use std::path::PathBuf;

use sea_orm::{ConnectionTrait, Database};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

pub struct TestDatabase {
    folder: PathBuf,
    url: String,
}

impl TestDatabase {
    /// `None` for PostgreSQL when there is no server to make one on.
    pub async fn new(kind: Kind) -> Option<Self> {
        let name = format!("calldocker_{}", uuid::Uuid::new_v4().simple());
        let folder = std::env::temp_dir().join(&name);
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}", folder.join("test.db").display()),
            Kind::Postgres => {
                let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
                    eprintln!("skipped on PostgreSQL: TEST_POSTGRES_URL is not set (run it through `make test`)");
                    return None;
                };
                let admin = Database::connect(&server).await.expect("TEST_POSTGRES_URL names a server");
                admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
                admin.close().await.unwrap();
                let (base, _) = server.rsplit_once('/').expect("a database address has a path");
                format!("{base}/{name}")
            }
        };
        std::fs::create_dir_all(&folder).unwrap();
        Some(Self { folder, url })
    }

    pub fn folder(&self) -> &str {
        self.folder.to_str().expect("a temporary folder with a plain name")
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A PostgreSQL database goes with its throwaway server.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// One test, run on SQLite and on PostgreSQL. The body gets a [`TestDatabase`].
macro_rules! on_both_databases {
    ($(#[$meta:meta])* async fn $name:ident($database:ident) $body:block) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($database: crate::support::database::TestDatabase) $body

            $(#[$meta])*
            #[tokio::test]
            async fn on_sqlite() {
                use crate::support::database::{Kind, TestDatabase};
                story(TestDatabase::new(Kind::Sqlite).await.expect("SQLite needs no server")).await;
            }

            $(#[$meta])*
            #[tokio::test]
            async fn on_postgres() {
                use crate::support::database::{Kind, TestDatabase};
                if let Some(database) = TestDatabase::new(Kind::Postgres).await {
                    story(database).await;
                }
            }
        }
    };
}
pub(crate) use on_both_databases;
