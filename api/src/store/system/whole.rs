//! The database as a whole: what a backup counts and copies, and what a restoration looks at and clears. No row of anybody is
//! read here.

use std::collections::BTreeMap;
use std::path::Path;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

/// Where the migrations keep their own book.
const BOOK: &str = "seaql_migrations";

/// How many rows each table has, but for the migrations' own.
pub async fn rows_by_table(db: &impl ConnectionTrait) -> Result<BTreeMap<String, u64>, DbErr> {
    let mut counts = BTreeMap::new();
    for table in tables(db).await?.into_iter().filter(|table| table != BOOK) {
        let quoted = table.replace('"', "\"\"");
        let count = number(db, &format!("SELECT count(*) AS answer FROM \"{quoted}\"")).await?;
        counts.insert(table, u64::try_from(count).unwrap_or_default());
    }
    Ok(counts)
}

async fn tables(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    let query = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT tablename::text AS answer FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
        }
        _ => {
            // Those of an index of words are no tables of their own.
            "SELECT name AS answer FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await?;
    rows.iter().map(|row| row.try_get("", "answer")).collect()
}

/// The migrations that the database has had, in their order.
pub async fn migrations(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    if !tables(db).await?.iter().any(|table| table == BOOK) {
        return Ok(Vec::new());
    }
    let query = format!("SELECT version AS answer FROM {BOOK} ORDER BY version");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await?;
    rows.iter().map(|row| row.try_get("", "answer")).collect()
}

/// Writes a copy of all of a SQLite database, as it is at this moment, into a new file. Writers go on meanwhile.
pub async fn copy_sqlite(db: &impl ConnectionTrait, file: &Path) -> Result<(), DbErr> {
    let name = file.display().to_string().replace('\'', "''");
    db.execute_unprepared(&format!("VACUUM INTO '{name}'")).await.map(drop)
}

/// Whether SQLite finds the file whole.
pub async fn check_sqlite(db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    let query = Statement::from_string(DbBackend::Sqlite, "PRAGMA quick_check(1)");
    let row = db.query_one_raw(query).await?;
    Ok(row.and_then(|row| row.try_get_by_index::<String>(0).ok()).is_some_and(|said| said == "ok"))
}

/// The name under which another connection to this PostgreSQL sees what this transaction sees, until it ends.
pub async fn export_snapshot(tx: &impl ConnectionTrait) -> Result<String, DbErr> {
    let query = Statement::from_string(DbBackend::Postgres, "SELECT pg_export_snapshot() AS answer");
    let row = tx.query_one_raw(query).await?.ok_or_else(|| DbErr::Custom("no snapshot".to_owned()))?;
    row.try_get("", "answer")
}

/// How many other connections there are to this PostgreSQL database.
pub async fn other_connections(db: &impl ConnectionTrait) -> Result<i64, DbErr> {
    let query = "SELECT count(*) AS answer FROM pg_stat_activity WHERE datname = current_database() \
                 AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    number(db, query).await
}

/// Removes everything from a PostgreSQL database.
pub async fn clear_postgres(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("DROP SCHEMA public CASCADE").await?;
    db.execute_unprepared("CREATE SCHEMA public").await.map(drop)
}

async fn number(db: &impl ConnectionTrait, query: &str) -> Result<i64, DbErr> {
    let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), query)).await?;
    row.map_or(Ok(0), |row| row.try_get("", "answer"))
}
