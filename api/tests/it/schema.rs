//! What must hold for the migrated schema, read from the databases themselves: a row of one company cannot refer to a
//! row of another, whatever the code above does.

use std::collections::BTreeMap;

use sea_orm::DbBackend;

use crate::support::{TestApp, on_both_databases, tables, texts};

/// Tables without a company, and why.
const GLOBAL: [&str; 17] = [
    "user",             // a person may be in several companies
    "company",          // is one
    "session",          // a user's
    "refresh_token",    // a session's
    "registration",     // of somebody who is in no company yet
    "user_preferences", // a user's
    "system_settings",  // the platform's
    "mail",             // to somebody who may be in none, or in several
    "phone_code",       // to a number that may be nobody's yet
    "phone_message",    // the same; a company may pay for it
    "push_device",      // a user's; the app on it may be a company's
    "avatar",           // the next four: a user's
    "password_link",
    "second_factor",
    "recovery_code",
    "kept_answer", // a user's, who may act in none; the company is in its id
    "seaql_migrations",
];

/// Unique indexes of company tables that do not begin with the company, and why.
const ACROSS_COMPANIES: [(&str, &str, &str); 9] = [
    ("agent_skill", "agent_id,skill_id", "the agent's id names the company"),
    ("queue_member", "queue_id,agent_id", "the queue's id names the company"),
    ("agent_slot", "agent_id,slot", "the agent's id names the company"),
    ("call_event", "call_id,seq", "the call's id names the company"),
    ("engine_input", "call_id,seq", "the call's id names the company"),
    ("phone_number", "account_sid,number", "a number of an account belongs to one company"),
    ("invitation", "token_hash", "it is looked for before the company is known"),
    ("api_key", "key_hash", "it is looked for before the company is known"),
    ("*", "id", "ids are unique everywhere"),
];

#[derive(Debug, Default)]
struct Table {
    /// Name, and whether it may be null.
    columns: BTreeMap<String, bool>,
    /// Other table, own columns, its columns.
    foreign_keys: Vec<(String, Vec<String>, Vec<String>)>,
    unique: Vec<Vec<String>>,
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

async fn read(app: &TestApp) -> BTreeMap<String, Table> {
    let mut schema = BTreeMap::new();
    for name in tables(&app.app).await {
        let queries = match app.app.db.backend() {
            DbBackend::Postgres => postgres(&name),
            _ => sqlite(&name),
        };
        let mut table = Table::default();
        for column in texts(&app.app, &queries.columns).await {
            let (column, nullable) = column.split_once('|').unwrap();
            table.columns.insert(column.to_owned(), nullable == "1");
        }
        for key in texts(&app.app, &queries.foreign_keys).await {
            let parts: Vec<_> = key.split('|').collect();
            table.foreign_keys.push((parts[0].to_owned(), list(parts[1]), list(parts[2])));
        }
        table.unique = texts(&app.app, &queries.unique).await.iter().map(|columns| list(columns)).collect();
        schema.insert(name, table);
    }
    schema
}

struct Queries {
    columns: String,
    foreign_keys: String,
    unique: String,
}

fn sqlite(table: &str) -> Queries {
    Queries {
        columns: format!(
            r#"SELECT name || '|' || CASE WHEN "notnull" = 1 OR pk > 0 THEN '0' ELSE '1' END AS row FROM pragma_table_info('{table}')"#
        ),
        foreign_keys: format!(
            r#"SELECT "table" || '|' || group_concat("from") || '|' || group_concat("to") AS row
               FROM (SELECT * FROM pragma_foreign_key_list('{table}') ORDER BY id, seq) GROUP BY id, "table""#
        ),
        unique: format!(
            r#"SELECT (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) AS row
               FROM pragma_index_list('{table}') i WHERE i."unique" = 1"#
        ),
    }
}

fn postgres(table: &str) -> Queries {
    let names = |numbers: &str, of: &str| {
        format!(
            "(SELECT string_agg(a.attname, ',' ORDER BY k.o) FROM unnest({numbers}) WITH ORDINALITY k(n, o)
              JOIN pg_attribute a ON a.attrelid = {of} AND a.attnum = k.n)"
        )
    };
    Queries {
        columns: format!(
            "SELECT column_name || '|' || CASE is_nullable WHEN 'YES' THEN '1' ELSE '0' END AS row
             FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
        ),
        foreign_keys: format!(
            r#"SELECT t.relname || '|' || {} || '|' || {} AS row FROM pg_constraint c JOIN pg_class t ON t.oid = c.confrelid
               WHERE c.contype = 'f' AND c.conrelid = '"{table}"'::regclass"#,
            names("c.conkey", "c.conrelid"),
            names("c.confkey", "c.confrelid")
        ),
        unique: format!(
            r#"SELECT {} AS row FROM pg_index i WHERE i.indisunique AND i.indrelid = '"{table}"'::regclass"#,
            names("i.indkey", "i.indrelid")
        ),
    }
}

fn of_companies(schema: &BTreeMap<String, Table>) -> impl Iterator<Item = (&String, &Table)> {
    schema.iter().filter(|(name, _)| !GLOBAL.contains(&name.as_str()))
}

on_both_databases! {
    async fn every_row_but_the_global_ones_belongs_to_a_company(app) {
        let schema = read(app).await;
        assert!(schema.len() > 25, "only {} tables were read", schema.len());
        for (name, table) in of_companies(&schema) {
            assert_eq!(
                table.columns.get("company_id"),
                Some(&false),
                "{name} has no company_id NOT NULL. If it really belongs to no company, list it in GLOBAL with the reason"
            );
        }
    }

    async fn a_row_refers_to_rows_of_its_own_company_only(app) {
        let schema = read(app).await;
        let mut composite = 0;
        for (name, table) in of_companies(&schema) {
            assert!(!table.foreign_keys.is_empty(), "{name} refers to nothing, not even to its company");
            for (other, own, theirs) in &table.foreign_keys {
                if GLOBAL.contains(&other.as_str()) {
                    continue;
                }
                let with_company = own[0] == "company_id" && theirs[0] == "company_id";
                assert!(with_company, "{name} ({own:?}) -> {other} ({theirs:?}) must be a composite key that begins with company_id");
                composite += 1;
            }
        }
        assert!(composite > 20, "only {composite} composite keys were read");
    }

    async fn what_is_unique_is_unique_within_a_company(app) {
        let schema = read(app).await;
        let mut seen = 0;
        for (name, table) in of_companies(&schema) {
            for columns in &table.unique {
                seen += 1;
                let columns = columns.join(",");
                let allowed = ACROSS_COMPANIES.iter().any(|(table, key, _)| (*table == "*" || table == name) && *key == columns);
                assert!(
                    columns.starts_with("company_id") || allowed,
                    "{name} ({columns}) is unique across companies: one would learn from a refusal what another has. If it \
                     must be, list it in ACROSS_COMPANIES with the reason"
                );
            }
        }
        assert!(seen > 25, "only {seen} unique indexes were read");
    }
}
