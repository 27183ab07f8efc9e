//! Rows of whatever table, as text: to find what is said of a person in all of them, those of tomorrow among them. Tables,
//! columns and keys are read from the database itself.
//!
//! Values are bound; what is written into a statement are names that the database has told.

use std::collections::BTreeMap;

use entity::CompanyScope;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, QueryResult, Statement, Value};
use uuid::Uuid;

use super::{Database, Tx};

/// A table as the database describes it.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
    /// The database's own name of its type.
    type_name: String,
    /// It is a part of the primary key.
    pub key: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Json,
    Number,
    Boolean,
    /// SQLite keeps it as bytes. Here it is written with hyphens.
    Id,
    /// A time.
    Other,
}

impl Kind {
    /// A person may be named in it.
    pub fn is_written(self) -> bool {
        matches!(self, Self::Text | Self::Json)
    }

    fn of(type_name: &str) -> Self {
        let name = type_name.to_ascii_lowercase();
        match name.as_str() {
            "json_text" | "jsonb" | "json" => Self::Json,
            "uuid_text" | "uuid" => Self::Id,
            "timestamp_with_timezone_text" => Self::Other,
            "boolean" | "bool" => Self::Boolean,
            "integer" | "bigint" | "int4" | "int8" | "int2" => Self::Number,
            name if name.contains("char") || name == "text" => Self::Text,
            _ => Self::Other,
        }
    }
}

impl Table {
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|one| one.name == column)
    }

    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|one| one.name == column)
    }
}

/// A row, its values as text in the order of the table's columns.
pub type Row = Vec<Option<String>>;

/// Every table.
pub async fn tables(db: &Database) -> Result<Vec<Table>, DbErr> {
    #[derive(FromQueryResult)]
    struct Told {
        table_name: String,
        column_name: String,
        type_name: String,
        is_key: i32,
    }
    let query = match db.backend() {
        DbBackend::Postgres => {
            "SELECT c.table_name::text AS table_name, c.column_name::text AS column_name, c.udt_name::text AS type_name,
                CASE WHEN EXISTS (SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                    WHERE i.indisprimary AND i.indrelid = (quote_ident(c.table_schema) || '.' || quote_ident(c.table_name))::regclass
                    AND a.attname = c.column_name) THEN 1 ELSE 0 END AS is_key
             FROM information_schema.columns c JOIN information_schema.tables t
                ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE'
             WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position"
        }
        _ => {
            "SELECT m.name AS table_name, p.name AS column_name, p.type AS type_name,
                CASE WHEN p.pk > 0 THEN 1 ELSE 0 END AS is_key
             FROM sqlite_master m JOIN pragma_table_info(m.name) p
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, p.cid"
        }
    };
    let statement = Statement::from_string(db.backend(), query);
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for told in Told::find_by_statement(statement).all(db.reader()).await? {
        let kind = Kind::of(&told.type_name);
        let column =
            Column { name: told.column_name, kind, type_name: told.type_name, key: told.is_key == 1 };
        tables.entry(told.table_name).or_default().push(column);
    }
    Ok(tables.into_iter().map(|(name, columns)| Table { name, columns }).collect())
}

/// Which rows of a table are meant.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// In a column of these that is text or JSON one of the words stands, in whatever case.
    Naming(&'a [String]),
    /// This column, which holds ids, has one of these.
    Of(&'a str, &'a [String]),
    /// The same of a column that holds text.
    Is(&'a str, &'a [String]),
    /// It belongs to a row of another table: own column, the table, and its column that has one of these.
    Through(&'a str, &'a str, &'a str, &'a [String]),
}

/// A statement that is being written.
struct Writing {
    backend: DbBackend,
    sql: String,
    values: Vec<Value>,
}

impl Writing {
    fn new(backend: DbBackend, sql: String) -> Self {
        Self { backend, sql, values: Vec::new() }
    }

