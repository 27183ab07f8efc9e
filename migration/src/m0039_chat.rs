//! Chat between the people of a company, and whom somebody does not want to hear from.
//!
//! `chat_message.folded` is filled by the server and searched by an index of words: PostgreSQL's own, and on SQLite a table of
//! FTS5 that follows the column by triggers. For that SQLite needs a number of each row that a backup keeps: `row_number`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

const TABLES: &str = r#"
CREATE TABLE chat (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    kind varchar(32) NOT NULL,
    pair varchar(80) NULL,
    title varchar(100) NULL,
    last_seq bigint NOT NULL,
    active_at {time} NOT NULL,
    created_by {uuid} NOT NULL REFERENCES "user" (id),
    created_at {time} NOT NULL,
    UNIQUE (company_id, id)
);
CREATE UNIQUE INDEX ux_chat_pair ON chat (company_id, pair) WHERE pair IS NOT NULL;
CREATE TABLE chat_member (
    company_id {uuid} NOT NULL,
    chat_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    role varchar(32) NOT NULL,
    joined_at {time} NOT NULL,
    left_at {time} NULL,
    delivered_seq bigint NOT NULL,
    read_seq bigint NOT NULL,
    own_unread bigint NOT NULL,
    muted_until {time} NULL,
    pinned boolean NOT NULL,
    archived boolean NOT NULL,
    PRIMARY KEY (company_id, chat_id, user_id),
    FOREIGN KEY (company_id, chat_id) REFERENCES chat (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_chat_member_user ON chat_member (company_id, user_id, chat_id) WHERE left_at IS NULL;
CREATE TABLE chat_message (
    {key}
    company_id {uuid} NOT NULL,
    chat_id {uuid} NOT NULL,
    seq bigint NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    temp_id varchar(64) NULL,
    kind varchar(32) NOT NULL,
    body text NULL,
    detail {json} NULL,
    media_id {uuid} NULL,
    reply_to_id {uuid} NULL,
    forwarded_from_id {uuid} NULL,
    folded text NOT NULL,
    sent_at {time} NOT NULL,
    edited_at {time} NULL,
    deleted_at {time} NULL,
    deleted_by {uuid} NULL REFERENCES "user" (id),
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, chat_id) REFERENCES chat (company_id, id) ON DELETE CASCADE,
    FOREIGN KEY (company_id, media_id) REFERENCES media (company_id, id)
);
CREATE INDEX ix_chat_message_media ON chat_message (company_id, media_id) WHERE media_id IS NOT NULL;
CREATE UNIQUE INDEX ux_chat_message_seq ON chat_message (company_id, chat_id, seq);
CREATE UNIQUE INDEX ux_chat_message_temp ON chat_message (company_id, user_id, temp_id) WHERE temp_id IS NOT NULL;
CREATE TABLE chat_reaction (
    company_id {uuid} NOT NULL,
    message_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    emoji varchar(40) NOT NULL,
    reacted_at {time} NOT NULL,
    PRIMARY KEY (company_id, message_id, user_id),
    FOREIGN KEY (company_id, message_id) REFERENCES chat_message (company_id, id) ON DELETE CASCADE
);
CREATE TABLE chat_hidden_message (
    company_id {uuid} NOT NULL,
    message_id {uuid} NOT NULL,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    hidden_at {time} NOT NULL,
    PRIMARY KEY (company_id, message_id, user_id),
    FOREIGN KEY (company_id, message_id) REFERENCES chat_message (company_id, id) ON DELETE CASCADE
);
CREATE TABLE chat_roster (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    version bigint NOT NULL
);
CREATE TABLE user_block (
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    blocked_user_id {uuid} NOT NULL REFERENCES "user" (id),
    blocked_at {time} NOT NULL,
    PRIMARY KEY (company_id, user_id, blocked_user_id)
);
"#;

const WORDS_OF_POSTGRES: &[&str] =
    &["CREATE INDEX ix_chat_message_words ON chat_message USING gin (to_tsvector('simple', folded))"];

/// What is taken out of the column is taken out of the index at once, and not when the index is next put in order.
const WORDS_OF_SQLITE: &[&str] = &[
    "CREATE VIRTUAL TABLE chat_message_words USING fts5(
        folded, content = 'chat_message', content_rowid = 'row_number', tokenize = 'unicode61 remove_diacritics 0'
     )",
    "INSERT INTO chat_message_words (chat_message_words, rank) VALUES ('secure-delete', 1)",
    "CREATE TRIGGER chat_message_words_insert AFTER INSERT ON chat_message BEGIN
        INSERT INTO chat_message_words (rowid, folded) VALUES (new.row_number, new.folded);
     END",
    "CREATE TRIGGER chat_message_words_delete AFTER DELETE ON chat_message BEGIN
        INSERT INTO chat_message_words (chat_message_words, rowid, folded) VALUES ('delete', old.row_number, old.folded);
     END",
    "CREATE TRIGGER chat_message_words_update AFTER UPDATE OF folded ON chat_message WHEN old.folded <> new.folded BEGIN
        INSERT INTO chat_message_words (chat_message_words, rowid, folded) VALUES ('delete', old.row_number, old.folded);
        INSERT INTO chat_message_words (rowid, folded) VALUES (new.row_number, new.folded);
     END",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (key, words) = match manager.get_database_backend() {
            DbBackend::Postgres => ("id {uuid} NOT NULL PRIMARY KEY,", WORDS_OF_POSTGRES),
            _ => ("row_number integer PRIMARY KEY,\n    id {uuid} NOT NULL UNIQUE,", WORDS_OF_SQLITE),
        };
        crate::sql::apply(manager, &TABLES.replace("{key}", key)).await?;
        for statement in words {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
