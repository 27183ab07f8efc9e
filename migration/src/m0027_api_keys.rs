//! Keys of programs, and what the audit says of a request beside who sent it.

crate::sql::script!(
    r#"
CREATE TABLE api_key (
    id {uuid} NOT NULL PRIMARY KEY,
    company_id {uuid} NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    membership_id {uuid} NOT NULL,
    name varchar(100) NOT NULL,
    key_hash varchar(64) NOT NULL UNIQUE,
    hint varchar(16) NOT NULL,
    scopes {json} NOT NULL,
    created_at {time} NOT NULL,
    expires_at {time} NULL,
    last_used_at {time} NULL,
    revoked_at {time} NULL,
    UNIQUE (company_id, id),
    FOREIGN KEY (company_id, membership_id) REFERENCES membership (company_id, id) ON DELETE CASCADE
);
ALTER TABLE audit ADD COLUMN api_key_id {uuid} NULL;
ALTER TABLE audit ADD COLUMN subject_id {uuid} NULL;
ALTER TABLE audit ADD COLUMN address varchar(64) NULL;
"#
);