    fn put(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    /// A value of this column; `None` of what is no value of it.
    fn bind(&mut self, column: &Column, value: Option<&str>) {
        let id = column.kind == Kind::Id;
        self.values.push(if id {
            Value::from(value.and_then(|text| text.parse::<Uuid>().ok()))
        } else {
            Value::from(value.map(str::to_owned))
        });
        self.mark(Some(&column.type_name).filter(|_| !id));
    }

    fn bind_text(&mut self, text: String) {
        self.values.push(text.into());
        self.mark(None);
    }

    fn bind_id(&mut self, id: Uuid) {
        self.values.push(id.into());
        self.mark(None);
    }

    /// Where the last value stands, as the type `of` where the database is particular about that.
    fn mark(&mut self, of: Option<&String>) {
        let n = self.values.len();
        self.sql += &match (self.backend, of) {
            (DbBackend::Postgres, Some(of)) => format!("CAST(${n} AS {of})"),
            (DbBackend::Postgres, None) => format!("${n}"),
            _ => "?".to_owned(),
        };
    }

    fn among_ids(&mut self, ids: &[String]) {
        self.put(" IN (");
        for (n, id) in ids.iter().filter_map(|id| id.parse().ok()).enumerate() {
            self.put(if n > 0 { ", " } else { "" });
            self.bind_id(id);
        }
        self.put(")");
    }

    fn among_texts(&mut self, texts: &[String]) {
        self.put(" IN (");
        for (n, text) in texts.iter().enumerate() {
            self.put(if n > 0 { ", " } else { "" });
            self.bind_text(text.clone());
        }
        self.put(")");
    }

    /// What the rows have to be, after the company's.
    fn narrow(&mut self, table: &Table, which: Which<'_>) {
        match which {
            Which::Of(column, ids) => {
                self.put(&format!("\"{column}\""));
                self.among_ids(ids);
            }
            Which::Is(column, texts) => {
                self.put(&format!("\"{column}\""));
                self.among_texts(texts);
            }
            Which::Through(own, other, column, ids) => {
                self.put(&format!("\"{own}\" IN (SELECT id FROM \"{other}\" WHERE \"{column}\""));
                self.among_ids(ids);
                self.put(")");
            }
            Which::Naming(words) => {
                let like = if self.backend == DbBackend::Postgres { "ILIKE" } else { "LIKE" };
                self.put("(1 = 0");
                for column in table.columns.iter().filter(|column| column.kind.is_written()) {
                    for word in words {
                        self.put(&format!(" OR CAST(\"{}\" AS text) {like} ", column.name));
                        let escaped = word.replace('!', "!!").replace('%', "!%").replace('_', "!_");
                        self.bind_text(format!("%{escaped}%"));
                        self.put(" ESCAPE '!'");
                    }
                }
                self.put(")");
            }
        }
    }

    fn company(&mut self, scope: CompanyScope) {
        self.put("company_id = ");
        self.bind_id(scope.company().0);
        self.put(" AND ");
    }

    fn row(&mut self, table: &Table, row: &Row) {
        let mut first = true;
        for (column, value) in table.columns.iter().zip(row).filter(|(column, _)| column.key) {
            self.put(if first { "" } else { " AND " });
            first = false;
            self.put(&format!("\"{}\" = ", column.name));
            self.bind(column, value.as_deref());
        }
    }

    fn end(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.sql, self.values)
    }
}

/// Rows of the company in the order of their keys, from the one behind `offset` others.
pub async fn rows(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    table: &Table,
    which: Which<'_>,
    (offset, limit): (u64, u64),
) -> Result<Vec<Row>, DbErr> {
    let backend = db.get_database_backend();
    let selected = selected(table, backend);
    let mut query = Writing::new(backend, format!("SELECT {selected} FROM \"{}\" WHERE ", table.name));
    query.company(scope);
    query.narrow(table, which);
    let keys: Vec<_> = table
        .columns
        .iter()
        .filter(|column| column.key)
        .map(|column| format!("\"{}\"", column.name))
        .collect();
    query.put(&format!(" ORDER BY {} LIMIT {limit} OFFSET {offset}", keys.join(", ")));
    read(db, table, query).await
}

