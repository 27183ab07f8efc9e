//! Media: files that people upload, and the parts of those that are on their way.

crate::sql::script!(
    r#"
CREATE TABLE media (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id {uuid} NOT NULL REFERENCES "user" (id),
    state varchar(32) NOT NULL,
    kind varchar(32) NULL,
    content_type varchar(100) NULL,
    name varchar(255) NULL,
    size_bytes bigint NOT NULL,
    received_bytes bigint NOT NULL,
    sha256 varchar(64) NULL,
    width integer NULL,
    height integer NULL,
    duration_ms bigint NULL,
    store varchar(32) NOT NULL,
    storage_key varchar(400) NULL,
    thumbnail_key varchar(400) NULL,
    created_at {time} NOT NULL,
    ready_at {time} NULL,
    expires_at {time} NULL,
    deleted_at {time} NULL,
    UNIQUE (company_id, id)
);
CREATE INDEX ix_media_user ON media (company_id, user_id, id);
CREATE TABLE media_part (
    company_id {uuid} NOT NULL,
    media_id {uuid} NOT NULL,
    starts_at bigint NOT NULL,
    size_bytes bigint NOT NULL,
    storage_key varchar(400) NOT NULL,
    PRIMARY KEY (company_id, media_id, starts_at),
    FOREIGN KEY (company_id, media_id) REFERENCES media (company_id, id) ON DELETE CASCADE
);
"#
);
