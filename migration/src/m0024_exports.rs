//! Exports that are made as jobs, and agents' parts of calls in the order of their beginning.

crate::sql::script!(
    r#"
CREATE TABLE export (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    requested_by {uuid} NOT NULL REFERENCES "user" (id),
    dataset varchar(32) NOT NULL,
    format varchar(32) NOT NULL,
    gzip boolean NOT NULL,
    bom boolean NOT NULL,
    range_from {time} NOT NULL,
    range_to {time} NOT NULL,
    state varchar(32) NOT NULL,
    rows_estimated bigint NULL,
    rows_written bigint NOT NULL,
    storage_key varchar(400) NULL,
    size_bytes bigint NULL,
    sha256 varchar(64) NULL,
    failure varchar(400) NULL,
    created_at {time} NOT NULL,
    started_at {time} NULL,
    ended_at {time} NULL,
    expires_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE INDEX ix_segment_reserved ON segment (company_id, reserved_at, id);
"#
);