/// Rows of a table that belongs to no company, by a column with an id: those of a user of whom the scope was proved before.
pub async fn rows_of_user(
    db: &impl ConnectionTrait,
    table: &Table,
    column: &str,
    ids: &[String],
) -> Result<Vec<Row>, DbErr> {
    let backend = db.get_database_backend();
    let selected = selected(table, backend);
    let mut query = Writing::new(backend, format!("SELECT {selected} FROM \"{}\" WHERE ", table.name));
    query.narrow(table, Which::Of(column, ids));
    read(db, table, query).await
}

fn selected(table: &Table, backend: DbBackend) -> String {
    let columns = table.columns.iter().enumerate().map(|(n, column)| {
        let name = format!("\"{}\"", column.name);
        match (column.kind, backend) {
            (Kind::Boolean, _) => {
                format!("CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END AS c{n}")
            }
            (Kind::Id, DbBackend::Sqlite) => {
                format!("CASE WHEN {name} IS NOT NULL THEN lower(hex({name})) END AS c{n}")
            }
            (Kind::Text | Kind::Json | Kind::Number | Kind::Id | Kind::Other, _) => {
                format!("CAST({name} AS text) AS c{n}")
            }
        }
    });
    columns.collect::<Vec<_>>().join(", ")
}

async fn read(db: &impl ConnectionTrait, table: &Table, query: Writing) -> Result<Vec<Row>, DbErr> {
    let found = db.query_all_raw(query.end()).await?;
    let value = |row: &QueryResult, n: usize, kind: Kind| {
        let text: Option<String> = row.try_get("", &format!("c{n}"))?;
        Ok(match kind {
            Kind::Id => text.and_then(|text| Some(text.parse::<Uuid>().ok()?.to_string())),
            Kind::Text | Kind::Json | Kind::Number | Kind::Boolean | Kind::Other => text,
        })
    };
    let row = |row: &QueryResult| {
        table.columns.iter().enumerate().map(|(n, column)| value(row, n, column.kind)).collect()
    };
    found.iter().map(row).collect()
}

/// Writes these columns of a row of the company.
pub async fn update(
    scope: CompanyScope,
    tx: &Tx,
    table: &Table,
    row: &Row,
    changes: &[(usize, Option<String>)],
) -> Result<u64, DbErr> {
    let mut query = Writing::new(tx.get_database_backend(), format!("UPDATE \"{}\" SET ", table.name));
    for (n, (place, value)) in changes.iter().enumerate() {
        let column = &table.columns[*place];
        query.put(if n > 0 { ", " } else { "" });
        query.put(&format!("\"{}\" = ", column.name));
        query.bind(column, value.as_deref());
    }
    query.put(" WHERE ");
    query.company(scope);
    query.row(table, row);
    Ok(tx.execute_raw(query.end()).await?.rows_affected())
}

/// Deletes a row of the company.
pub async fn delete(scope: CompanyScope, tx: &Tx, table: &Table, row: &Row) -> Result<u64, DbErr> {
    let mut query = Writing::new(tx.get_database_backend(), format!("DELETE FROM \"{}\" WHERE ", table.name));
    query.company(scope);
    query.row(table, row);
    Ok(tx.execute_raw(query.end()).await?.rows_affected())
}

/// Deletes rows of the company.
pub async fn delete_all(scope: CompanyScope, tx: &Tx, table: &Table, which: Which<'_>) -> Result<u64, DbErr> {
    let mut query = Writing::new(tx.get_database_backend(), format!("DELETE FROM \"{}\" WHERE ", table.name));
    query.company(scope);
    query.narrow(table, which);
    Ok(tx.execute_raw(query.end()).await?.rows_affected())
}

/// Puts the same value into a column of rows of the company.
pub async fn set_all(
    scope: CompanyScope,
    tx: &Tx,
    table: &Table,
    which: Which<'_>,
    (column, value): (&str, Option<String>),
) -> Result<u64, DbErr> {
    let Some(place) = table.place(column) else { return Ok(0) };
    let mut query =
        Writing::new(tx.get_database_backend(), format!("UPDATE \"{}\" SET \"{column}\" = ", table.name));
    query.bind(&table.columns[place], value.as_deref());
    query.put(" WHERE ");
    query.company(scope);
    query.narrow(table, which);
    Ok(tx.execute_raw(query.end()).await?.rows_affected())
}
