//! All that a database holds, as text: to tell whether anything was changed.

use std::collections::BTreeMap;

use calldocker::app::App;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Tables that are written by looking: whoever is refused leaves no other trace.
const BOOKKEEPING: [&str; 4] = ["session", "refresh_token", "audit", "seaql_migrations"];

/// The rows of every table but the bookkeeping, by table.
pub async fn dump(app: &App) -> BTreeMap<String, Vec<String>> {
    let mut all = dump_all(app).await;
    all.retain(|table, _| !BOOKKEEPING.contains(&table.as_str()));
    all
}

/// The rows of every table, by table.
pub async fn dump_all(app: &App) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for table in tables(app).await {
        let rows = match app.db.backend() {
            DbBackend::Postgres => format!(r#"SELECT row_to_json(t)::text AS row FROM "{table}" t"#),
            _ => {
                let columns =
                    texts(app, &format!("SELECT name AS row FROM pragma_table_info('{table}')")).await;
                let quoted: Vec<_> = columns.iter().map(|column| format!(r#"quote("{column}")"#)).collect();
                format!(r#"SELECT {} AS row FROM "{table}""#, quoted.join(" || ',' || "))
            }
        };
        let mut rows = texts(app, &rows).await;
        rows.sort();
        all.insert(table, rows);
    }
    assert!(all.values().any(|rows| !rows.is_empty()), "an empty dump proves nothing");
    all
}

pub async fn tables(app: &App) -> Vec<String> {
    let query = match app.db.backend() {
        DbBackend::Postgres => {
            "SELECT tablename::text AS row FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
        _ => {
            // FTS5's own tables are an index of another, and no rows.
            "SELECT name AS row FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'
             ORDER BY 1"
        }
    };
    texts(app, query).await
}

/// The column `row` of every row.
pub async fn texts(app: &App, query: &str) -> Vec<String> {
    let statement = Statement::from_string(app.db.backend(), query);
    let rows = app.db.writer().query_all_raw(statement).await.unwrap_or_else(|e| panic!("{query}: {e}"));
    rows.iter().map(|row| row.try_get("", "row").expect("a text")).collect()
}
