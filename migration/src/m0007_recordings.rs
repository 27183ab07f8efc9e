//! Recordings as objects with a state: what the provider holds, what is stored here.

crate::sql::script!(
    r#"
CREATE TABLE recording (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL,
    call_id {uuid} NOT NULL,
    kind varchar(32) NOT NULL,
    state varchar(32) NOT NULL,
    provider_sid varchar(64) NOT NULL,
    mailbox varchar(100) NULL,
    duration_seconds integer NULL,
    storage_key varchar(400) NULL,
    content_type varchar(100) NULL,
    size_bytes bigint NULL,
    created_at {time} NOT NULL,
    stored_at {time} NULL,
    UNIQUE (company_id, id),
    UNIQUE (company_id, provider_sid),
    FOREIGN KEY (company_id, call_id) REFERENCES call (company_id, id) ON DELETE CASCADE
);
CREATE INDEX ix_recording_call ON recording (company_id, call_id);
"#
);
