//! Companies that were closed, avatars, links to set a password, second factors. All but the first are a person's and belong to
//! no company.

crate::sql::script!(
    r#"
CREATE TABLE closed_company (
    company_id {uuid} NOT NULL PRIMARY KEY REFERENCES company (id) ON DELETE CASCADE,
    closed_by {uuid} NOT NULL REFERENCES "user" (id),
    closed_at {time} NOT NULL
);
CREATE TABLE avatar (
    user_id {uuid} NOT NULL PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    file_key varchar(200) NOT NULL,
    updated_at {time} NOT NULL
);
CREATE TABLE password_link (
    user_id {uuid} NOT NULL PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    token_hash varchar(64) NOT NULL UNIQUE,
    created_at {time} NOT NULL,
    expires_at {time} NOT NULL
);
CREATE INDEX ix_password_link_expires ON password_link (expires_at);
CREATE TABLE second_factor (
    user_id {uuid} NOT NULL PRIMARY KEY REFERENCES "user" (id) ON DELETE CASCADE,
    secret_sealed text NOT NULL,
    created_at {time} NOT NULL,
    confirmed_at {time} NULL,
    last_step bigint NOT NULL
);
CREATE TABLE recovery_code (
    user_id {uuid} NOT NULL REFERENCES "user" (id) ON DELETE CASCADE,
    code_hash varchar(64) NOT NULL,
    used_at {time} NULL,
    PRIMARY KEY (user_id, code_hash)
);
"#
);
