//! SQL for both databases: `{uuid}`, `{json}`, `{time}` and `{bytes}` become the type that SeaORM reads and writes there, and
//! `{bytewise}` the collation that compares byte by byte, so that what begins alike lies together.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Runs the statements of `script`, which end with a semicolon at the end of a line.
pub async fn apply(manager: &SchemaManager<'_>, script: &str) -> Result<(), DbErr> {
    let types = match manager.get_database_backend() {
        DbBackend::Postgres => [
            ("{uuid}", "uuid"),
            ("{json}", "jsonb"),
            ("{time}", "timestamptz"),
            ("{bytes}", "bytea"),
            ("{bytewise}", "COLLATE \"C\""),
        ],
        _ => [
            ("{uuid}", "uuid_text"),
            ("{json}", "json_text"),
            ("{time}", "timestamp_with_timezone_text"),
            ("{bytes}", "blob"),
            ("{bytewise}", "COLLATE BINARY"),
        ],
    };
    let script = types.iter().fold(script.to_owned(), |script, (name, sql)| script.replace(name, sql));
    for statement in script.split(";\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}

/// A migration that is one script.
macro_rules! script {
    ($up:expr) => {
        #[derive(sea_orm_migration::prelude::DeriveMigrationName)]
        pub struct Migration;

        #[async_trait::async_trait]
        impl sea_orm_migration::prelude::MigrationTrait for Migration {
            fn use_transaction(&self) -> Option<bool> {
                Some(true)
            }

            async fn up(
                &self,
                manager: &sea_orm_migration::prelude::SchemaManager,
            ) -> Result<(), sea_orm_migration::prelude::DbErr> {
                crate::sql::apply(manager, $up).await
            }
        }
    };
}
pub(crate) use script;
