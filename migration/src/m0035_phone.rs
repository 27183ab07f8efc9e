//! People who sign in by telephone number: a person has an address, a number, or both, and a password or none; codes and
//! what is written to numbers; invitations that go to one.
//!
//! SQLite cannot take a NOT NULL away, and the table of users cannot be made anew: the rows that hang on it would go
//! with the old one. So there the text of the schema is changed, as SQLite's own manual says (ALTER TABLE, "Making other
//! kinds of table schema changes", the simpler procedure): what is stored stays as it is, since nothing in it was null.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

/// Table, column, and how SQLite's schema has it.
const LOOSENED: [(&str, &str, &str, &str); 3] = [
    ("user", "email", "email varchar(320) NOT NULL UNIQUE", "email varchar(320) NULL UNIQUE"),
    ("user", "password_hash", "password_hash text NOT NULL", "password_hash text NULL"),
    ("invitation", "email", "email varchar(320) NOT NULL", "email varchar(320) NULL"),
];

const ADDED: &str = r#"
ALTER TABLE "user" ADD COLUMN phone_number varchar(16) NULL;
CREATE UNIQUE INDEX ux_user_phone_number ON "user" (phone_number);
ALTER TABLE invitation ADD COLUMN phone_number varchar(16) NULL;
CREATE INDEX ix_invitation_phone_number ON invitation (phone_number);
CREATE TABLE phone_code (
    phone_number varchar(16) NOT NULL PRIMARY KEY,
    code_hash varchar(64) NOT NULL,
    wrong_tries integer NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL
);
CREATE INDEX ix_phone_code_expires ON phone_code (expires_at);
CREATE TABLE phone_message (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NULL REFERENCES company (id) ON DELETE CASCADE,
    account_sid varchar(64) NOT NULL,
    purpose varchar(32) NOT NULL,
    channel varchar(32) NOT NULL,
    sender varchar(64) NOT NULL,
    recipient varchar(16) NOT NULL,
    content_sealed text NOT NULL,
    state varchar(32) NOT NULL,
    run_at {time} NULL,
    give_up_at {time} NOT NULL,
    attempts integer NOT NULL,
    node_id {uuid} NULL,
    lease_until {time} NULL,
    last_error text NULL,
    provider_sid varchar(64) NULL,
    error_code integer NULL,
    created_at {time} NOT NULL,
    settled_at {time} NULL
);
CREATE INDEX ix_phone_message_run ON phone_message (run_at);
CREATE INDEX ix_phone_message_recipient ON phone_message (recipient);
CREATE INDEX ix_phone_message_company ON phone_message (company_id)
"#;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let db = manager.get_connection();
        match manager.get_database_backend() {
            DbBackend::Sqlite => {
                db.execute_unprepared("PRAGMA writable_schema = ON").await?;
                for (table, column, from, to) in LOOSENED {
                    let change = format!(
                        "UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') \
                         WHERE type = 'table' AND name = '{table}' AND instr(sql, '{from}') > 0"
                    );
                    if db.execute_unprepared(&change).await?.rows_affected() != 1 {
                        return Err(DbErr::Migration(format!("{table}.{column} is not as it was made")));
                    }
                }
                db.execute_unprepared("PRAGMA writable_schema = RESET").await?;
            }
            _ => {
                for (table, column, _, _) in LOOSENED {
                    let change = format!(r#"ALTER TABLE "{table}" ALTER COLUMN {column} DROP NOT NULL"#);
                    db.execute_unprepared(&change).await?;
                }
            }
        }
        crate::sql::apply(manager, ADDED).await
    }
}
