//! Migrations that a node one version older survives: while nodes are replaced one after the other, it reads and writes the
//! newer schema (docs/decisions/0042).

use std::collections::BTreeMap;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

/// Made before the first release, when there was no older node. No migration is added to these.
const BEFORE_THE_FIRST_RELEASE: &[&str] = &[];

/// Of a column: whether a row may be written that does not name it, and whether it may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Column {
    may_be_left_out: bool,
    may_be_null: bool,
}

type Schema = BTreeMap<String, BTreeMap<String, Column>>;

async fn schema(db: &DatabaseConnection) -> Schema {
    let query = "SELECT m.name AS table_name, c.name AS column_name, c.\"notnull\" AS strict, c.dflt_value IS NOT NULL AS has_default \
                 FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'";
    let mut schema = Schema::new();
    for row in
        db.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await.expect("the schema is read")
    {
        let text = |name| row.try_get::<String>("", name).expect("a name");
        let number = |name| row.try_get::<i32>("", name).expect("a number") != 0;
        let (strict, has_default) = (number("strict"), number("has_default"));
        let column = Column { may_be_left_out: !strict || has_default, may_be_null: !strict };
        schema.entry(text("table_name")).or_default().insert(text("column_name"), column);
    }
    schema
}

/// What an older node would stumble over.
fn stumbles(before: &Schema, after: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in before {
        let Some(now) = after.get(table) else {
            found.push(format!("{table} is gone"));
            continue;
        };
        for (name, was) in columns {
            match now.get(name) {
                None => found.push(format!("{table}.{name} is gone")),
                Some(is) if was.may_be_left_out && !is.may_be_left_out => {
                    found.push(format!("{table}.{name} must be written now"));
                }
                Some(is) if was.may_be_null && !is.may_be_null => {
                    found.push(format!("{table}.{name} must not be null any more"));
                }
                Some(_) => {}
            }
        }
        let new = now.iter().filter(|(name, column)| !columns.contains_key(*name) && !column.may_be_left_out);
        found.extend(new.map(|(name, _)| format!("{table}.{name} is new and must be written")));
    }
    found
}

#[tokio::test]
async fn an_older_node_survives_every_migration() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("test.db").display());
    let mut options = sea_orm::ConnectOptions::new(url);
    options.sqlx_logging(false).max_connections(1);
    let db = Database::connect(options).await.expect("SQLite is always there");
    let mut before = schema(&db).await;
    let mut wrong = BTreeMap::new();
    for migration in Migrator::migrations() {
        Migrator::up(&db, Some(1)).await.expect("it runs");
        let after = schema(&db).await;
        let found = stumbles(&before, &after);
        if !found.is_empty() {
            wrong.insert(migration.name().to_owned(), found);
        }
        before = after;
    }
    db.close().await.expect("it closes");
    let known: Vec<_> = wrong.keys().map(String::as_str).collect();
    assert_eq!(
        known, BEFORE_THE_FIRST_RELEASE,
        "a migration only adds, and what it adds to a table that is there may be left out: {wrong:#?}"
    );
}

#[test]
fn what_an_older_node_stumbles_over_is_seen() {
    let column = |may_be_left_out, may_be_null| Column { may_be_left_out, may_be_null };
    let table = |columns: &[(&str, Column)]| -> Schema {
        let columns = columns.iter().map(|(name, column)| ((*name).to_owned(), *column)).collect();
        Schema::from([("call".to_owned(), columns)])
    };
    let before = table(&[("id", column(false, false)), ("notes", column(true, true))]);
    assert_eq!(stumbles(&before, &before), [""; 0]);
    let added =
        table(&[("id", column(false, false)), ("notes", column(true, true)), ("tag", column(true, false))]);
    assert_eq!(stumbles(&before, &added), [""; 0], "it has a default");
    let strict =
        table(&[("id", column(false, false)), ("notes", column(true, true)), ("tag", column(false, false))]);
    assert_eq!(stumbles(&before, &strict), ["call.tag is new and must be written"]);
    assert_eq!(stumbles(&before, &table(&[("id", column(false, false))])), ["call.notes is gone"]);
    let stricter = table(&[("id", column(false, false)), ("notes", column(true, false))]);
    assert_eq!(stumbles(&before, &stricter), ["call.notes must not be null any more"]);
    assert_eq!(stumbles(&before, &Schema::new()), ["call is gone"]);
}
