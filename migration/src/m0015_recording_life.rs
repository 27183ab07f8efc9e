//! Recordings from the plan to the deletion; what a company and its queues say about recording.
//!
//! A recording is a row before the provider has given it an id, so `provider_sid` may be missing now. SQLite cannot drop
//! a NOT NULL: there the table is made anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        match manager.get_database_backend() {
            DbBackend::Postgres => crate::sql::apply(manager, POSTGRES).await?,
            _ => crate::sql::apply(manager, SQLITE).await?,
        }
        crate::sql::apply(manager, BOTH).await
    }
}

const POSTGRES: &str = "
ALTER TABLE recording ALTER COLUMN provider_sid DROP NOT NULL;
ALTER TABLE recording
    ADD COLUMN origin varchar(32) NOT NULL DEFAULT 'flow',
    ADD COLUMN revision integer NOT NULL DEFAULT 0,
    ADD COLUMN announce boolean NOT NULL DEFAULT FALSE,
    ADD COLUMN announced_at {time} NULL,
    ADD COLUMN asked_at {time} NULL,
    ADD COLUMN started_at {time} NULL,
    ADD COLUMN ended_at {time} NULL,
    ADD COLUMN stop_requested_at {time} NULL,
    ADD COLUMN paused_by {json} NOT NULL DEFAULT '[]',
    ADD COLUMN pauses integer NOT NULL DEFAULT 0,
    ADD COLUMN channels integer NULL,
    ADD COLUMN sha256 varchar(64) NULL,
    ADD COLUMN tries integer NOT NULL DEFAULT 0,
    ADD COLUMN failure varchar(400) NULL,
    ADD COLUMN provider_deleted_at {time} NULL,
    ADD COLUMN legal_hold_at {time} NULL,
    ADD COLUMN legal_hold_reason varchar(400) NULL,
    ADD COLUMN delete_requested_at {time} NULL,
    ADD COLUMN deleted_because varchar(32) NULL,
    ADD COLUMN deleted_by {uuid} NULL REFERENCES \"user\" (id),
    ADD COLUMN deleted_at {time} NULL;
";

const SQLITE: &str = "
CREATE TABLE recording_anew (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    kind varchar(32) NOT NULL,
    state varchar(32) NOT NULL,
    origin varchar(32) NOT NULL DEFAULT 'flow',
    provider_sid varchar(64) NULL,
    revision integer NOT NULL DEFAULT 0,
    announce boolean NOT NULL DEFAULT FALSE,
    announced_at {time} NULL,
    asked_at {time} NULL,
    started_at {time} NULL,
    ended_at {time} NULL,
    stop_requested_at {time} NULL,
    paused_by {json} NOT NULL DEFAULT '[]',
    pauses integer NOT NULL DEFAULT 0,
    mailbox varchar(100) NULL,
    duration_seconds integer NULL,
    channels integer NULL,
    storage_key varchar(400) NULL,
    content_type varchar(100) NULL,
    size_bytes bigint NULL,
    sha256 varchar(64) NULL,
    tries integer NOT NULL DEFAULT 0,
    failure varchar(400) NULL,
    created_at {time} NOT NULL,
    stored_at {time} NULL,
    provider_deleted_at {time} NULL,
    legal_hold_at {time} NULL,
    legal_hold_reason varchar(400) NULL,
    delete_requested_at {time} NULL,
    deleted_because varchar(32) NULL,
    deleted_by {uuid} NULL REFERENCES \"user\" (id),
    deleted_at {time} NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, provider_sid),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
INSERT INTO recording_anew (id, company_id, call_id, kind, state, provider_sid, mailbox, duration_seconds, storage_key,
        content_type, size_bytes, created_at, stored_at)
    SELECT id, company_id, call_id, kind, state, provider_sid, mailbox, duration_seconds, storage_key,
        content_type, size_bytes, created_at, stored_at FROM recording;
DROP TABLE recording;
ALTER TABLE recording_anew RENAME TO recording;
CREATE INDEX ix_recording_call ON recording (company_id, call_id);
";

const BOTH: &str = "
UPDATE recording SET state = 'processing' WHERE state = 'pending';
CREATE INDEX ix_recording_age ON recording (company_id, kind, state, created_at);
CREATE TABLE recording_policy (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    rule varchar(32) NOT NULL,
    inbound boolean NOT NULL,
    outbound boolean NOT NULL,
    countries {json} NOT NULL,
    unknown_country varchar(32) NULL,
    announce_always boolean NOT NULL,
    announcement varchar(500) NULL,
    agents_may_listen boolean NOT NULL,
    keep_recordings_days integer NULL,
    keep_voicemails_days integer NULL,
    updated_at {time} NOT NULL,
    updated_by {uuid} NOT NULL REFERENCES \"user\" (id)
);
CREATE TABLE recording_refusal (
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    refused_at {time} NOT NULL,
    PRIMARY KEY (company_id, call_id),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE TABLE queue_recording (
    company_id {uuid} NOT NULL,
    queue_id {uuid} NOT NULL,
    rule varchar(32) NOT NULL,
    PRIMARY KEY (company_id, queue_id),
    FOREIGN KEY (company_id, queue_id) REFERENCES queue (company_id, id) ON DELETE CASCADE
);
";
